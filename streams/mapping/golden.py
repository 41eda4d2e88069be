"""Golden records: the owner's value of each field, typed, in the entity's own Avro schema (schemas/avro/golden_<entity>.avsc)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from schemas.events import Record
from schemas.ids import OTHER
from schemas.topics import golden_record
from streams.mapping.documents import rows_schema
from streams.mapping.lines import loaded
from streams.mapping.source import Document
from streams.mapping.stores import TABLES
from streams.mapping.table import EntityTable, FieldTable, table_of
from streams.mapping.types import DATE, KINDS, MONEY, QUANTITY, TEXT, decimal_type
from streams.reconcile.draft import GONE
from streams.reconcile.registers import top
from streams.rules import NETSUITE_ID, SALESFORCE_ID, STATUS_FIELDS, Read, Rules

#: Fields that every golden record has, before the mapping's own.
HEAD: Mapping[str, Any] = {
    "key": "string",
    SALESFORCE_ID: TEXT,
    NETSUITE_ID: TEXT,
    "stage": "string",
    "standing": TEXT,
    "accord_status": TEXT,
    "accord_code": TEXT,
}
CACHE = 4096
EVERYTHING = frozenset({"multi_currency", "state_picklists", "one_world", "legacy_tax", "suite_tax", "orders_from_netsuite", "customer_currencies", *TABLES})


def reference(entity: str) -> Any:
    """The address of a record of another entity, `entity:system:id`, by either side's id. The schema says of which entity, so that readers can join."""
    return ["null", {"type": "string", "entity": entity}]


#: Rows of child lists.
ROWS: Mapping[str, Mapping[str, Any]] = {
    "order": {"key": "string", "item": reference("item"), "quantity": QUANTITY, "unit_price": decimal_type(20, 8), "discount": MONEY},
    "facts": {
        "key": "string", "line": TEXT, "expected_ship": DATE,
        **dict.fromkeys(("committed", "back_ordered", "picked", "packed", "shipped", "billed", "closed"), QUANTITY),
    },
    "cancelled": {"key": "string"},
    "stock": {"key": "string", "available": QUANTITY, "short": QUANTITY},
    "keys": {"key": "string", "line": TEXT},
}  # fmt: skip


def rows_of_list(table: EntityTable, field: FieldTable) -> Mapping[str, Any]:
    """Avro types of a child list's rows: a form of its own, or that of the children with the field's own name."""
    return ROWS.get(field.argument) or rows_schema(table.children[field.name])


def told(field: FieldTable) -> bool:
    """Whether reporting sees the field: not what serves the pipeline only."""
    return field.name not in HEAD and field.name not in STATUS_FIELDS and field.type not in ("json", "key", "id")


def golden_schema(table: EntityTable) -> dict[str, Any]:
    """The Avro schema of the entity's golden records. Everything but the head may be null, so that fields can come and go."""
    name = golden_record(table.entity)
    fields: list[dict[str, Any]] = [_avro(n, t) for n, t in HEAD.items()]
    for field in table.fields.values():
        if not told(field):
            continue
        if field.type == "lines":
            row = {
                "type": "record",
                "name": f"{name}{field.argument.capitalize()}",
                "fields": [_avro(n, t) for n, t in rows_of_list(table, field).items()],
            }
            fields.append({"name": field.name, "type": {"type": "array", "items": row}, "default": []})
        else:
            fields.append(_avro(field.name, reference(field.argument) if field.type == "ref" else KINDS[field.type].avro))
    return {"type": "record", "name": name, "namespace": "accord", "doc": f"Golden record of a {table.entity}.", "fields": fields}


def whole_schema(document: Document) -> dict[str, Any]:
    """The schema of a mapping file with every field, whatever features an account lacks: what reads golden records finds the same fields everywhere."""
    return golden_schema(table_of(document, EVERYTHING))


def _avro(name: str, type_: Any) -> dict[str, Any]:
    return {"name": name, "type": type_} | ({"default": None} if isinstance(type_, list) else {})


def converter(type_: Any) -> Callable[[str], Any]:
    """Canonical text to the value that an Avro writer takes."""
    inner = type_[1] if isinstance(type_, list) else type_
    if isinstance(inner, dict) and "logicalType" in inner:
        kind = inner["logicalType"]
        if kind == "decimal":
            unit = Decimal(1).scaleb(-inner["scale"])
            return lru_cache(CACHE)(lambda text: Decimal(text).quantize(unit, ROUND_HALF_UP))
        return lru_cache(CACHE)(date.fromisoformat if kind == "date" else lambda text: datetime.fromisoformat(text).astimezone(UTC))
    if inner == "boolean":
        return "true".__eq__
    return whole if inner == "long" else str


def whole(text: str) -> int:
    """Salesforce tells whole numbers as doubles: "24.0"."""
    return int(Decimal(text).quantize(Decimal(1), ROUND_HALF_UP))


def golden_of(table: EntityTable, rules: Rules) -> Callable[[Record, Read], dict[str, Any]]:
    """(record, read) -> golden record. References are told as the owner wrote them."""
    makers = {f.name: _maker(table, f) for f in table.fields.values() if told(f)}

    @lru_cache(maxsize=64)
    def plan(stage: str) -> tuple[tuple[str, Callable[[str | None], Any], str, str], ...]:
        return tuple((name, make, *_sources(rules, name, stage)) for name, make in makers.items())

    def golden(record: Record, read: Read) -> dict[str, Any]:
        out: dict[str, Any] = {"key": record.key, "stage": record.stage, "standing": standing(record, rules, read)}
        out |= {SALESFORCE_ID: record.ids.get("salesforce"), NETSUITE_ID: record.ids.get("netsuite")}
        out |= {name: read(rules.master, name) for name in ("accord_status", "accord_code")}
        for name, make, first, second in plan(record.stage):
            text = read(first, name)
            out[name] = make(read(second, name) if text is None else text)
        return out

    return golden


def standing(record: Record, rules: Rules, read: Read) -> str:
    """As the master has it: "deleted" there, "inactive" (no longer in use), or "active"."""
    register = record.presence.get(rules.master)
    slot = None if register is None else top(register, rules.margin_ms)
    if slot is not None and slot.value == GONE:
        return "deleted"
    unused = bool(rules.inactive) and all(read(rules.master, name) == value for name, value in rules.inactive.items())
    return "inactive" if unused else "active"


def _maker(table: EntityTable, field: FieldTable) -> Callable[[str | None], Any]:
    """Canonical text, or None, to the value of the Avro record."""
    if field.type != "lines":
        make = converter(KINDS[field.type].avro)
        return lambda text: None if text is None else make(text)
    row_makers = {n: converter(t) for n, t in rows_of_list(table, field).items()}
    return lambda text: [{n: None if row.get(n) is None else m(str(row[n])) for n, m in row_makers.items()} for row in loaded(text)]


def _sources(rules: Rules, name: str, stage: str) -> tuple[str, str]:
    """Whose value is told: the owner's; where it has none, or nobody owns the field, what there is."""
    owner = rules.owner(name, stage)
    return (owner, OTHER[owner]) if owner in OTHER and owner is not None else ("netsuite", "salesforce")
