"""What the effective mapping needs of both systems: every field that it reads or writes, and the line that asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.ids import System
from streams.mapping.reads import LINES
from streams.mapping.source import Place
from streams.mapping.table import Collection, EntityTable, FieldTable
from streams.mapping.targets import written_to


@dataclass(frozen=True, slots=True)
class Need:
    """One field of one object.

    object: API name of a Salesforce object, or of a parent and its child relationship (`Order.OrderItems`); NetSuite's REST record type.
    field: may be a path (`Product2.StockKeepingUnit`, `createdfrom.custbody_x`). create, update: whether it is written then.
    type, length: our converter and its length (0 = none). sublist: of a NetSuite record, whose lines hold the field.
    """

    object: str
    field: str
    place: Place
    type: str = "id"
    length: int = 0
    create: bool = False
    update: bool = False
    sublist: str = ""


def salesforce_needs(tables: Mapping[str, EntityTable]) -> list[Need]:
    """Fields of every object that is read or written."""
    return [need for table in tables.values() for need in _salesforce(table)]


def netsuite_needs(tables: Mapping[str, EntityTable]) -> list[Need]:
    """Custom fields that are read, and whatever is written by its own name."""
    return [need for table in tables.values() for need in _netsuite(table)]


def _salesforce(table: EntityTable) -> Iterator[Need]:
    spec, place = table.section("salesforce"), table.document.place
    object_ = str(spec.get("object", ""))
    children = {c.salesforce for c in table.children.values()}
    for field in table.fields.values():
        yield from (need for need in _columns(table, field, "salesforce", object_) if need.field not in children)
    for name in table.section("create", "salesforce", "constants"):
        yield Need(object_, name, place("create", "salesforce", "constants", name), create=True)
    for hint in spec.get("hints", ()):
        yield from (Need(hint["object"], name, place("salesforce", "hints")) for name in hint["fields"])
    for collection in table.children.values():
        if collection.salesforce:
            yield from _children(table, collection, f"{object_}.{collection.salesforce}")


def _children(table: EntityTable, collection: Collection, object_: str) -> Iterator[Need]:
    """Rows of a document: ours are written whole, of standard ones only the fields that we brought."""
    for field in collection.fields.values():
        for need in _columns(table, field, "salesforce", object_):
            ours = bool(collection.object) or need.field.endswith("__c")
            yield Need(object_, need.field, need.place, need.type, need.length, create=bool(collection.object), update=ours)


def _netsuite(table: EntityTable) -> Iterator[Need]:
    spec = table.section("netsuite")
    record = str(spec.get("record", ""))
    if not record:
        return
    attached = spec.get("attach", {}).get("field")
    for field in () if "line_of" in spec else table.fields.values():  # a line's own fields stand in no schema of the record
        if not field.group and field.name != attached:
            yield from (need for need in _columns(table, field, "netsuite", record) if _named(need, field))
    for collection in table.children.values():
        sublist = "item" if collection.netsuite == LINES else ""
        for field in collection.fields.values():
            for column in field.native["netsuite"].columns if "netsuite" in field.native and sublist else ():
                if custom(column):
                    yield Need(record, column, table.document.place(*field.place), field.type, sublist=sublist)


def custom(name: str) -> bool:
    """A custom field of NetSuite (`custbody_...`, also behind a join), or a field of a custom record."""
    return name.rpartition(".")[2].startswith("cust") and "_" in name


def _named(need: Need, field: FieldTable) -> bool:
    """Search columns of standard fields are no REST names; what a hook reads is written by its renderer, under names of its own."""
    return custom(need.field) or ((need.create or need.update) and not field.native["netsuite"].hook)


def _columns(table: EntityTable, field: FieldTable, system: System, object_: str) -> Iterator[Need]:
    native = field.native.get(system)
    if native is None:
        return
    place = table.document.place(*field.place)
    length = int(field.argument) if field.type == "text" and field.argument else 0
    written = bool(native.name) and (system in written_to(table, field))
    create = bool(native.name) and (written or (field.seed and len(field.native) > 1))
    names = dict.fromkeys([*native.columns, *([native.name] if native.name else [])])
    for name in names:
        writes = name == native.name
        kind = field.type if writes or not (native.hook or native.expr) else "id"
        yield Need(object_, name, place, kind, length, create=create and writes, update=written and writes and not field.create_only)
