"""Tax that the shop or Salesforce computed (store mode `sent`), spread over the lines as SuiteTax wants it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from schemas.events import Values
from streams.mapping.order_lines import DISCOUNT_MARK
from streams.mapping.render import Body
from streams.mapping.stores import Reference, Store
from streams.money import HUNDRED, ZERO, spread

SHIPPING = "shipping"
RATE = Decimal("0.0001")


def tax_details(reference: Reference, store: Store | None, desired: Values, items: Sequence[Body], tax: str | None) -> Body:
    """`taxDetailsOverride` with one detail for each line and the shipping; nothing where NetSuite computes the tax itself."""
    if store is None or store.tax_mode != "sent" or tax is None:
        return {}
    scale = reference.scale(desired.get("currency"))
    bases = net_lines(items, Decimal(desired.get("discount") or 0), scale)
    shipping = Decimal(desired.get("ship_cost") or 0) + Decimal(desired.get("handling_cost") or 0)
    if shipping:
        bases[SHIPPING] = shipping
    amounts = spread(Decimal(tax), list(bases.values()), scale)
    details = [_detail(key, basis, amount) for (key, basis), amount in zip(bases.items(), amounts, strict=True)]
    return {"taxDetailsOverride": True, "taxDetails": {"items": details}} if details else {}


def net_lines(items: Sequence[Body], discount: Decimal, scale: int) -> dict[str, Decimal]:
    """Line key -> what it is taxed on: its amount less its own discount and its share of the order's."""
    nets: dict[str, Decimal] = {}
    for item in items:
        if key := item.get("custcol_accord_line_key"):
            own = str(key).removesuffix(DISCOUNT_MARK)
            nets[own] = nets.get(own, ZERO) + item["amount"]
    shares = spread(discount, list(nets.values()), scale)
    return {key: net - share for (key, net), share in zip(nets.items(), shares, strict=True)}


def _detail(key: str, basis: Decimal, amount: Decimal) -> Body:
    rate = (amount * HUNDRED / basis).quantize(RATE, ROUND_HALF_UP) if basis else ZERO
    return {"taxDetailsReference": key, "taxBasis": basis, "taxRate": rate, "taxAmount": amount}
