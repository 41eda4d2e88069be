"""All terms of one store in memory, and what a shop is answered from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from accord.errors import Rejected
from schemas.terms import CustomerOffers, CustomerTerms, ItemTerms
from streams.money import minor_units
from streams.terms.prices import Quote, quote
from streams.terms.publish import Event, key_of

UNKNOWN_SKU, UNKNOWN_CUSTOMER, CURRENCY = "unknown_sku", "unknown_customer", "currency_not_sold"


@dataclass(frozen=True, slots=True)
class BreakAnswer:
    """From this quantity on, each costs so much. Numbers are texts: no client may round them on the way."""

    quantity: str
    price: str


@dataclass(frozen=True, slots=True)
class StockAnswer:
    """One location of the store; `available` null = never stocked there."""

    location: str
    available: str | None
    next_receipt: str | None
    next_quantity: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The terms of one item for one customer of the store (`customer` empty = somebody unknown).

    price: each, at the quantity that was asked for; null = there is no price. rule: customer_item, customer_group, customer_level,
    store_level, base_level or none. terms: of payment. credit_left: null = no limit.
    """

    store: str
    sku: str
    item: str
    name: str
    unit: str
    customer: str
    currency: str
    price: str | None
    level: str
    rule: str
    breaks: Sequence[BreakAnswer]
    basis: str
    min_quantity: str | None
    max_quantity: str | None
    available: str | None
    available_at: str | None
    stock: Sequence[StockAnswer]
    back_orders: str
    terms: str
    credit_left: str | None
    on_hold: bool
    valid_from: str


class Shelf:
    """`put` records of `terms.<store>`, `answer` questions. `currencies`: what the store sells in, by its configuration."""

    def __init__(self, store: str, currencies: Sequence[str]) -> None:
        self.store, self._currencies = store, tuple(currencies)
        self._events: dict[str, Event] = {}
        self._by_sku: dict[str, set[str]] = {}
        self._customer_keys: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._events)

    def put(self, key: str, event: Event | None) -> None:
        """One record, None = a tombstone."""
        old = self._events.pop(key, None)
        if isinstance(old, ItemTerms):
            self._by_sku[old.sku].discard(key)
        if isinstance(old, CustomerTerms):
            for name in _names(old):
                if self._customer_keys.get(name) == key:
                    del self._customer_keys[name]
        if event is None:
            return
        self._events[key] = event
        if isinstance(event, ItemTerms):
            self._by_sku.setdefault(event.sku, set()).add(key)
        if isinstance(event, CustomerTerms):
            self._customer_keys |= dict.fromkeys(_names(event), key)

    def answer(self, sku: str, customer: str = "", currency: str = "", quantity: Decimal | None = None) -> Answer:
        """Raises Rejected: the SKU isn't sold here, the customer isn't served here, or the store doesn't sell in that currency.

        `customer`: key, Salesforce id, NetSuite id or customer number.
        """
        item = self._item(sku)
        buyer = self._customer(customer) if customer else None
        paid = currency or (buyer.currency if buyer else item.currency)
        if self._currencies and paid not in self._currencies:
            raise Rejected(f"{self.store} sells in {', '.join(self._currencies)}, not in {paid}", code=CURRENCY, field="currency")
        own = self._events.get(f"{item.item}|{buyer.customer}") if buyer else None
        return answered(item, buyer, quote(item, buyer, own if isinstance(own, CustomerOffers) else None, paid, quantity))

    def _item(self, sku: str) -> ItemTerms:
        keys = self._by_sku.get(sku)
        found = self._events[min(keys)] if keys else None
        if not isinstance(found, ItemTerms):
            raise Rejected(f"{self.store} doesn't sell {sku!r}", code=UNKNOWN_SKU, field="sku")
        return found

    def _customer(self, name: str) -> CustomerTerms:
        found = self._events.get(self._customer_keys.get(name, ""))
        if not isinstance(found, CustomerTerms):
            raise Rejected(f"{self.store} has no customer {name!r}", code=UNKNOWN_CUSTOMER, field="customer")
        return found


def answered(item: ItemTerms, buyer: CustomerTerms | None, found: Quote) -> Answer:
    """As a shop reads it."""
    since = max(item.valid_from, buyer.valid_from if buyer else 0)
    return Answer(
        store=item.store, sku=item.sku, item=item.item, name=item.name, unit=item.unit, customer=buyer.customer if buyer else "",
        currency=found.currency, price=money(found.price, found.currency), level=found.level, rule=found.rule,
        breaks=[BreakAnswer(plain(b.quantity) or "0", money(b.price, found.currency) or "") for b in found.breaks], basis=item.basis,
        min_quantity=plain(item.min_quantity), max_quantity=plain(item.max_quantity), available=plain(item.available),
        available_at=day(item.available_at),
        stock=[StockAnswer(s.location, plain(s.available), day(s.next_receipt), plain(s.next_quantity)) for s in item.stock],
        back_orders=item.back_orders, terms=buyer.terms if buyer else item.terms, credit_left=money(buyer.credit_left, item.currency) if buyer else None,
        on_hold=bool(buyer and buyer.on_hold), valid_from=datetime.fromtimestamp(since / 1000, UTC).isoformat(timespec="milliseconds"),
    )  # fmt: skip


def money(amount: Decimal | None, currency: str) -> str | None:
    """At least as many decimals as the currency has; more only where they say something."""
    if amount is None:
        return None
    whole = amount.normalize()
    return f"{whole:.{max(minor_units(currency), -int(whole.as_tuple().exponent))}f}"


def day(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()


def plain(number: Decimal | None) -> str | None:
    """Without idle zeros and without an exponent."""
    return None if number is None else f"{number.normalize():f}"


def shelved(store: str, currencies: Sequence[str], events: Sequence[Event]) -> Shelf:
    """A shelf with these records on it."""
    shelf = Shelf(store, currencies)
    for event in events:
        shelf.put(key_of(event), event)
    return shelf


def _names(customer: CustomerTerms) -> list[str]:
    return [n for n in (customer.customer, customer.salesforce_id, customer.netsuite_id, customer.number) if n]
