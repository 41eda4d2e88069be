"""A mapping for tests, and what reconcile would hand to it: records, links and asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from schemas.events import Link, Record, Register, RowValue, Values
from streams.mapping import Entity, Reference, load, shipped, stores
from streams.mapping.load import spelled
from streams.mapping.table import EntityTable
from streams.reconcile.decision import Ask
from streams.reconcile.flows import flows
from streams.rules import Read

REFERENCE: dict[str, Any] = {
    "subsidiaries": {"us": "1", "jp": "2"},
    "locations": {"east": "1"},
    "currencies": {"USD": "1", "EUR": "2", "JPY": "3", "KWD": "4"},
    "price_levels": {"base": "1", "wholesale": "2"},
    "terms": {"net30": {"id": "2", "text": "Net 30"}},
    "ship_methods": {"ground": "12"},
    "contact_roles": {"primary": {"id": "-10", "text": "Primary Contact"}, "consultant": {"id": "-30", "text": "Consultant"}},
    "nexuses": {"DE": "1", "GB": "2", "US-CA": "3"},
    "date_format": "MM/DD/YYYY",
}
STORES: dict[str, Any] = {
    "us": {
        "subsidiary": "us", "currencies": ["USD", "EUR"], "locations": ["east"], "price_level": "base", "tax_mode": "none",
        "line_discount_item": "90", "order_discount_item": "91", "order_status": "B",
    },
    "jp": {"subsidiary": "jp", "currencies": ["JPY"], "tax_mode": "netsuite", "line_discount_item": "90", "order_discount_item": "91"},
    "kw": {"subsidiary": "us", "currencies": ["KWD"], "tax_mode": "none", "line_discount_item": "90", "order_discount_item": "91"},
    "eu": {"subsidiary": "us", "currencies": ["EUR"], "tax_mode": "sent", "line_discount_item": "90", "order_discount_item": "91"},
    "gb": {"subsidiary": "us", "currencies": ["EUR"], "tax_mode": "gross", "line_discount_item": "90", "order_discount_item": "91"},
    "strict": {"subsidiary": "us", "currencies": ["USD"], "tax_mode": "none", "price_level": "base", "check_prices": "strict", "max_discount": 10, "countries": ["US"]},
    "vat": {"subsidiary": "us", "currencies": ["EUR"], "tax_mode": "netsuite", "line_discount_item": "90", "order_discount_item": "91"},
}  # fmt: skip


@cache
def reference(precision: int = 2) -> Reference:
    return stores({**REFERENCE, "precision_max": precision}, STORES)


@cache
def suite(precision: int = 2) -> Reference:
    """The same account with SuiteTax."""
    return stores({**REFERENCE, "precision_max": precision, "legacy_tax": False}, STORES)


@cache
def entities(precision: int = 2) -> Mapping[str, Entity]:
    """`precision`: decimals that both systems keep of a currency at most. Of an account with legacy tax, and what SuiteTax has besides."""
    return {**load(shipped(), [], suite(precision), entities=("tax_registration",)), **load(shipped(), [], reference(precision))}


@cache
def tables() -> Mapping[str, EntityTable]:
    """What the mapping says of the same entities."""
    return {**spelled(shipped(), [], suite(), entities=("tax_registration",)), **spelled(shipped(), [], reference())}


class Links:
    """Links by key; every native id of a link leads to it."""

    def __init__(self, *links: Link) -> None:
        self.links = {link.key: link for link in links}
        self.keys = {f"{link.entity}:{system}:{id_}": link.key for link in links for system, id_ in link.ids.items()}

    def key_of(self, ref: str) -> str | None:
        return ref if ref in self.links else self.keys.get(ref)

    def link(self, key: str) -> Link | None:
        return self.links.get(key)


NOTHING = Links()


def link(key: str, *, facts: Mapping[str, str] | None = None, **ids: str) -> Link:
    entity = key.partition(":")[0]
    return Link(key, entity, ids, {}, key.replace(":", "-"), "active", facts=facts or {})


def reading(**sides: Values) -> Read:
    """read(system, field) over plain maps."""
    return lambda system, field: sides.get(system, {}).get(field)


def record_of(entity: str, key: str, **sides: Values) -> Record:
    registers = {system: {name: Register(row=RowValue(1, value)) for name, value in fields.items()} for system, fields in sides.items()}
    ids = {key.split(":")[1]: key.split(":")[2]}
    return Record(key, entity, ids=ids, registers=registers)


def ask_of(
    entity: str,
    target: str,
    *,
    kind: str = "create",
    stage: str = "",
    only: set[str] | None = None,
    links: Links = NOTHING,
    bound: str = "",
    precision: int = 2,
    **sides: Values,
) -> Ask:
    """What reconcile would ask of the target: every flowing field of its owner, in the target's normal form."""
    rules = entities(precision)[entity].rules
    read = reading(**sides)
    desired: dict[str, str | None] = dict(sides.get(target, {}))
    fields: dict[str, str | None] = {}
    for flow in flows(rules, stage or rules.stages[0], target):
        value = rules.compute(flow.name, target, read, links) if flow.owner == "accord" else read(flow.owner, flow.name)
        if value is None:
            continue
        held = value if flow.rule.ref or flow.owner == "accord" else rules.normal(target, flow.name, value, links, read)
        desired[flow.name] = held
        if held is not None and (only is None or flow.name in only):
            fields[flow.name] = held
    return Ask(target, 1, kind, "" if kind == "create" else "77", fields, {}, bound, desired, {})


def body_of(part: Any) -> Any:
    return json.loads(part.body, parse_float=Decimal)


# ---------------------------------------------------------------- orders


def order_line(n: int, sku: str, quantity: str, price: str, **more: str) -> dict[str, Any]:
    """An order product as Salesforce answers it; ids sort in the order of `n`."""
    numbers = {"UnitPrice": Decimal(price), "Quantity": Decimal(quantity)}
    extra = {f"Accord_{name}__c": Decimal(value) for name, value in more.items()}
    return {"Id": f"802{n:015d}", "Product2Id": f"01t-{sku}", "Product2.StockKeepingUnit": sku, "Product2.Name": sku, **numbers, **extra}


ADDRESS = {"Street": "1 Main St", "City": "San Francisco", "StateCode": "CA", "PostalCode": "94105", "CountryCode": "US"}


def order_body(*lines: Mapping[str, Any], currency: str = "USD", store: str = "us", **head: Any) -> dict[str, Any]:
    """An activated order as one document."""
    numbers = {
        name: Decimal(value) if name.startswith("Accord_") and isinstance(value, str) and value.replace(".", "").isdigit() else value
        for name, value in head.items()
    }
    body = {
        "AccountId": "001A", "OrderNumber": "00000100", "EffectiveDate": "2026-11-23", "StatusCode": "Activated", "CurrencyIsoCode": currency,
        "Accord_Store__c": store, "OrderItems": list(lines),
        **{f"Shipping{part}": value for part, value in ADDRESS.items()},
    }  # fmt: skip
    return {**body, **numbers}


def observed(entity: str, system: str, body: Mapping[str, Any], kind: str = "row", precision: int = 2) -> Values:
    return entities(precision)[entity].observe(system, "", dict(body), kind)[0]
