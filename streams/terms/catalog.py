"""All golden records that terms are made of, indexed by what they speak of, and which items and customers have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streams.terms.facts import Agreed, Customer, Fact, Golden, Held, Item, Price, fact


class Catalog:
    """`put` records in any order: what speaks of an item is found by any of the item's names, whichever came first."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.customers: dict[str, Customer] = {}
        self.dirty_items: set[str] = set()
        self.dirty_customers: set[str] = set()
        self._facts: dict[str, Fact] = {}
        self._by_name: dict[str, dict[str, Fact]] = {}
        self._key_of: dict[str, str] = {}
        self._kits: dict[str, set[str]] = {}

    def put(self, entity: str, key: str, golden: Golden | None) -> None:
        """One golden record, None = a tombstone."""
        new = None if golden is None else fact(entity, golden)
        old = self._facts.pop(key, None)
        if new is not None:
            self._facts[key] = new
        if new == old:
            return
        for each in (old, new):
            if isinstance(each, Item | Customer):
                self._stir(each.names)
        self._replace(key, old, new)
        for each in (old, new):
            if each is not None:
                self._stir(_subjects(each))

    def prices(self, item: Item) -> Iterator[Price]:
        return (f for f in self._about(item.names) if isinstance(f, Price))

    def stock(self, item: Item) -> Iterator[Held]:
        return (f for f in self._about(item.names) if isinstance(f, Held))

    def agreed(self, names: Iterable[str]) -> Iterator[Agreed]:
        """Lines of customers' prices that name this item, or of this customer."""
        return (f for f in self._about(names) if isinstance(f, Agreed))

    def item(self, name: str) -> Item | None:
        return self.items.get(self._key_of.get(name, name))

    def customer(self, name: str) -> Customer | None:
        return self.customers.get(self._key_of.get(name, name))

    def changed(self) -> tuple[set[str], set[str]]:
        """Keys of items and customers whose terms may have changed since the last call, the gone ones included."""
        items, customers = self.dirty_items, self.dirty_customers
        self.dirty_items, self.dirty_customers = set(), set()
        return items, customers

    def _about(self, names: Iterable[str]) -> Iterator[Fact]:
        for name in names:
            yield from self._by_name.get(name, {}).values()

    def _replace(self, key: str, old: Fact | None, new: Fact | None) -> None:
        if isinstance(old, Item | Customer):
            self._forget(old)
        if isinstance(new, Item | Customer):
            self._learn(new)
        for name in _subjects(old) if old is not None and not isinstance(old, Item | Customer) else ():
            self._by_name[name].pop(key)
            if not self._by_name[name]:
                del self._by_name[name]
        for name in _subjects(new) if new is not None and not isinstance(new, Item | Customer) else ():
            self._by_name.setdefault(name, {})[key] = new  # type: ignore[assignment]

    def _learn(self, record: Item | Customer) -> None:
        self._key_of |= dict.fromkeys(record.names, record.key)
        if isinstance(record, Customer):
            self.customers[record.key] = record
            return
        self.items[record.key] = record
        for member, _ in record.members:
            self._kits.setdefault(member, set()).add(record.key)

    def _forget(self, record: Item | Customer) -> None:
        for name in record.names:
            if self._key_of.get(name) == record.key:
                del self._key_of[name]
        if isinstance(record, Customer):
            self.customers.pop(record.key, None)
            return
        self.items.pop(record.key, None)
        for member, _ in record.members:
            self._kits[member].discard(record.key)

    def _stir(self, names: Iterable[str]) -> None:
        """Whoever goes by these names must be looked at again; with an item, the kits it is in; with a customer, the items it has prices for."""
        for name in names:
            key = self._key_of.get(name, name)
            if name.startswith("customer:"):
                self.dirty_customers.add(key)
                self.dirty_items.update(self._key_of.get(a.item, a.item) for a in self.agreed([name]) if a.item)
            else:
                found = self.items.get(key)
                self.dirty_items.add(key)
                self.dirty_items.update(kit for n in (found.names if found else (name,)) for kit in self._kits.get(n, ()))


def _subjects(each: Fact) -> tuple[str, ...]:
    """Names of what the record speaks of."""
    if isinstance(each, Agreed):
        return (each.customer, each.item) if each.item else (each.customer,)
    return each.names if isinstance(each, Item | Customer) else (each.item,)
