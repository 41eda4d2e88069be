"""What the order itself says that is wrong, before it goes to NetSuite. What other records say is checked by the sink, when it writes.

Messages hold no time and no count of attempts, so that the same trouble is the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.events import Problem
from streams.address import Address, country_code, faults, postal_normal, state_code
from streams.mapping.lines import loaded
from streams.mapping.order_lines import money_line
from streams.mapping.stores import Reference, Store, decimal
from streams.money import ZERO, Line, Totals, fits, gross, totals
from streams.rules import Links, Read

Validate = Callable[[Read, str, Links], tuple[Problem, ...]]
SF = "salesforce"
#: Stages in which an order is on its way to NetSuite.
CHECKED = frozenset({"submitted"})
#: Kinds of items that are not shipped anywhere.
UNSHIPPED = frozenset({"service", "download", "gift_certificate", "charge"})


@dataclass(frozen=True, slots=True)
class Order:
    """What is judged. `lines`: number for people, line as Salesforce says it."""

    read: Read
    links: Links
    reference: Reference
    store: Store | None
    currency: str
    scale: int
    lines: tuple[tuple[int, Mapping[str, str]], ...]

    def text(self, field: str) -> str | None:
        return self.read(SF, field)

    def number(self, field: str) -> Decimal | None:
        return decimal(self.read(SF, field))


def order_validator(reference: Reference) -> Validate:
    """All problems of an order, in the order of the codes."""

    def validate(read: Read, stage: str, links: Links) -> tuple[Problem, ...]:
        if stage not in CHECKED:
            return ()
        store = reference.store(read(SF, "store"))
        currency = read(SF, "currency") or (store.currencies[0] if store and store.currencies else "")
        rows = loaded(read(SF, "line_notes"))
        order = Order(read, links, reference, store, currency, reference.scale(currency), tuple(enumerate(rows, 1)))
        return tuple(problem for check in CHECKS for problem in check(order))

    return validate


Found = Iterator[Problem]


def returned(code: str, message: str) -> Problem:
    """Waits for a person."""
    return Problem(code, message, park=False)


def skus(order: Order) -> Found:
    for n, row in order.lines:
        if not row.get("item"):
            yield returned("missing_sku", f"Line {n}: has no product.")
        elif not row.get("sku") and not row.get("code"):
            yield returned("missing_sku", f'Line {n}: product "{row.get("name", "")}" has no SKU, so NetSuite can\'t know it.')


def customer(order: Order) -> Found:
    if not order.text("customer"):
        yield returned("missing_customer", "The order names no customer.")


def addresses(order: Order) -> Found:
    shipping, billing = address_of(order, "shipping"), address_of(order, "billing")
    if shippable(order):
        yield from address_problems(order, "Shipping", shipping)
    if any((billing.street, billing.city, billing.state, billing.postal, billing.country)):
        yield from address_problems(order, "Billing", billing)


def shippable(order: Order) -> bool:
    """Is there a line that is shipped? An item of which nothing is known counts as one."""
    for _, row in order.lines:
        key = order.links.key_of(row["item"]) if row.get("item") else None
        link = order.links.link(key) if key else None
        if link is None or link.facts.get("kind") not in UNSHIPPED:
            return True
    return False


def address_of(order: Order, group: str) -> Address:
    country = order.text(f"{group}_country")
    code = country_code(country) or country if country else None
    state, postal = order.text(f"{group}_state"), order.text(f"{group}_postal")
    return Address(
        order.text(f"{group}_street"),
        order.text(f"{group}_city"),
        state_code(code, state) if state else None,
        postal_normal(postal) if postal else None,
        code,
    )


def address_problems(order: Order, kind: str, address: Address) -> Found:
    allowed = order.store.countries if order.store else ()
    if address.country and allowed and address.country not in allowed:
        store = order.store.code if order.store else ""
        yield returned("address_invalid", f'{kind} address: country "{address.country}" is not valid for {store}.')
        return
    for fault in faults(address):
        where = f" for {address.country}" if address.country and fault.part != "country" else ""
        if fault.kind == "missing":
            yield returned("address_invalid", f"{kind} address: {fault.part} is missing{where}{_example(fault.example)}.")
        else:
            yield returned("address_invalid", f'{kind} address: {fault.part} "{fault.value}" is not valid{where}{_example(fault.example)}.')


def _example(text: str) -> str:
    return f", e.g. {text}" if text else ""


def currency(order: Order) -> Found:
    if order.store and order.store.currencies and order.currency not in order.store.currencies:
        sold = ", ".join(order.store.currencies)
        yield returned("currency_mismatch", f"The order is in {order.currency}; {order.store.code} sells to this customer in {sold}.")


def prices(order: Order) -> Found:
    level = order.store.price_level if order.store else ""
    for n, row in order.lines:
        if row.get("unit_price") is None:
            yield returned("price_missing", f'Line {n}: no {order.currency} price for "{_sku(row)}" at level {level or "base"}.')


def terms(order: Order) -> Found:
    text = order.text("terms")
    if text and text not in order.reference.codes.get("terms", {}):
        yield returned("terms_unknown", f'Payment terms "{text}" are not known in NetSuite.')


def quantities(order: Order) -> Found:
    if not order.lines:
        yield returned("quantity_invalid", "The order has no lines.")
    for n, row in order.lines:
        rule = _quantity_rule(order, row.get("quantity"))
        if rule:
            yield returned(
                "quantity_invalid", f'Line {n}: quantity {row.get("quantity", "none")} is not allowed for "{_sku(row)}" ({rule}).'
            )


def _quantity_rule(order: Order, text: str | None) -> str:
    if text is None:
        return "it is missing"
    quantity = Decimal(text)
    if quantity <= 0:
        return "it must be above 0"
    fractional = order.store is not None and order.store.fractional_quantities
    return "" if fractional or quantity == quantity.to_integral_value() else "only whole units"


def subsidiary(order: Order) -> Found:
    said = order.text("store")
    if order.store is None and (said or order.reference.stores):
        yield returned("subsidiary_mismatch", f'Store "{said or ""}" is not known, so no subsidiary sells this order.')


def money(order: Order) -> Found:
    """Parts that can't be held without rounding come first: then their sum means nothing."""
    unheld = list(_unheld(order))
    yield from unheld or _untied(order)


def _unheld(order: Order) -> Found:
    for n, row in order.lines:
        line = money_line(row)
        exact = line.unit_price * line.quantity
        held = fits(line.unit_price, order.scale) or fits(exact, order.scale)
        if not held:
            yield returned(
                "total_mismatch", f"Line {n}: {plain(exact)} {order.currency} needs {_decimals(exact)} decimals; {_holds(order)}."
            )
        elif line.discount_amount is not None and not fits(line.discount_amount, order.scale):
            yield returned(
                "total_mismatch",
                f"Line {n}: discount {plain(line.discount_amount)} {order.currency} has too many decimals; {_holds(order)}.",
            )
    for field, name in (("discount", "discount"), ("ship_cost", "shipping"), ("handling_cost", "handling")):
        amount = order.number(field)
        if amount is not None and not fits(amount, order.scale):
            yield returned("total_mismatch", f"The {name} {plain(amount)} {order.currency} has too many decimals; {_holds(order)}.")


def _holds(order: Order) -> str:
    return f"both systems hold {order.scale} of {order.currency}"


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def plain(amount: Decimal) -> str:
    """Without exponent and without trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def totals_of(order: Order) -> Totals:
    """The order's totals from its parts, as NetSuite will have them."""
    lines: list[Line] = [money_line(row) for _, row in order.lines]
    return totals(
        lines,
        order.scale,
        discount_amount=order.number("discount") or ZERO,
        shipping=order.number("ship_cost") or ZERO,
        handling=order.number("handling_cost") or ZERO,
        tax=order.number("tax_total") or ZERO,
    )


def _untied(order: Order) -> Found:
    made = totals_of(order)
    in_salesforce = order.number("lines_total")
    lines = sum((gross(money_line(row), order.scale) for _, row in order.lines), ZERO)
    if in_salesforce is not None and order.lines and in_salesforce != lines:
        yield returned("total_mismatch", untied(order, lines, in_salesforce))
    stated = order.number("stated_total")
    expected = None if stated is None else _expected(order, made, stated)
    if stated is not None and expected is not None and expected != stated:
        yield returned("total_mismatch", untied(order, expected, stated))


def _expected(order: Order, made: Totals, stated: Decimal) -> Decimal | None:
    """What the stated total must be; None = only NetSuite's tax can tell (mode `netsuite`, and it is above the sum without tax)."""
    mode = order.store.tax_mode if order.store else "netsuite"
    if mode == "none":
        return made.before_tax
    if mode == "sent":
        return made.total
    return None if stated >= made.before_tax else made.before_tax


def untied(order: Order, sum_: Decimal, stated: Decimal) -> str:
    diff = abs(sum_ - stated)
    return (
        f"Lines, discount, shipping and tax add up to {_shown(order, sum_)}; the order says {_shown(order, stated)}"
        f" (difference {_shown(order, diff)} {order.currency})."
    )


def _shown(order: Order, amount: Decimal) -> str:
    return format(amount, "f") if not fits(amount, order.scale) else f"{amount:.{order.scale}f}"


def _sku(row: Mapping[str, str]) -> str:
    return row.get("sku") or row.get("code") or row.get("name") or ""


CHECKS: tuple[Callable[[Order], Found], ...] = (skus, customer, addresses, currency, prices, terms, quantities, subsidiary, money)
