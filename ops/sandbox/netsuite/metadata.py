"""The account's record types as data: `data/records.toml` plus the deployed custom fields."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from ops.sandbox.netsuite import sdf

ADDRESS_PARTS = (
    ("addr1", "address1"),
    ("addr2", "address2"),
    ("addr3", "address3"),
    ("city", "city"),
    ("state", "state"),
    ("zip", "zip"),
    ("country", "countrycode"),
    ("addressee", "addressee"),
    ("attention", "attention"),
    ("addrPhone", "phone"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: REST name, kind, and its names in SQL (= SuiteQL) and N/search. `arg`: length, target type, enum or address prefix."""

    name: str
    kind: str
    arg: str
    column: str
    search: str
    required: bool = False
    readonly: bool = False
    create_only: bool = False
    nosql: bool = False
    hidden: bool = False
    label: str = ""
    custom: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """SQL columns: one, or for an address one for each part."""
        if self.kind != "address":
            return (self.column,)
        return tuple(f"{self.arg}{short}" for _, short in ADDRESS_PARTS)


@dataclass(frozen=True, slots=True)
class Sublist:
    """Lines of a record: REST name, table, key property ('' = lines have none), fields by REST name.

    `cell`: fields that together name a line of a matrix, each with what counts where it isn't sent; empty = the lines are no matrix.
    """

    name: str
    table: str
    key: str
    fields: Mapping[str, Field]
    cell: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordType:
    """One REST record type. `group`: types that share ids and external ids. `const`: column values that all its rows have."""

    name: str
    table: str
    group: str
    title: str
    created: str
    fields: Mapping[str, Field]
    sublists: Mapping[str, Sublist]
    const: Mapping[str, str] = field(default_factory=dict)

    @property
    def search(self) -> str:
        """The type's name in N/search."""
        return self.const.get("search", self.name.lower())

    @property
    def transaction(self) -> str:
        """SalesOrd, ItemShip, ...; '' for what is no transaction."""
        return self.const.get("type", "")

    @cached_property
    def by_column(self) -> dict[str, Field]:
        return {f.column: f for f in self.fields.values() if f.kind != "address"}


@dataclass(frozen=True)
class Metadata:
    """All types by REST name, and the enumerations: name -> {code: text}."""

    types: Mapping[str, RecordType]
    enums: Mapping[str, Mapping[str, str]]

    def of_table(self, table: str) -> list[RecordType]:
        return [t for t in self.types.values() if t.table == table]

    @cached_property
    def by_lower(self) -> dict[str, RecordType]:
        return {t.name.lower(): t for t in self.types.values()}

    @cached_property
    def by_transaction(self) -> dict[str, RecordType]:
        return {t.transaction: t for t in self.types.values() if t.transaction}


def load(project: Path = sdf.PROJECT, undeployed: Collection[str] = (), own: Collection[Path] = ()) -> Metadata:
    """The shipped types with the fields that `project` deploys, and those (fields and record types) of projects of one's own."""
    raw = tomllib.loads((files("ops.sandbox.netsuite") / "data" / "records.toml").read_text("utf-8"))
    customs = [field for each in (project, *own) for field in sdf.custom_fields(each, undeployed)]
    types = {name: _type(name, spec, raw, customs) for name, spec in raw["record"].items()}
    types |= {r.id: _record(r) for each in (project, *own) for r in sdf.custom_records(each, undeployed)}
    enums = {name: {str(code): text for code, text in codes.items()} for name, codes in raw["enum"].items()}
    return Metadata(types, enums)


def _type(name: str, spec: dict[str, Any], raw: dict[str, Any], customs: list[sdf.CustomField]) -> RecordType:
    base: dict[str, Any] = raw["template"][spec["template"]] if "template" in spec else {}
    fields = {n: parse_field(n, text) for n, text in {**base.get("fields", {}), **spec.get("fields", {})}.items()}
    fields |= {c.id: _custom(c) for c in customs if name in c.types and not c.column}
    head = {**base, **spec}
    sublists = {n: _sublist(n, table, name, raw, customs) for n, table in {**base.get("sublists", {}), **spec.get("sublists", {})}.items()}
    created = head.get("created", "createdDate")
    return RecordType(name, head["table"], head["group"], head["title"], created, fields, sublists, spec.get("const", {}))


def _record(custom: sdf.CustomRecord) -> RecordType:
    standard = {name: parse_field(name, text) for name, text in (("name", "text:300"), ("isInactive", "bool"))}
    return RecordType(custom.id, custom.id, custom.id, "name", "created", standard | {c.id: _custom(c) for c in custom.fields}, {})


def _sublist(name: str, table: str, owner: str, raw: dict[str, Any], customs: list[sdf.CustomField]) -> Sublist:
    spec = raw["sublist"][table]
    fields = {n: parse_field(n, text) for n, text in spec["fields"].items()}
    if table == "transactionline":
        fields |= {c.id: _custom(c) for c in customs if owner in c.types and c.column}
    return Sublist(name, table, spec["key"], fields, spec.get("cell", {}))


def parse_field(name: str, text: str) -> Field:
    """`"ref:customer required column=entity"` and the like."""
    kind, *words = text.split()
    kind, _, arg = kind.partition(":")
    named = dict(w.split("=") for w in words if "=" in w)
    column = named.get("column", name.lower())
    return Field(
        name,
        kind,
        arg,
        column,
        named.get("search", column),
        "required" in words,
        "readonly" in words,
        "create" in words,
        "nosql" in words,
        "hidden" in words,
    )


def _custom(c: sdf.CustomField) -> Field:
    kind, _, arg = c.kind.partition(":")
    return Field(c.id, kind, arg, c.id, c.id, label=c.label, custom=True)
