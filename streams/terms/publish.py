"""What must be written to `terms.<store>`: the difference between what the catalog says and what stands there.

Terms follow from the golden records alone, so there is nothing to remember but what was published: after a crash everything is worked out
again, and only what differs is written. A replay writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from schemas.terms import CustomerOffers, CustomerTerms, ItemTerms
from streams.terms.catalog import Catalog
from streams.terms.store import View, customer_offers, customer_terms, item_terms

Event = ItemTerms | CustomerTerms | CustomerOffers


class Written(NamedTuple):
    """A record for `terms.<store>`; event None = a tombstone."""

    store: str
    key: str
    event: Event | None


def key_of(event: Event) -> str:
    """`item`, `customer` or `item|customer`."""
    if isinstance(event, CustomerOffers):
        return f"{event.item}|{event.customer}"
    return event.item if isinstance(event, ItemTerms) else event.customer


class Desk:
    """One store: what stands on its topic."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.standing: dict[str, Event] = {}
        self._own: dict[str, set[str]] = {}
        self._levels: Counter[str] = Counter()

    def load(self, key: str, event: Event | None) -> None:
        """A record of the topic as it is read, or as it was just made."""
        old = self.standing.pop(key, None)
        if isinstance(old, CustomerTerms):
            self._levels.subtract(_levels(old))
        if isinstance(old, CustomerOffers):
            self._own[old.item].discard(key)
        if event is None:
            return
        self.standing[key] = event
        if isinstance(event, CustomerTerms):
            self._levels.update(_levels(event))
        if isinstance(event, CustomerOffers):
            self._own.setdefault(event.item, set()).add(key)

    def levels(self) -> frozenset[str]:
        """Price levels at which this store's customers buy."""
        return frozenset(level for level, count in self._levels.items() if count > 0)

    def customers(self, catalog: Catalog, keys: Collection[str], now_ms: int) -> Iterator[Written]:
        for key in sorted(keys):
            found = catalog.customers.get(key)
            yield from self._changed(key, customer_terms(self.view, catalog, found, now_ms) if found else None)

    def items(self, catalog: Catalog, keys: Collection[str], now_ms: int) -> Iterator[Written]:
        levels = self.levels()
        for key in sorted(keys):
            found = catalog.items.get(key)
            yield from self._changed(key, item_terms(self.view, catalog, found, levels, now_ms) if found else None)
            own = {key_of(o): o for o in customer_offers(self.view, catalog, found, now_ms).values()} if found else {}
            for each in sorted({*own, *self._own.get(key, ())}):
                yield from self._changed(each, own.get(each))

    def _changed(self, key: str, new: Event | None) -> Iterator[Written]:
        old = self.standing.get(key)
        same = new is None if old is None else new is not None and type(new) is type(old) and replace(new, valid_from=old.valid_from) == old
        if not same:
            self.load(key, new)
            yield Written(self.view.store.code, key, new)


class Publisher:
    """All stores. `load` what stands on the topics and fill the catalog, then `changes`, again and again."""

    def __init__(self, found: Sequence[View]) -> None:
        self.catalog = Catalog()
        self._desks = {view.store.code: Desk(view) for view in found}

    def load(self, store: str, key: str, event: Event | None) -> None:
        self._desks[store].load(key, event)

    def everything(self, now_ms: int) -> Iterator[Written]:
        """Once, when all is loaded: what differs, and what stands on a topic and has no ground any more."""
        self.catalog.changed()
        for desk in self._desks.values():
            items = {e.item for e in desk.standing.values() if not isinstance(e, CustomerTerms)} | self.catalog.items.keys()
            customers = {e.customer for e in desk.standing.values() if isinstance(e, CustomerTerms)} | self.catalog.customers.keys()
            yield from desk.customers(self.catalog, customers, now_ms)
            yield from desk.items(self.catalog, items, now_ms)

    def changes(self, now_ms: int) -> Iterator[Written]:
        """What the records that were put since the last call lead to."""
        items, customers = self.catalog.changed()
        for desk in self._desks.values():
            before = desk.levels()
            yield from desk.customers(self.catalog, customers, now_ms)
            every = self.catalog.items.keys() if desk.levels() != before else set()
            yield from desk.items(self.catalog, items | every, now_ms)


def _levels(customer: CustomerTerms) -> set[str]:
    return {customer.level, *customer.groups.values()} - {""}
