"""What the producers must read so that every field of a mapping can be observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accord.reads import Children, Joined, NetSuiteRead, SalesforceRead, Stir
from schemas.ids import System
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable, FieldTable, there

#: Stands in `columns` of hooks that read child rows; no search column.
LINES = "lines"


def reads_of(table: EntityTable, reference: Reference) -> tuple[SalesforceRead | NetSuiteRead, ...]:
    """The document itself on both sides, then objects whose events only point at it."""
    salesforce, netsuite = table.section("salesforce"), filled(table.section("netsuite"), reference)
    hints = tuple(
        SalesforceRead(table.entity, spec["object"], spec.get("mode", "cdc"), tuple(spec["fields"]), hint=(table.entity, spec["parent"]))
        for spec in salesforce.get("hints", ())
    )
    of_netsuite = (_netsuite(table, netsuite, reference.features()),) if netsuite else ()  # a timeline event comes from the documents, not from a search
    return (_salesforce(table, salesforce), *hints, *of_netsuite, *(_hint(table, spec) for spec in netsuite.get("hints", ())))


def _salesforce(table: EntityTable, spec: Any) -> SalesforceRead:
    children = tuple(
        Children(c.salesforce, ("Id", *(n for n in columns_of(c.fields.values(), "salesforce") if n != "Id"))) for c in table.children.values() if c.salesforce
    )
    fields = tuple(n for n in columns_of(table.fields.values(), "salesforce", spec.get("fields", ())) if n not in {c.name for c in children})
    return SalesforceRead(
        table.entity, spec["object"], spec.get("mode", "cdc"), fields, children, spec.get("where", ""),
        merges=bool(spec.get("merges")), every_s=float(spec.get("every_s", 0)),
    )  # fmt: skip


def _netsuite(table: EntityTable, spec: Any, features: frozenset[str]) -> NetSuiteRead:
    asked = any(LINES in native.columns for field in table.fields.values() if (native := field.native.get("netsuite")))
    lines = next((c for c in table.children.values() if c.netsuite == LINES), None) if asked else None
    search, sublists = spec.get("lines", {}), tuple(_sublists(spec, features))
    others = {j["name"] for j in spec.get("joined", ())} | {s.shown for s in sublists}
    return NetSuiteRead(
        table.entity,
        spec["type"],
        tuple(c for c in columns_of(table.fields.values(), "netsuite", spec.get("columns", ())) if c not in others),
        mode=spec.get("mode", "poll"),
        filters=frozen(spec.get("filters", ())),
        lines=Children(LINES, columns_of(lines.fields.values(), "netsuite"), frozen(search.get("filters", ()))) if lines else None,
        sublists=sublists,
        stamp_field=spec.get("stamp_field", "lastmodifieddate"),
        key=tuple(spec.get("key", ())),
        saved_search=str(spec.get("saved_search", "")),
        every_s=float(spec.get("every_s", 0)),
        joined=tuple(Joined(j["name"], j["type"], j["on"], tuple(j["columns"]), frozen(j.get("filters", ()))) for j in spec.get("joined", ())),
        stirs=_stirs(spec),
        query=str(spec.get("query", "")),
    )


def _sublists(spec: Any, features: frozenset[str]) -> Iterator[Children]:
    """A list of fields, or a table with `fields`, `shown` and what the accounts `need` for it."""
    for name, said in spec.get("sublists", {}).items():
        full = said if isinstance(said, dict) else {"fields": said}
        if there(full, features):
            yield Children(name, tuple(full["fields"]), shown=full.get("shown", ""))


def _hint(table: EntityTable, spec: Any) -> NetSuiteRead:
    """A search of another type whose rows only say which records of this entity, or of others, must be read."""
    columns, key = tuple(spec["columns"]), tuple(spec.get("key", ()))
    return NetSuiteRead(table.entity, spec["type"], columns, filters=frozen(spec.get("filters", ())), key=key, stirs=_stirs(spec), hint=True)


def _stirs(spec: Any) -> tuple[Stir, ...]:
    return tuple(Stir(s["entity"], s["column"]) for s in spec.get("stirs", ()))


def columns_of(fields: Iterable[FieldTable], system: System, more: Iterable[str] = ()) -> tuple[str, ...]:
    """Every column once, in the order of the file."""
    found = [column for field in fields if (native := field.native.get(system)) for column in native.columns if column != LINES]
    return tuple(dict.fromkeys([*found, *more]))


def filled(value: Any, reference: Reference) -> Any:
    """Texts of the form `@name` become what the reference data says under that name."""
    if isinstance(value, str) and value.startswith("@") and value[1:].isidentifier():
        return getattr(reference, value[1:])
    if isinstance(value, dict):
        return {name: filled(each, reference) for name, each in value.items()}
    return [filled(each, reference) for each in value] if isinstance(value, list) else value


def frozen(value: Any) -> Any:
    """Lists to tuples, so that a read can be compared and hashed."""
    return tuple(frozen(each) for each in value) if isinstance(value, list | tuple) else value
