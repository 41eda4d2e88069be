"""Child lists as one canonical JSON text: rows read by the table, written in one form, compared with references as entity keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.ids import System
from streams.mapping.convert import Reader
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable
from streams.mapping.types import reader
from streams.rules import Links

Body = Mapping[str, Any]
Hook = Callable[[Body], str | None]
#: Makes a hook: (columns that it reads, table, reference data).
Factory = Callable[[tuple[str, ...], EntityTable, Reference], Hook]
Row = dict[str, str | None]


def dumped(rows: Sequence[Mapping[str, Any]]) -> str:
    """Canonical: rows by key, sorted names, no blanks, nulls left out."""
    clean = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return json.dumps(sorted(clean, key=lambda row: str(row.get("key", ""))), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def loaded(text: str | None) -> list[dict[str, Any]]:
    return list(json.loads(text)) if text else []


def row_reader(table: EntityTable, collection: str, system: System, reference: Reference) -> Callable[[Body], Row]:
    """Native child row -> canonical child fields."""
    plan: list[tuple[str, str, Reader]] = [
        (name, native.columns[0], reader(field, system, table, reference))
        for name, field in table.children[collection].fields.items()
        if (native := field.native.get(system)) is not None and native.columns
    ]
    return lambda body: {name: read(body.get(column)) for name, column, read in plan}


def once(read: Callable[[Body], list[Row]]) -> Callable[[Body], list[Row]]:
    """Several fields are made of the same rows: those of the body at hand are read once."""
    last: list[Any] = [None, []]

    def rows(body: Body) -> list[Row]:
        if last[0] is not body:
            last[:] = [body, read(body)]
        return list(last[1])

    return rows


def rows_of(body: Body, name: str) -> Sequence[Body]:
    """Child rows under a name: a list, or Salesforce's `{"records": [...]}`."""
    found = body.get(name) or ()
    return found.get("records", ()) if isinstance(found, Mapping) else found


def translated(text: str, links: Links, names: Sequence[str] = ("item",)) -> str:
    """The list with references as entity keys, where they are linked."""
    rows = loaded(text)
    for row in rows:
        for name in names:
            if ref := row.get(name):
                row[name] = links.key_of(ref) or ref
    return dumped(rows)
