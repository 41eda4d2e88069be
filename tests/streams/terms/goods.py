"""Golden records as the streams write them, in few words, and a shop of two stores to read them by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from streams.mapping.stores import Store
from streams.terms.publish import Event, Publisher
from streams.terms.store import View

US = Store("us", subsidiary="us", currencies=("USD",), locations=("us_east", "us_west"), price_level="base", terms="net30")
DE = Store("de", subsidiary="de", currencies=("EUR",), locations=("de_berlin",), price_level="online", terms="due_on_receipt")
NOW = 1_795_000_000_000


def publisher(*stores: Store) -> Publisher:
    return Publisher([View(store, "base", one_world=True) for store in stores or (US, DE)])


def item(n: int | str, sku: str = "", **more: Any) -> tuple[str, str, dict[str, Any]]:
    key = f"item:netsuite:{n}"
    return "item", key, {
        "key": key, "netsuite_id": str(n), "salesforce_id": f"01t{n}", "standing": "active", "sku": sku or f"SKU-{n}", "name": f"Product {n}", "active": True,
        "kind": "inventory", "subsidiaries": "de;us", **more,
    }  # fmt: skip


def price(n: int | str, amount: str | None, level: str = "base", currency: str = "USD", **more: Any) -> tuple[str, str, dict[str, Any]]:
    key = f"price:netsuite:{n}-{level}-{currency}"
    body = {
        "key": key,
        "netsuite_id": key.rpartition(":")[2],
        "item": f"item:netsuite:{n}",
        "level": level,
        "currency": currency,
        "active": amount is not None,
        **more,
    }
    return "price", key, body | {"price": amount and Decimal(amount)}


def price_break(n: int, start: str, amount: str, level: str = "base", currency: str = "USD") -> tuple[str, str, dict[str, Any]]:
    key = f"price_break:netsuite:{n}-{level}-{currency}-{start}"
    return "price_break", key, {
        "key": key, "netsuite_id": key.rpartition(":")[2], "item": f"item:netsuite:{n}", "level": level, "currency": currency, "from_quantity": Decimal(start), "price": Decimal(amount),
    }  # fmt: skip


def agreed(
    customer: int, n: int | None = None, *, group: str | None = None, amount: str | None = None, level: str | None = None, currency: str | None = None
) -> tuple[str, str, dict[str, Any]]:
    key = f"customer_price:netsuite:{customer}-{'i' if n else 'g'}-{n or group}-{currency or 0}"
    return "customer_price", key, {
        "key": key, "netsuite_id": key.rpartition(":")[2], "customer": f"customer:netsuite:{customer}", "item": f"item:netsuite:{n}" if n else None, "pricing_group": group,
        "price": amount and Decimal(amount), "level": level, "currency": currency, "active": True,
    }  # fmt: skip


def stock(n: int, location: str, available: str | None, receipt: date | None = None) -> tuple[str, str, dict[str, Any]]:
    key = f"inventory:netsuite:{n}-{location}"
    return "inventory", key, {
        "key": key, "netsuite_id": key.rpartition(":")[2], "item": f"item:netsuite:{n}", "location": location, "available": None if available is None else Decimal(available),
        "next_receipt": receipt, "next_receipt_quantity": Decimal(9) if receipt else None,
    }  # fmt: skip


def customer(n: int, at: str = "us", currency: str = "USD", **more: Any) -> tuple[str, str, dict[str, Any]]:
    """Born in Salesforce: its key isn't the name that NetSuite's records use."""
    key = f"customer:salesforce:001{n}"
    return "customer", key, {
        "key": key, "netsuite_id": str(n), "salesforce_id": f"001{n}", "number": f"C-{n}", "subsidiary": at, "currency": currency, "price_level": None,
        "terms": None, "credit_limit": None, "balance": None, "unbilled": None, "on_hold": "auto", "inactive": False, **more,
    }  # fmt: skip


def put(into: Publisher, *records: tuple[str, str, dict[str, Any] | None]) -> dict[tuple[str, str], Event | None]:
    """Put them, and answer what must be written for it: (store, key) -> event."""
    for record in records:
        into.catalog.put(*record)
    return {(w.store, w.key): w.event for w in into.changes(NOW)}
