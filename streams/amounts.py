"""What is wrong with the money of an order: prices that nobody allows, amounts that can't be held, parts that don't add up."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from streams.judged import Found, Order, plain, returned, shown, sku_of
from streams.mapping.order_lines import money_line
from streams.mapping.stores import decimal
from streams.money import HUNDRED, ZERO, Line, Totals, fits, gross, rounded, totals
from streams.rules import Links


def prices(order: Order) -> Found:
    """A line needs a price; where the store says `strict`, one that is not below what it may be sold at."""
    level = (order.store.price_level if order.store else "") or "base"
    for n, row in order.lines:
        price, least = decimal(row.get("unit_price")), least_price(order, row)
        if price is None or least == ZERO:
            yield returned("price_missing", f'Line {n}: no {order.currency} price for "{sku_of(row)}" at level {level}.')
        elif least is not None and price < least:
            text = f'Line {n}: no {order.currency} price for "{sku_of(row)}" at level {level} allows {plain(price)}; at least {shown(order, least)}.'
            yield returned("price_missing", text)


def least_price(order: Order, row: Mapping[str, str]) -> Decimal | None:
    """What the line must at least cost: the customer's own price, else that of the price book, less what the store may give away.

    None = nothing is compared; 0 = there is no price.
    """
    store = order.store
    if store is None or store.check_prices != "strict":
        return None
    base = own_price(order, row) or decimal(row.get("list_price")) or ZERO
    return rounded(base * (HUNDRED - store.max_discount) / HUNDRED, order.scale)


def own_price(order: Order, row: Mapping[str, str]) -> Decimal | None:
    """The customer's fixed price of that item in that currency, from NetSuite (entity customer_price)."""
    customer, item = (_netsuite_id(order.links, ref) for ref in (order.text("customer"), row.get("item")))
    currency = order.reference.codes.get("currencies", {}).get(order.currency)
    if not (customer and item and currency):
        return None
    links = (order.links.link(f"customer_price:netsuite:{customer}-i-{item}-{page}") for page in (currency, "0"))  # 0: in any currency
    return next((decimal(link.facts.get("price")) for link in links if link is not None and link.standing == "active"), None)


def _netsuite_id(links: Links, ref: str | None) -> str | None:
    key = links.key_of(ref) if ref else None
    link = links.link(key) if key else None
    return link.ids.get("netsuite") if link else None


def money(order: Order) -> Found:
    """Parts that can't be held without rounding come first: then their sum means nothing."""
    unheld = list(_unheld(order)) or list(_untaxed(order))
    yield from unheld or _untied(order)


def _untaxed(order: Order) -> Found:
    """Where the order itself must say the tax."""
    if order.store is None or not order.store.tax_given:
        return
    tax, said = order.number("tax_total"), [decimal(row.get("tax")) for _, row in order.lines]
    if tax is None:
        yield returned("total_mismatch", f"The {order.noun} says no tax; {order.store.code} takes the tax from its {order.noun}s (0 if there is none).")
        return
    of_lines = sum((each for each in said if each is not None), ZERO)
    costs = (order.number("ship_cost") or ZERO) + (order.number("handling_cost") or ZERO)
    if said and None not in said and (of_lines > tax or (of_lines < tax and not costs)):
        yield returned("total_mismatch", f"The tax of the lines adds up to {shown(order, of_lines)}; the {order.noun} says {shown(order, tax)}.")


def _unheld(order: Order) -> Found:
    for n, row in order.lines:
        line = money_line(row)
        exact = line.unit_price * line.quantity
        held = fits(line.unit_price, order.scale) or fits(exact, order.scale)
        if not held:
            yield returned("total_mismatch", f"Line {n}: {plain(exact)} {order.currency} needs {_decimals(exact)} decimals; {_holds(order)}.")
        elif line.discount_amount is not None and not fits(line.discount_amount, order.scale):
            yield returned(
                "total_mismatch",
                f"Line {n}: discount {plain(line.discount_amount)} {order.currency} has too many decimals; {_holds(order)}.",
            )
    for field, name in (("discount", "discount"), ("ship_cost", "shipping"), ("handling_cost", "handling"), ("tax_total", "tax")):
        amount = order.number(field)
        if amount is not None and not fits(amount, order.scale):
            yield returned("total_mismatch", f"The {name} {plain(amount)} {order.currency} has too many decimals; {_holds(order)}.")


def _holds(order: Order) -> str:
    return f"both systems hold {order.scale} of {order.currency}"


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


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
    if mode in ("none", "gross"):
        return made.before_tax
    if mode == "sent":
        return made.total
    return None if stated >= made.before_tax else made.before_tax


def untied(order: Order, sum_: Decimal, stated: Decimal) -> str:
    diff = abs(sum_ - stated)
    return (
        f"Lines, discount, shipping and tax add up to {shown(order, sum_)}; the {order.noun} says {shown(order, stated)}"
        f" (difference {shown(order, diff)} {order.currency})."
    )
