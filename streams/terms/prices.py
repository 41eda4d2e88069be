"""Which price holds: a level's cells to offers, and the order in which NetSuite asks for prices.

Source of the order: docs.oracle.com, NetSuite help, section_N2182485: 1 the customer's own line for the item, 2 the level of the customer's
line for the item's pricing group, 3 the customer's level, 4 the base level, 5 none. A shop's own level stands before the base level for
somebody whose level is unknown. An empty cell falls to the next; there is no conversion between currencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.terms import Break, CustomerOffers, CustomerTerms, ItemTerms, Offer
from streams.terms.facts import Agreed, Price

Cells = Mapping[tuple[str, str], Offer]


@dataclass(frozen=True, slots=True)
class Quote:
    """The price that holds. rule: which step of the order gave it ("none" = there is no price). price: at the quantity that was asked for."""

    currency: str
    price: Decimal | None
    level: str
    rule: str
    breaks: tuple[Break, ...] = ()


def cells(prices: Iterable[Price], currencies: Sequence[str], base: str) -> dict[tuple[str, str], Offer]:
    """(currency, level) -> offer, of these currencies only. Without a first column (quantity 0) a level has no price."""
    columns: dict[tuple[str, str], list[Price]] = {}
    for price in prices:
        currency = price.currency or currencies[0]
        if currency in currencies:
            columns.setdefault((currency, price.level or base), []).append(price)
    out = {}
    for (currency, level), found in columns.items():
        (start, amount), *rest = sorted({p.quantity: p.price for p in sorted(found, key=lambda p: p.price)}.items())
        if start <= 1:
            out[currency, level] = Offer(currency, level, amount, tuple(Break(*each) for each in rest))
    return out


def first_of(found: Cells, currency: str, levels: Iterable[str]) -> Offer | None:
    """The first level that has a price in this currency."""
    return next((found[currency, level] for level in levels if (currency, level) in found), None)


def agreed_offers(lines: Iterable[Agreed], found: Cells, currencies: Sequence[str], main: str) -> tuple[Offer, ...]:
    """What lines of a customer for one item come to. A fixed price holds in its own currency only (`main`, where the line names none)."""
    out: dict[str, Offer] = {}
    for line in sorted(lines, key=lambda a: (a.currency, a.level, a.price or 0)):
        if line.price is not None:
            currency = line.currency or main
            if currency in currencies:
                out.setdefault(currency, Offer(currency, "", line.price))
            continue
        for currency in (line.currency,) if line.currency else currencies:
            if (offer := found.get((currency, line.level))) is not None:
                out.setdefault(currency, offer)
    return tuple(out[c] for c in currencies if c in out)


def quote(item: ItemTerms, customer: CustomerTerms | None, own: CustomerOffers | None, currency: str, quantity: Decimal | None) -> Quote:
    """The price of an item for a customer (None = somebody unknown), in a currency, at a quantity (None = the first column)."""
    agreed = next((o for o in own.offers if o.currency == currency), None) if own else None
    if agreed:
        return _at(agreed, "customer_item", quantity)
    found = {(o.currency, o.level): o for o in item.offers}
    steps = [("store_level" if n == 0 and len(item.levels) > 1 else "base_level", level) for n, level in enumerate(item.levels)]
    if customer:
        steps = [("customer_group", customer.groups.get(item.pricing_group, "")), ("customer_level", customer.level), *steps]
    for rule, level in steps:
        if level and (offer := found.get((currency, level))):
            return _at(offer, rule, quantity)
    return Quote(currency, None, "", "none")


def _at(offer: Offer, rule: str, quantity: Decimal | None) -> Quote:
    price = offer.price
    for each in offer.breaks:
        if quantity is not None and quantity >= each.quantity:
            price = each.price
    return Quote(offer.currency, price, offer.level, rule, offer.breaks)
