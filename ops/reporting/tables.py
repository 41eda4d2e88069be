"""The tables: one for each entity and one for each of its lists, made from the golden schemas, and the few that every pipeline has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text

from accord.errors import Fatal
from ops.reporting.columns import Moment, column_type, named_entity

#: Tables that don't depend on the mapping; migrations/versions makes them.
FIXED = MetaData()
POSITIONS = Table(
    "reporting_position",
    FIXED,
    Column("topic", Text, primary_key=True),
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)
#: `entity:system:id` -> entity key: what a reference may say, and whom it means.
ADDRESSES = Table(
    "reporting_address",
    FIXED,
    Column("address", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Index("ix_reporting_address_key", "key"),
)
UNREADABLE = Table(
    "reporting_unreadable",
    FIXED,
    Column("topic", Text, primary_key=True),
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
)
HISTORY = Table(
    "status_history",
    FIXED,
    Column("entity", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("from_status", Text),
    Column("to_status", Text),
    Column("at", Moment, nullable=False),
)
#: The field whose changes are kept, where an entity has it.
STATUS = "status"
#: When the golden record was written; no field of a mapping is called so.
TOLD_AT = "accord_at"


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names a record of another entity: `<name>_ref` as the owner says it, `<name>_key` whom it means (null while unknown)."""

    table: Table
    name: str
    entity: str

    @property
    def told(self) -> Column[Any]:
        return self.table.c[f"{self.name}_ref"]

    @property
    def key(self) -> Column[Any]:
        return self.table.c[f"{self.name}_key"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One table and how a golden record, or a row of its list, fills it. `plain`: columns named like their fields. `field`: of a list, its name."""

    table: Table
    plain: tuple[str, ...]
    references: tuple[Reference, ...]
    field: str = ""


@dataclass(frozen=True, slots=True)
class EntityTables:
    entity: str
    head: Shape
    lists: tuple[Shape, ...]

    @property
    def has_status(self) -> bool:
        return STATUS in self.head.plain


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of a mapping."""

    metadata: MetaData
    entities: Mapping[str, EntityTables]

    def references(self) -> Iterator[Reference]:
        for entity in self.entities.values():
            for shape in (entity.head, *entity.lists):
                yield from shape.references


def tables(schemas: Mapping[str, Mapping[str, Any]]) -> Tables:
    """`schemas`: entity -> Avro schema of its golden records. Raises Fatal where a field is called like a column of ours."""
    metadata = MetaData()
    return Tables(metadata, {entity: _entity(metadata, entity, schema, schemas) for entity, schema in schemas.items()})


def _entity(metadata: MetaData, entity: str, schema: Mapping[str, Any], known: Mapping[str, Any]) -> EntityTables:
    name = f"golden_{entity}"
    plain = [f for f in schema["fields"] if not is_list(f)]
    first = (Column("key", Text, primary_key=True), Column(TOLD_AT, Moment, nullable=False))
    head = _shape(Table(name, metadata, *first), [f for f in plain if f["name"] != "key"], known)
    for side in ("salesforce_id", "netsuite_id"):
        Index(f"ix_{name}_{side}", head.table.c[side])
    lists = []
    for field in (f for f in schema["fields"] if is_list(f)):
        parent = ForeignKey(f"{name}.key", ondelete="CASCADE")
        own = (Column("parent", Text, parent, primary_key=True), Column("position", Integer, primary_key=True, autoincrement=False))
        table = Table(f"{name}_{field['name']}", metadata, *own)
        lists.append(_shape(table, field["type"]["items"]["fields"], known, field["name"]))
    return EntityTables(entity, Shape(head.table, ("key", *head.plain), head.references), tuple(lists))


def is_list(field: Mapping[str, Any]) -> bool:
    return isinstance(field["type"], Mapping) and field["type"]["type"] == "array"


def _shape(table: Table, fields: Sequence[Mapping[str, Any]], known: Mapping[str, Any], of: str = "") -> Shape:
    plain, references = [], []
    for field in fields:
        name, entity = field["name"], named_entity(field["type"])
        if ({f"{name}_ref", f"{name}_key"} if entity in known else {name}) & {*table.c.keys()}:
            raise Fatal(f"{table.name}: reporting has a column {name!r} already; give the field of the mapping another name", code="column_taken")
        if entity in known:
            _refer(table, name, entity)
            references.append(Reference(table, name, entity))
        else:
            table.append_column(Column(name, column_type(field["type"])))
            plain.append(name)
    return Shape(table, tuple(plain), tuple(references), of)


def _refer(table: Table, name: str, entity: str) -> None:
    """The key is checked at the end of a transaction: two records of one batch may name each other."""
    target = ForeignKey(f"golden_{entity}.key", ondelete="SET NULL", deferrable=True, initially="DEFERRED")
    told, key = Column(f"{name}_ref", Text), Column(f"{name}_key", Text, target)
    table.append_column(told)
    table.append_column(key)
    Index(f"ix_{table.name}_{name}_ref", told)
    Index(f"ix_{table.name}_{name}_key", key)
