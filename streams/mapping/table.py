"""An entity's mapping as values: what the TOML says, spelled out. Nothing is judged here; `check.py` does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.ids import SYSTEMS, System
from streams.mapping.source import Document

TYPE = re.compile(r"^([a-z_]+)(?:\(([^)]*)\))?$")
#: Parts of an address: canonical suffix -> (type, Salesforce suffix, its text twin, NetSuite search suffix, key in the sub-record).
ADDRESS_PARTS: Mapping[str, tuple[str, str, str, str, str]] = {
    "street": ("street", "Street", "", "address", "addr"),
    "city": ("text(40)", "City", "", "city", "city"),
    "state": ("state", "StateCode", "State", "state", "state"),
    "postal": ("postal", "PostalCode", "", "zip", "zip"),
    "country": ("country", "CountryCode", "Country", "countrycode", "country"),
}
#: Further parts that only some addresses have.
ADDRESS_EXTRAS: Mapping[str, tuple[str, str, str]] = {
    "addressee": ("text(83)", "addressee", "addressee"),
    "attention": ("text(83)", "attention", "attention"),
    "phone": ("phone", "phone", "addrPhone"),
}
STREET_LINES = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class Native:
    """A field's name in one system. `name`: to write, empty = read only. `columns`: to read. `hook`: a named function that reads them; `expr`: an expression that does."""

    name: str = ""
    columns: tuple[str, ...] = ()
    hook: str = ""
    expr: str = ""


@dataclass(frozen=True, slots=True)
class FieldTable:
    """One canonical field. `owner`: a system, "accord", "none", or stage -> one of these. `place`: path for faults.

    empty: canonical value of an empty one. empty_unknown: the system whose empty one is no wish (the other fills in its default).
    compute, expr: a named function, or an expression, that works it out. group: an address. country: the field with the country that a phone or address part is read by. needs: features of the accounts.
    early: computed, and written although the other system has no such record yet. personal: masked in the audit trail; None = by its type.
    """

    name: str
    place: tuple[str, ...]
    type: str = ""
    argument: str = ""
    owner: Any = None
    native: Mapping[System, Native] = field(default_factory=dict)
    seed: bool = False
    on_conflict: str = "restore"
    create_only: bool = False
    empty_unknown: str = ""
    empty: str = ""
    group: str = ""
    country: str = ""
    compute: str = ""
    expr: str = ""
    early: bool = False
    personal: bool | None = None
    needs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressGroup:
    """Fields that NetSuite takes as one sub-record. `flag`: of the address book line, or `record`: the sub-record's own property."""

    name: str
    flag: str
    record: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Child rows of a document. `salesforce`: relationship name. `netsuite`: `lines` (a search of its own) or a sublist. `object`: in Salesforce.

    head: name of the child's lookup to the document. lives_by: a row none of whose such fields says anything is an emptied one.
    constants: native values that a new row is given. loose: not deleted by Salesforce together with the document, so we do.
    """

    name: str
    salesforce: str
    netsuite: str
    object: str
    fields: Mapping[str, FieldTable]
    head: str = ""
    lives_by: tuple[str, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    loose: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class EntityTable:
    """Compared by identity, so that what follows from it can be cached. `absent`: fields left out because the accounts lack what they need; conditions and match keys on them are left out too."""

    document: Document
    entity: str
    master: str
    fields: Mapping[str, FieldTable]
    groups: Mapping[str, AddressGroup]
    children: Mapping[str, Collection]
    absent: frozenset[str] = frozenset()

    def known(self, field: str) -> bool:
        """Whether the file knows the field, even if these accounts lack it."""
        return field in self.fields or field in self.absent

    def section(self, *path: str) -> Any:
        """A part of the file, {} if absent."""
        found: Any = self.document.table
        for name in path:
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        return found


FIELD_KEYS = frozenset({
    "type", "owner", "salesforce", "netsuite", "seed", "on_conflict", "create_only", "empty_unknown", "empty", "group", "country", "compute", "early", "expr",
    "needs", "personal",
})  # fmt: skip


def there(spec: Mapping[str, Any], features: frozenset[str]) -> bool:
    """Whether the accounts have what an entity, or a part of it, `needs`: without it there is nothing to read or write."""
    return spec.get("needs") in (None, *features)


def table_of(document: Document, features: frozenset[str]) -> EntityTable:
    """Spell the file out. Fields whose `needs` the accounts don't have are left out."""
    raw = document.table
    fields: dict[str, FieldTable] = {}
    groups: dict[str, AddressGroup] = {}
    for name, spec in raw.get("addresses", {}).items():
        made = _address_fields(name, spec, picklists="state_picklists" in features)
        fields |= made
        netsuite = spec.get("netsuite", {})
        groups[name] = AddressGroup(name, netsuite.get("book", ""), netsuite.get("record", ""), tuple(made))
    for name, spec in raw.get("fields", {}).items():
        fields[name] = _field(name, ("fields", name), spec if isinstance(spec, Mapping) else {}, fields.get(name))
    if proposed := raw.get("seeded"):
        fields = {name: replace(f, seed=True) if f.owner == proposed and len(f.native) == len(SYSTEMS) else f for name, f in fields.items()}
    kept = {name: f for name, f in fields.items() if features.issuperset(f.needs)}
    children = {name: _collection(name, spec) for name, spec in raw.get("children", {}).items()}
    absent = frozenset(fields) - frozenset(kept)
    return EntityTable(document, document.entity, str(raw.get("master", "")), kept, groups, children, absent)


def _collection(name: str, spec: Mapping[str, Any]) -> Collection:
    fields = {f: _field(f, ("children", name, "fields", f), entry) for f, entry in spec.get("fields", {}).items()}
    salesforce, netsuite, object_ = (str(spec.get(key, "")) for key in ("salesforce", "netsuite", "object"))
    return Collection(
        name,
        salesforce,
        netsuite,
        object_,
        fields,
        str(spec.get("head", "")),
        tuple(spec.get("lives_by", ())),
        dict(spec.get("constants", {})),
        bool(spec.get("loose")),
    )


def _field(name: str, place: tuple[str, ...], spec: Mapping[str, Any], base: FieldTable | None = None) -> FieldTable:
    """A field of the file; `base`: what an address made of it, which it overlays."""
    base = base or FieldTable(name, place)
    found = TYPE.match(str(spec.get("type", "")))
    kind, argument = (found[1], found[2] or "") if found else (str(spec.get("type", base.type)), base.argument)
    native = dict(base.native)
    for system in SYSTEMS:
        if system in spec:
            native[system] = _native(system, spec[system])
    return FieldTable(
        name, place, kind, argument,
        owner=spec.get("owner", base.owner),
        native=native,
        seed=bool(spec.get("seed", base.seed)),
        on_conflict=str(spec.get("on_conflict", base.on_conflict)),
        create_only=bool(spec.get("create_only", base.create_only)),
        empty_unknown=str(spec.get("empty_unknown", base.empty_unknown)),
        empty=str(spec.get("empty", base.empty)),
        group=str(spec.get("group", base.group)),
        country=str(spec.get("country", base.country)),
        compute=str(spec.get("compute", base.compute)),
        expr=str(spec.get("expr", base.expr)),
        early=bool(spec.get("early", base.early)),
        personal=spec.get("personal", base.personal),
        needs=_needs(spec.get("needs", base.needs)),
        unknown=tuple(sorted(set(spec) - FIELD_KEYS)),
    )  # fmt: skip


def _needs(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _native(system: System, spec: Any) -> Native:
    """A plain name is read and written: in NetSuite the search column is the name in lower case."""
    if isinstance(spec, str):
        return Native(spec, (spec if system == "salesforce" else spec.lower(),))
    name = str(spec.get("name", ""))
    columns = spec.get("columns", spec.get("column", name if system == "salesforce" else name.lower()))
    return Native(name, ((columns,) if columns else ()) if isinstance(columns, str) else tuple(columns), str(spec.get("hook", "")), str(spec.get("expr", "")))


def _address_fields(group: str, spec: Mapping[str, Any], *, picklists: bool) -> dict[str, FieldTable]:
    """`[addresses.billing]` -> billing_street, billing_city, ..."""
    salesforce, netsuite = spec.get("salesforce", ""), spec.get("netsuite", {})
    prefix = netsuite.get("prefix", "")
    out: dict[str, FieldTable] = {}
    for part, (type_, sf_suffix, sf_text, column, key) in ADDRESS_PARTS.items():
        name = f"{group}_{part}"
        suffix = sf_suffix if picklists or not sf_text else sf_text
        columns = tuple(f"{prefix}{column}{n}" for n in STREET_LINES) if part == "street" else (netsuite.get(part, f"{prefix}{column}"),)
        native: dict[System, Native] = {"netsuite": Native(key, columns, "street" if part == "street" else "")}
        if salesforce:
            native["salesforce"] = Native(salesforce + suffix, (salesforce + suffix,))
        out[name] = _group_field(name, group, type_, spec, native)
    for part, (type_, column, key) in ADDRESS_EXTRAS.items():
        if part in spec:
            extra: dict[System, Native] = {"netsuite": Native(key, (f"{prefix}{column}",)), "salesforce": _native("salesforce", spec[part])}
            out[f"{group}_{part}"] = _group_field(f"{group}_{part}", group, type_, spec, extra)
    return out


def _group_field(name: str, group: str, type_: str, spec: Mapping[str, Any], native: Mapping[System, Native]) -> FieldTable:
    found = TYPE.match(type_)
    kind, argument = (found[1], found[2] or "") if found else (type_, "")
    return FieldTable(
        name, ("addresses", group), kind, argument, owner=spec.get("owner"), native=native, group=group, country=f"{group}_country",
        on_conflict=str(spec.get("on_conflict", "restore")), seed=bool(spec.get("seed", False)),
    )  # fmt: skip
