"""Golden records as the terms of stores need them: few fields, small values. References stay as their owner wrote them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.ids import Ref

Golden = Mapping[str, Any]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Item:
    """subsidiaries: codes, None = all. sold: active, and no parent of a matrix (only its children are sold). members: of a kit, (item, quantity)."""

    key: str
    names: tuple[str, ...]
    sku: str
    name: str
    unit: str
    pricing_group: str
    min_quantity: Decimal | None
    max_quantity: Decimal | None
    back_orders: str
    subsidiaries: frozenset[str] | None
    sold: bool
    members: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Price:
    """A cell of an item's prices. quantity 0 = the first column; level and currency empty = the account has one only."""

    item: str
    level: str
    currency: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Agreed:
    """A line of a customer's prices: for an item or a pricing group; a price or a level. currency empty = any."""

    customer: str
    item: str
    group: str
    currency: str
    price: Decimal | None
    level: str


@dataclass(frozen=True, slots=True)
class Held:
    """What one location holds of an item."""

    item: str
    location: str
    available: Decimal | None
    next_receipt: date | None
    next_quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class Customer:
    """subsidiaries: codes, empty = the account has one only. credit_left None = no limit."""

    key: str
    names: tuple[str, ...]
    salesforce_id: str
    netsuite_id: str
    number: str
    subsidiaries: frozenset[str]
    currency: str
    level: str
    terms: str
    credit_limit: Decimal | None
    credit_left: Decimal | None
    on_hold: bool


Fact = Item | Price | Agreed | Held | Customer


def fact(entity: str, golden: Golden) -> Fact | None:
    """What a golden record says; None = nothing (inactive, deleted, without price): as if it were not there.

    Goods, prices and stock are NetSuite's: what only Salesforce has can't be ordered yet.
    """
    if golden.get("standing", "active") not in ("active", None) or (entity != "customer" and not golden.get("netsuite_id")):
        return None
    return READERS[entity](golden)


def names_of(entity: str, golden: Golden) -> tuple[str, ...]:
    """Every address under which others may name the record."""
    ids = [(s, golden.get(f"{s}_id")) for s in ("salesforce", "netsuite")]
    return tuple(dict.fromkeys([str(golden["key"]), *(str(Ref(entity, s, str(i))) for s, i in ids if i)]))


def item(golden: Golden) -> Item:
    at = golden.get("subsidiaries")
    sold = golden.get("active") is not False and golden.get("matrix") != "parent"
    parts = golden.get("members") if golden.get("kind") == "kit" else ()
    members = tuple((_text(m, "item"), m.get("quantity") or ZERO) for m in parts or () if m.get("item"))
    return Item(
        str(golden["key"]), names_of("item", golden), _text(golden, "sku"), _text(golden, "name"), _text(golden, "units"), _text(golden, "pricing_group"),
        golden.get("min_quantity"), golden.get("max_quantity"), _text(golden, "out_of_stock"), frozenset(at.split(";")) if at else None, sold, members,
    )  # fmt: skip


def price(golden: Golden) -> Price | None:
    if golden.get("price") is None or golden.get("active") is False or not golden.get("item"):
        return None
    return Price(_text(golden, "item"), _text(golden, "level"), _text(golden, "currency"), golden.get("from_quantity") or ZERO, golden["price"])


def agreed(golden: Golden) -> Agreed | None:
    found = Agreed(
        _text(golden, "customer"), _text(golden, "item"), _text(golden, "pricing_group"), _text(golden, "currency"), golden.get("price"), _text(golden, "level")
    )
    useless = golden.get("active") is False or not found.customer or not (found.item or found.group) or (found.price is None and not found.level)
    return None if useless else found


def held(golden: Golden) -> Held | None:
    if not golden.get("item") or not golden.get("location"):
        return None
    return Held(_text(golden, "item"), _text(golden, "location"), golden.get("available"), golden.get("next_receipt"), golden.get("next_receipt_quantity"))


def customer(golden: Golden) -> Customer | None:
    if golden.get("inactive"):
        return None
    at = frozenset(filter(None, [golden.get("subsidiary"), *(golden.get("subsidiaries") or "").split(";")]))
    limit = golden.get("credit_limit")
    left = None if limit is None else limit - (golden.get("balance") or ZERO) - (golden.get("unbilled") or ZERO)
    hold = golden.get("on_hold") == "on" or (golden.get("on_hold") != "off" and left is not None and left < 0)
    return Customer(
        str(golden["key"]), names_of("customer", golden), _text(golden, "salesforce_id"), _text(golden, "netsuite_id"), _text(golden, "number"), at,
        _text(golden, "currency"), _text(golden, "price_level"), _text(golden, "terms"), limit, left, hold,
    )  # fmt: skip


#: Entity -> reader of its golden records.
READERS: Mapping[str, Callable[[Golden], Fact | None]] = {
    "item": item, "price": price, "price_break": price, "customer_price": agreed, "inventory": held, "customer": customer,
}  # fmt: skip


def _text(golden: Golden, name: str) -> str:
    return str(golden.get(name) or "")
