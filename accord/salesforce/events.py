"""Change events as values: Avro bytes and a schema in, one `ChangeEvent` with flat REST names out.

Source: Change Data Capture guide, "Change Event Header Fields" and "Change Event Body Fields". In an UPDATE every unchanged field is
null even when the record has a value, so only the bitmaps tell what changed; names and types come from the schema of that very event.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import fastavro
import msgspec

from accord.salesforce import bitmap

Value = str | bool | int | Decimal | None
WHOLE = frozenset({"CREATE", "UNDELETE"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One change event. `commit_ms`: epoch milliseconds, whole seconds in practice; order by `commit_number`, never by time.

    `record_ids`: one or many (the same change to several records), a wildcard like `001*`, or none (GAP_OVERFLOW).
    `changed`, `nulled`, `diffed`: flat REST names (`BillingStreet`, not `BillingAddress.Street`); empty but for an UPDATE. `diffed` names
    texts that came as a difference, whose value is not here. `hidden`: changed, and neither a value nor a null was sent: the user may not
    read it. `values`: of a CREATE everything, None where it was left empty; of an UNDELETE everything that isn't null; of an UPDATE the changed
    fields, and what the channel enriches.
    Numbers are Decimals of the shortest text, date-times `2026-06-01T00:00:00.000+0000` as REST writes them.
    """

    replay_id: bytes
    event_id: str
    entity: str
    record_ids: tuple[str, ...]
    change_type: str
    origin: str
    transaction_key: str
    sequence: int
    commit_ms: int
    commit_number: int
    user: str
    changed: tuple[str, ...]
    nulled: tuple[str, ...]
    diffed: tuple[str, ...]
    hidden: tuple[str, ...]
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Undecodable:
    """An event that its own schema doesn't fit: which record it is about is unknown."""

    replay_id: bytes
    event_id: str
    schema_id: str
    error: str


DecodedEvent = ChangeEvent | Undecodable


class _Field(NamedTuple):
    """One top-level field. `parts`: (name in the record, REST name, converter) of a compound one; `plain`: it may be a bare value too."""

    key: str
    plain: bool
    convert: Callable[[Any], Value] | None
    parts: tuple[tuple[str, str, Callable[[Any], Value] | None], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A compiled schema. Build one for each schema id and keep it: ids are hashes, a schema never changes under its id."""

    parsed: Any
    fields: tuple[_Field | None, ...]

    def names(self, elements: Sequence[str]) -> tuple[str, ...]:
        """REST names of a bitmap; a compound field that is named whole means all its parts."""
        found: dict[str, None] = {}
        for field, part in bitmap.decode(elements):
            item = self.fields[field]
            if item is None:
                raise ValueError(f"the bitmap {elements} names the header")
            if part is not None:
                found[item.parts[part][1]] = None
            elif not item.plain:
                found.update(dict.fromkeys(name for _, name, _ in item.parts))
            else:
                found[item.key] = None
        return tuple(found)


def compile_schema(text: str) -> Shape:
    """Parse an event schema (JSON text of GetSchema)."""
    parsed = fastavro.parse_schema(msgspec.json.decode(text))
    named: dict[str, Any] = {}
    return Shape(parsed, tuple(_field(item, named) for item in parsed["fields"]))


def decode(shape: Shape, payload: bytes, *, replay_id: bytes, event_id: str) -> ChangeEvent:
    """One event. Raises ValueError, IndexError or EOFError where the payload doesn't fit the schema."""
    stream = io.BytesIO(payload)
    body: dict[str, Any] = fastavro.schemaless_reader(stream, shape.parsed, None)
    if stream.read(1):
        raise ValueError("bytes are left over after the event: it was written with another schema")
    header = body["ChangeEventHeader"]
    change = header["changeType"]
    update = change == "UPDATE"
    changed = shape.names(header["changedFields"]) if update else ()
    nulled = shape.names(header["nulledFields"]) if update else ()
    diffed = shape.names(header["diffFields"]) if update else ()
    values = _values(shape, body) if not change.startswith("GAP_") else {}
    if change == "CREATE":
        values = {**_left_empty(shape, body), **values}
    for name in diffed:
        values.pop(name, None)
    values.update(dict.fromkeys(nulled))
    return ChangeEvent(
        replay_id=replay_id,
        event_id=event_id,
        entity=header["entityName"],
        record_ids=tuple(header["recordIds"]),
        change_type=change,
        origin=header["changeOrigin"],
        transaction_key=header["transactionKey"],
        sequence=header["sequenceNumber"],
        commit_ms=header["commitTimestamp"],
        commit_number=header["commitNumber"],
        user=header["commitUser"],
        changed=changed,
        nulled=nulled,
        diffed=diffed,
        hidden=tuple(name for name in changed if name not in values and name not in diffed),
        values=values,
    )


def _values(shape: Shape, body: Mapping[str, Any]) -> dict[str, Value]:
    """Everything in the body that isn't null, under REST names."""
    found: dict[str, Value] = {}
    for item in shape.fields:
        if item is None:
            continue
        value = body[item.key]
        if value is None:
            continue
        if isinstance(value, dict):
            for part, name, convert in item.parts:
                inner = value[part]
                if inner is not None:
                    found[name] = convert(inner) if convert else inner
        else:
            found[item.key] = item.convert(value) if item.convert else value
    return found


def _left_empty(shape: Shape, body: Mapping[str, Any]) -> dict[str, Value]:
    """None for every field in which a new record has nothing. Of a field that is compound or plain only what the value is not."""
    found: dict[str, Value] = {}
    for item in shape.fields:
        if item is None:
            continue
        value = body[item.key]
        if item.plain and value is None:
            found[item.key] = None
        if value is None or isinstance(value, dict):
            found.update({name: None for part, name, _ in item.parts if value is None or value[part] is None})
    return found


def _field(field: Mapping[str, Any], named: dict[str, Any]) -> _Field | None:
    if field["name"] == "ChangeEventHeader":
        _remember(field["type"], named)
        return None
    branches = [branch for branch in _branches(field["type"]) if branch != "null"]
    records = [record for branch in branches if (record := _record(branch, named)) is not None]
    plain = [branch for branch in branches if _record(branch, named) is None]
    parts = tuple((part["name"], _flat(field["name"], part["name"]), _converter(part)) for record in records for part in record["fields"])
    return _Field(field["name"], bool(plain), _converter(field), parts)


def _branches(kind: Any) -> Iterable[Any]:
    return kind if isinstance(kind, list) else [kind]


def _record(branch: Any, named: dict[str, Any]) -> Any:
    """The record behind a branch, spelled out here or named earlier."""
    if isinstance(branch, dict) and branch.get("type") == "record":
        _remember(branch, named)
        return branch
    return named.get(branch) if isinstance(branch, str) else None


def _remember(record: Any, named: dict[str, Any]) -> None:
    if isinstance(record, dict) and record.get("type") == "record":
        named[record["name"]] = record
        named[record["name"].rpartition(".")[2]] = record


def _flat(parent: str, part: str) -> str:
    """`BillingAddress.Street` is `BillingStreet` in REST, `Name.FirstName` is `FirstName`, `Where__c.Latitude` is `Where__Latitude__s`."""
    if parent == "Name":
        return part
    if parent.endswith("__c"):
        return f"{parent[:-1]}{part}__s"
    return parent.removesuffix("Address") + part


def _converter(field: Mapping[str, Any]) -> Callable[[Any], Value] | None:
    """By type, and for longs by what `doc` says of them, because the schema has no logical types."""
    kinds = [branch for branch in _branches(field["type"]) if isinstance(branch, str)]
    if "double" in kinds:
        return _decimal
    if "long" not in kinds:
        return None
    words = str(field.get("doc", "")).split(":")
    for word, convert in _TIMES.items():
        if word in words:
            return convert
    return None


def _decimal(value: float) -> Decimal:
    """Money travels as a binary float: its shortest text is what was stored."""
    return Decimal(repr(value).removesuffix(".0"))


def _moment(value: int) -> str:
    moment = EPOCH + timedelta(milliseconds=value)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _date(value: int) -> str:
    return (EPOCH + timedelta(milliseconds=value)).date().isoformat()


def _time(value: int) -> str:
    moment = EPOCH + timedelta(milliseconds=value)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


_TIMES: Mapping[str, Callable[[Any], Value]] = {"DateTime": _moment, "DateOnly": _date, "TimeOnly": _time}
