"""How a record looks in REST."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.store import Record

PARTS = ("city", "country", "countryCode", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "stateCode", "street")


def reference(name: str, record_id: str, version: str) -> dict[str, str]:
    """The `attributes` of a record."""
    return {"type": name, "url": f"/services/data/v{version}/sobjects/{name}/{record_id}"}


def compound(item: SObject, name: str, record: Record) -> dict[str, Any] | None:
    """An address as one value; null when no part is set."""
    stem = name.removesuffix("Address")
    parts = {part: record.get(stem + part[0].upper() + part[1:]) for part in PARTS}
    return parts if item.fields[name].type == "address" and any(value is not None for value in parts.values()) else None


def full(item: SObject, record: Record, fields: Iterable[Field], version: str) -> dict[str, Any]:
    """A record with the given fields, null where not set."""
    body: dict[str, Any] = {"attributes": reference(item.name, record["Id"], version)}
    for field in fields:
        body[field.name] = compound(item, field.name, record) if field.type == "address" else record.get(field.name)
    return body
