"""Which fields hold personal data, and the audit trail without them.

Personal are e-mail addresses, phone numbers and address groups by their type, and what the mapping says (`personal = true`). The audit trail says
that such a field was read, decided and sent, and when, but not its value; `null` stays, so that one sees whether there was one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from schemas.events import Audit
from streams.mapping.table import EntityTable, FieldTable

MASK = "***"
TYPES = frozenset({"email", "phone"})
#: What every native record may show: what it is, and when it changed.
PLAIN = frozenset({"_type", "Id", "IsDeleted", "SystemModstamp", "LastModifiedDate", "id", "internalid", "lastmodifieddate"})
#: A target quotes what it refuses; an address in its words is found by its form.
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Personal:
    """Of one entity. `fields`: canonical names that are masked. `shown`: native names that are not; empty `fields` = nothing is masked."""

    fields: frozenset[str]
    shown: frozenset[str]


def is_personal(field: FieldTable) -> bool:
    """By the mapping's word, else by type and address group."""
    return field.type in TYPES or bool(field.group) if field.personal is None else field.personal


def personal_of(table: EntityTable) -> Personal:
    """Of a native record only what is known to be harmless is shown: a column that two fields read is as personal as either."""
    rows = [*table.fields.values(), *(f for child in table.children.values() for f in child.fields.values())]
    names: dict[bool, set[str]] = {True: set(), False: set(PLAIN)}
    for field in rows:
        for native in field.native.values():
            names[is_personal(field)] |= {name for name in (native.name, *native.columns) if name}
    return Personal(frozenset(f.name for f in rows if is_personal(f)), frozenset(names[False] - names[True]))


def masked(step: Audit, known: Mapping[str, Personal]) -> Audit:
    """A step of the audit trail as it may be kept."""
    found = known.get(step.entity)
    if found is None or not found.fields:
        return step
    message = EMAIL.sub(MASK, step.message) if "@" in step.message else step.message
    if not step.detail:
        return step if message is step.message else replace(step, message=message)
    try:
        detail = msgspec.json.decode(step.detail)
    except (msgspec.DecodeError, RecursionError):
        return replace(step, message=message, detail="")
    hidden = _native(detail, found.shown) if step.step == "read" else _canonical(detail, found.fields)
    return replace(step, message=message, detail=msgspec.json.encode(hidden).decode())


def _canonical(value: Any, fields: frozenset[str]) -> Any:
    """`reasons` name rules and events, not values."""
    if isinstance(value, dict):
        return {k: v if k == "reasons" else _hidden(v) if k in fields else _canonical(v, fields) for k, v in value.items()}
    return [_canonical(v, fields) for v in value] if isinstance(value, list) else value


def _native(value: Any, shown: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {k: v if k in shown else _native(v, shown) for k, v in value.items()}
    return [_native(v, shown) for v in value] if isinstance(value, list) else _hidden(value)


def _hidden(value: Any) -> Any:
    return None if value is None else MASK
