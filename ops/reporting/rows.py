"""A golden record as rows: one of its entity's table, and one for each row of its lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ops.reporting.batch import Golden, Told
from ops.reporting.columns import Amount
from ops.reporting.tables import TOLD_AT, EntityTables, Shape, Tables
from schemas.ids import SYSTEMS

#: Whom an address means, as far as it is known.
Known = Mapping[str, str]


def head_row(shape: Shape, told: Told, golden: Golden, known: Known) -> dict[str, Any]:
    return {TOLD_AT: told.at, **_row(shape, golden, known)}


def list_rows(shape: Shape, key: str, golden: Golden, known: Known) -> list[dict[str, Any]]:
    return [{"parent": key, "position": n, **_row(shape, row, known)} for n, row in enumerate(golden.get(shape.field) or (), 1)]


def _row(shape: Shape, source: Golden, known: Known) -> dict[str, Any]:
    out = {name: clean(source.get(name)) for name in shape.plain}
    for reference in shape.references:
        address = clean(source.get(reference.name))
        out[reference.told.name] = address
        out[reference.key.name] = known.get(address) if address else None
    return out


def clean(value: Any) -> Any:
    """PostgreSQL's text holds no NUL."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def addresses(entity: str, golden: Golden) -> set[str]:
    """All that other records may call it by."""
    ids = ((system, golden.get(f"{system}_id")) for system in SYSTEMS)
    return {golden["key"], *(f"{entity}:{system}:{ident}" for system, ident in ids if ident)}


def named(tables: EntityTables, golden: Golden) -> Iterator[str]:
    """Every address that it calls others by."""
    for shape in (tables.head, *tables.lists):
        for source in (golden.get(shape.field) or ()) if shape.field else (golden,):
            yield from (address for r in shape.references if (address := clean(source.get(r.name))))


def too_large(tables: Tables, golden: Golden, entity: str) -> None:
    """Raises OverflowError where an amount is more than SQLite can hold."""
    found = tables.entities[entity]
    for shape in (found.head, *found.lists):
        amounts = [(name, kind) for name in shape.plain if isinstance(kind := shape.table.c[name].type, Amount)]
        for source in (golden.get(shape.field) or ()) if shape.field else (golden,):
            for name, kind in amounts:
                if isinstance(value := source.get(name), Decimal):
                    kind.units(value)
