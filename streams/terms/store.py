"""One store's view of the catalog: nothing that belongs to another store gets past here.

Another store's currency, location or customer is left out when a record is made, so it can't leak from a topic, a cache or an API later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from schemas.terms import CustomerOffers, CustomerTerms, ItemTerms, Stock
from streams.mapping.stores import Reference, Store
from streams.terms.catalog import Catalog
from streams.terms.facts import Customer, Held, Item
from streams.terms.prices import agreed_offers, cells, first_of


@dataclass(frozen=True, slots=True)
class View:
    """A store and what of the configuration its terms need. base: code of the base price level."""

    store: Store
    base: str
    one_world: bool

    @property
    def currencies(self) -> tuple[str, ...]:
        """The first is what somebody unknown pays in; "" where the account has one currency and the store names none."""
        return self.store.currencies or ("",)

    @property
    def levels(self) -> tuple[str, ...]:
        """Asked in this order for somebody unknown."""
        return tuple(dict.fromkeys(filter(None, (self.store.price_level, self.base))))

    def sells(self, item: Item) -> bool:
        here = not self.one_world or not self.store.subsidiary or item.subsidiaries is None or self.store.subsidiary in item.subsidiaries
        return item.sold and bool(item.sku) and here

    def serves(self, customer: Customer) -> bool:
        return not self.one_world or not self.store.subsidiary or self.store.subsidiary in customer.subsidiaries


def views(reference: Reference) -> tuple[View, ...]:
    """All stores of the configuration."""
    levels = reference.codes.get("price_levels", {})
    base = next((code for code, id_ in levels.items() if id_ == reference.base_price_level), "base")
    return tuple(View(store, base, reference.one_world) for store in reference.stores.values())


def item_terms(view: View, catalog: Catalog, item: Item, levels: Collection[str], now_ms: int) -> ItemTerms | None:
    """An item in a store; None where it isn't sold there. levels: further ones at which this store's customers buy."""
    if not view.sells(item):
        return None
    found = cells(catalog.prices(item), view.currencies, view.base)
    main = view.currencies[0]
    plain = first_of(found, main, view.levels)
    shown = sorted({*view.levels, *levels})
    stock = held_at(view, catalog.stock(item)) if not item.members else kit_stock(view, catalog, item)
    known = [s.available for s in stock if s.available is not None]
    total = sum(known, Decimal(0)) if known else None
    receipts = [s.next_receipt for s in stock if s.next_receipt is not None]
    return ItemTerms(
        store=view.store.code, item=item.key, sku=item.sku, name=item.name, unit=item.unit, pricing_group=item.pricing_group, currency=main,
        price=plain.price if plain else None, level=plain.level if plain else "", levels=view.levels, breaks=plain.breaks if plain else (),
        offers=tuple(found[c, level] for c in view.currencies for level in shown if (c, level) in found),
        basis="gross" if str(view.store.tax_mode) == "gross" else "net", min_quantity=item.min_quantity, max_quantity=item.max_quantity,
        available=total, available_at=min(receipts) if receipts and not (total or 0) > 0 else None, stock=stock,
        back_orders=item.back_orders, terms=view.store.terms, valid_from=now_ms,
    )  # fmt: skip


def held_at(view: View, found: Iterable[Held]) -> tuple[Stock, ...]:
    """The store's own locations, in the order of its configuration."""
    by_place = {h.location: h for h in found}
    held = [by_place[place] for place in view.store.locations if place in by_place]
    return tuple(Stock(h.location, h.available, h.next_receipt, h.next_quantity) for h in held)


def kit_stock(view: View, catalog: Catalog, kit: Item) -> tuple[Stock, ...]:
    """A kit has no stock of its own: at each location as many as its scarcest member allows; its next receipt is not foretold."""
    members = [(catalog.item(name), quantity) for name, quantity in kit.members if quantity > 0]
    out = []
    for place in view.store.locations:
        counts = []
        for item, quantity in members:
            held = next((h for h in catalog.stock(item) if h.location == place), None) if item else None
            counts.append((held.available or Decimal(0)) / quantity if held else Decimal(0))
        if counts:
            out.append(Stock(place, max(min(counts), Decimal(0)).to_integral_value(ROUND_FLOOR), None, None))
    return tuple(out)


def customer_terms(view: View, catalog: Catalog, customer: Customer, now_ms: int) -> CustomerTerms | None:
    """A customer in a store; None where the store doesn't serve it."""
    if not view.serves(customer):
        return None
    lines = [a for a in catalog.agreed(customer.names) if a.group and a.level]
    return CustomerTerms(
        store=view.store.code, customer=customer.key, salesforce_id=customer.salesforce_id, netsuite_id=customer.netsuite_id, number=customer.number,
        currency=customer.currency if customer.currency in view.currencies else view.currencies[0], level=customer.level,
        groups={a.group: a.level for a in sorted(lines, key=lambda a: (a.group, a.level))}, terms=customer.terms or view.store.terms,
        credit_limit=customer.credit_limit, credit_left=customer.credit_left, on_hold=customer.on_hold, valid_from=now_ms,
    )  # fmt: skip


def customer_offers(view: View, catalog: Catalog, item: Item, now_ms: int) -> dict[str, CustomerOffers]:
    """Key of each customer of this store who has a price of its own for the item -> what was agreed."""
    if not view.sells(item):
        return {}
    lines: dict[str, list[int]] = {}
    every = list(catalog.agreed(item.names))
    for n, line in enumerate(every):
        found = catalog.customer(line.customer)
        if found and view.serves(found):
            lines.setdefault(found.key, []).append(n)
    priced = cells(catalog.prices(item), view.currencies, view.base) if lines else {}
    out = {}
    for key, numbers in lines.items():
        offers = agreed_offers([every[n] for n in numbers], priced, view.currencies, view.currencies[0])
        if offers:
            out[key] = CustomerOffers(view.store.code, item.key, key, offers, now_ms)
    return out
