"""Native bodies to canonical fields, by functions that are put together once at load: nothing of the table is looked at for each record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.events import Values
from schemas.ids import SYSTEMS, System
from streams.mapping.convert import KEEP, Reader, cell, cell_text, read_text
from streams.mapping.expression import expression
from streams.mapping.hooks import HOOKS
from streams.mapping.lines import Hook
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable, FieldTable, Native
from streams.mapping.types import reader

Body = Mapping[str, Any]
#: (system, object, body, kind of change) -> (canonical fields, is it whole).
Observe = Callable[[str, str, Body, str], tuple[Values, bool]]
OneSide = Callable[[Body], dict[str, str | None]]
#: Kinds of change whose body holds changed fields only.
PARTIAL = frozenset({"update"})


def observer(table: EntityTable, reference: Reference) -> Observe:
    """What a body says, field by field. A field that is not in the body says nothing: absence is not a fact."""
    sides = {system: _side(table, system, reference) for system in SYSTEMS}

    def observe(system: str, _object: str, body: Body, kind: str) -> tuple[Values, bool]:
        return sides[system](body), kind not in PARTIAL  # type: ignore[index]

    return observe


def _side(table: EntityTable, system: System, reference: Reference) -> OneSide:
    plain: dict[str, list[tuple[str, Reader]]] = {}
    hooked: list[tuple[str, frozenset[str], Hook]] = []
    for name, field in table.fields.items():
        native = field.native.get(system)
        if native is None or not native.columns:
            continue
        if native.hook or native.expr:
            hook = (
                HOOKS[native.hook](native.columns, table, reference)
                if native.hook
                else _expressed(field, native, table, reader(field, system, table, reference))
            )
            hooked.append((name, frozenset(native.columns), _or(hook, field.empty) if field.empty else hook))
        else:
            read = reader(field, system, table, reference)
            plain.setdefault(native.columns[0], []).append((name, _or(read, field.empty) if field.empty else read))
    return _compiled(plain, hooked)


def _expressed(field: FieldTable, native: Native, table: EntityTable, read: Reader) -> Hook:
    """The field's own reader on what an expression makes of the columns."""
    run = expression(native.expr, f"{table.document.place(*field.place)}: {field.name}")

    def hook(body: Body) -> str | None:
        cells = {column: body.get(column) for column in native.columns}
        row = {name: read_text(cell(value)) for name, value in cells.items()}
        return read(run({"row": row, "shown": {name: read_text(cell_text(value)) for name, value in cells.items()}}))

    return hook


def _or(read: Reader, empty: str) -> Reader:
    return lambda value: read(value) or empty


def _compiled(plain: Mapping[str, list[tuple[str, Reader]]], hooked: list[tuple[str, frozenset[str], Hook]]) -> OneSide:
    handlers = {column: tuple(found) for column, found in plain.items()}

    def side(body: Body) -> dict[str, str | None]:
        out: dict[str, str | None] = {}
        for column, value in body.items():
            found = handlers.get(column)
            if found is not None:
                for name, read in found:
                    out[name] = read(value)
        own = dict(body) if hooked else body  # hooks may remember the rows of a body as long as it is this one
        for name, columns, hook in hooked:
            if not columns.isdisjoint(body):
                made = hook(own)
                if made is not KEEP:
                    out[name] = made
        return out

    return side
