"""Tax that the shop or Salesforce computed, spread over lines, shipping and handling as SuiteTax wants it.

Store mode `sent`: prices are net, the tax comes on top. Mode `gross`: prices include it, so each part goes to NetSuite less its own tax, and
carries that tax in a field of ours, by which it is read back as what the customer was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from schemas.events import Values
from streams.mapping.order_lines import DISCOUNT_MARK
from streams.mapping.render import Body
from streams.mapping.stores import Store, decimal
from streams.money import HUNDRED, ZERO, spread

SHIPPING = "shipping"
HANDLING = "handling"
RATE = Decimal("0.0001")
#: Canonical cost of the head -> (its field in NetSuite, our field with the tax that the customer's price includes).
COSTS: Mapping[str, tuple[str, str]] = {
    SHIPPING: ("shippingCost", "custbody_accord_ship_tax"),
    HANDLING: ("handlingCost", "custbody_accord_handling_tax"),
}
INCLUDED = "custcol_accord_included_tax"


class Share(NamedTuple):
    """A taxed part: a line's key, or a cost of the head. `basis`: what the customer pays for it, in mode `gross` with the tax."""

    key: str
    basis: Decimal
    tax: Decimal


def shares(desired: Values, items: Sequence[Body], notes: Sequence[Mapping[str, Any]], tax: Decimal, scale: int) -> list[Share]:
    """The order's tax by part: as the lines say it, where all do; else in proportion."""
    bases = net_lines(items, decimal(desired.get("discount")) or ZERO, scale)
    said = {row["key"]: Decimal(row["tax"]) for row in notes if row.get("tax") is not None}
    lines = list(bases)
    costs = {name: cost for name, field in ((SHIPPING, "ship_cost"), (HANDLING, "handling_cost")) if (cost := decimal(desired.get(field)))}
    if lines and all(key in said for key in lines):
        amounts = [said[key] for key in lines] + spread(tax - sum(said[key] for key in lines), list(costs.values()), scale)
    else:
        amounts = spread(tax, [*bases.values(), *costs.values()], scale)
    return [Share(key, basis, amount) for (key, basis), amount in zip({**bases, **costs}.items(), amounts, strict=True)]


def taxed(store: Store, body: Body, parts: Sequence[Share]) -> Body:
    """The body with its tax details and, where prices include the tax, amounts without it."""
    if not parts:
        return body
    gross = store.tax_mode == "gross"
    details = [_detail(part, part.basis - part.tax if gross else part.basis) for part in parts]
    return {**(without_tax(body, {p.key: p.tax for p in parts}) if gross else body), "taxDetailsOverride": True, "taxDetails": {"items": details}}


def without_tax(body: Body, tax: Mapping[str, Decimal]) -> Body:
    """Amounts of lines and costs less the tax that they include, and that tax beside them."""
    out = {**body, "item": {"items": [_net(item, tax) for item in body["item"]["items"]]}}
    for name, (cost, included) in COSTS.items():
        if cost in body:
            out |= {cost: body[cost] - tax.get(name, ZERO), included: tax.get(name, ZERO)}
    return out


def _net(item: Body, tax: Mapping[str, Decimal]) -> Body:
    own = tax.get(str(item.get("custcol_accord_line_key")))
    return item if own is None else {**item, "amount": item["amount"] - own, INCLUDED: own}


def net_lines(items: Sequence[Body], discount: Decimal, scale: int) -> dict[str, Decimal]:
    """Line key -> what it is taxed on: its amount less its own discount and its share of the order's."""
    nets: dict[str, Decimal] = {}
    for item in items:
        if key := item.get("custcol_accord_line_key"):
            own = str(key).removesuffix(DISCOUNT_MARK)
            nets[own] = nets.get(own, ZERO) + item["amount"]
    parts = spread(discount, list(nets.values()), scale)
    return {key: net - part for (key, net), part in zip(nets.items(), parts, strict=True)}


def _detail(part: Share, basis: Decimal) -> Body:
    rate = (part.tax * HUNDRED / basis).quantize(RATE, ROUND_HALF_UP) if basis else ZERO
    return {"taxDetailsReference": part.key, "taxBasis": basis, "taxRate": rate, "taxAmount": part.tax}
