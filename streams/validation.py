"""What the order itself says that is wrong, before it goes to NetSuite. What other records say is checked by the sink, when it writes.

Messages hold no time and no count of attempts, so that the same trouble is the same text.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from schemas.events import Problem
from streams.address import Address, country_code, faults, postal_normal, state_code
from streams.amounts import money, prices
from streams.judged import Found, Order, judged, returned, sku_of
from streams.mapping.stores import Reference
from streams.rules import Links, Read

Validate = Callable[[Read, str, Links], tuple[Problem, ...]]
#: Stages in which an order is on its way to NetSuite.
CHECKED = frozenset({"submitted"})
#: Kinds of items that are not shipped anywhere.
UNSHIPPED = frozenset({"service", "download", "gift_certificate", "charge"})


def order_validator(reference: Reference, noun: str = "order") -> Validate:
    """All problems of an order or a quote, in the order of the codes."""

    def validate(read: Read, stage: str, links: Links) -> tuple[Problem, ...]:
        if stage not in CHECKED:
            return ()
        order = judged(read, links, reference, noun)
        return tuple(problem for check in CHECKS for problem in check(order))

    return validate


def skus(order: Order) -> Found:
    for n, row in order.lines:
        if not row.get("item"):
            yield returned("missing_sku", f"Line {n}: has no product.")
        elif not row.get("sku") and not row.get("code"):
            yield returned("missing_sku", f'Line {n}: product "{row.get("name", "")}" has no SKU, so NetSuite can\'t know it.')


def customer(order: Order) -> Found:
    if not order.text("customer"):
        yield returned("missing_customer", f"The {order.noun} names no customer.")


def addresses(order: Order) -> Found:
    shipping, billing = address_of(order, "shipping"), address_of(order, "billing")
    if shippable(order) if order.noun == "order" else _given(shipping):
        yield from address_problems(order, "Shipping", shipping)
    if _given(billing):
        yield from address_problems(order, "Billing", billing)


def _given(address: Address) -> bool:
    return any((address.street, address.city, address.state, address.postal, address.country))


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
        yield returned("currency_mismatch", f"The {order.noun} is in {order.currency}; {order.store.code} sells to this customer in {sold}.")


def terms(order: Order) -> Found:
    text = order.text("terms")
    if text and text not in order.reference.codes.get("terms", {}):
        yield returned("terms_unknown", f'Payment terms "{text}" are not known in NetSuite.')


def quantities(order: Order) -> Found:
    if not order.lines:
        yield returned("quantity_invalid", f"The {order.noun} has no lines.")
    for n, row in order.lines:
        rule = _quantity_rule(order, row.get("quantity"))
        if rule:
            yield returned("quantity_invalid", f'Line {n}: quantity {row.get("quantity", "none")} is not allowed for "{sku_of(row)}" ({rule}).')


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
    location, store = order.text("location"), order.store
    if store is None and (said or order.reference.stores):
        yield returned("subsidiary_mismatch", f'Store "{said or ""}" is not known, so no subsidiary sells this {order.noun}.')
    elif store is not None and location and store.locations and location not in store.locations:
        yield returned("subsidiary_mismatch", f'Location "{location}" is not one of {store.code}; it sells from {", ".join(store.locations)}.')


CHECKS: tuple[Callable[[Order], Found], ...] = (skus, customer, addresses, currency, prices, terms, quantities, subsidiary, money)
