"""What a shop reads: the commercial terms of one store, in three kinds of records on the topic `terms.<store>`.

`ItemTerms` (key: item) holds what is true for everybody, `CustomerTerms` (key: customer) how one customer buys in this store, and
`CustomerOffers` (key: `item|customer`) a price that was agreed with a customer for an item. Amounts are Decimals in the named currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Break:
    """From this quantity on, each costs so much."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Offer:
    """What one price level asks in one currency; `level` empty = a fixed price. `breaks`: ascending, above a quantity of one."""

    currency: str
    level: str
    price: Decimal
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """One location of the store. `available` None = never stocked there, which is not 0."""

    location: str
    available: Decimal | None
    next_receipt: date | None
    next_quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class ItemTerms:
    """One item in one store. The item's record is deleted (a tombstone) where the store does not sell it.

    currency, price, level, breaks: for somebody unknown: the store's first currency, its own level, else the base level; `price` None =
    the item has no price there. offers: of every level and currency that this store's customers buy at. available: the sum over the
    store's locations, None = not stocked; available_at: the earliest next receipt where nothing is available. terms: of payment.
    """

    store: str
    item: str
    sku: str
    name: str
    unit: str
    pricing_group: str
    currency: str
    price: Decimal | None
    level: str
    levels: tuple[str, ...]
    breaks: tuple[Break, ...]
    offers: tuple[Offer, ...]
    basis: str
    min_quantity: Decimal | None
    max_quantity: Decimal | None
    available: Decimal | None
    available_at: date | None
    stock: tuple[Stock, ...]
    back_orders: str
    terms: str
    valid_from: int


@dataclass(frozen=True, slots=True)
class CustomerTerms:
    """One customer in one store. groups: pricing group -> level. credit_left: limit less what is owed, None = no limit."""

    store: str
    customer: str
    salesforce_id: str
    netsuite_id: str
    number: str
    currency: str
    level: str
    groups: Mapping[str, str]
    terms: str
    credit_limit: Decimal | None
    credit_left: Decimal | None
    on_hold: bool
    valid_from: int


@dataclass(frozen=True, slots=True)
class CustomerOffers:
    """What was agreed with one customer for one item, in each of the store's currencies in which it holds."""

    store: str
    item: str
    customer: str
    offers: tuple[Offer, ...]
    valid_from: int
