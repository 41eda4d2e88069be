"""An event as bytes: header with bitmaps, body with the values that this subscriber may see, raw Avro."""

from __future__ import annotations

import difflib
import hashlib
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import fastavro

from ops.sandbox.salesforce import bitmap
from ops.sandbox.salesforce.cdc import OVERFLOW, BusEvent
from ops.sandbox.salesforce.eventschema import EventSchema
from ops.sandbox.salesforce.journal import Entry

DIFF_FROM = 1_000  # characters of a long text (CDC guide, "Sending Data Differences for Fields of Updated Records")
STAMPS = ("LastModifiedDate", "LastModifiedById")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class View:
    """How one subscriber sees one event: fields that its channel adds, with their values at delivery (so a replay shows newer ones), fields
    that its user may not read, texts sent as differences.
    """

    enriched: Mapping[str, Any] = field(default_factory=dict)
    hidden: Collection[str] = ()
    diffs: dict[str, str] = field(default_factory=dict)


def payload(schema: EventSchema, event: BusEvent, entries: Sequence[Entry], view: View) -> bytes:
    """The event's Avro bytes. `entries` is all of the event's, or one of them where enrichment splits it."""
    entry = entries[0]
    shown = () if event.change.startswith("GAP_") else _shown(schema, entry, view)
    update = event.change == "UPDATE"
    record: dict[str, Any] = dict.fromkeys(schema.fields)
    record["ChangeEventHeader"] = {
        "entityName": event.object,
        "recordIds": [] if event.change == OVERFLOW else [item.record_id for item in entries],
        "changeType": event.change,
        "changeOrigin": entry.origin,
        "transactionKey": entry.transaction_key,
        "sequenceNumber": 1 if event.change.startswith("GAP_") else event.sequence,
        "commitTimestamp": entry.commit_ms // 1000 * 1000,
        "commitNumber": entry.commit_number,
        "commitUser": entry.user,
        "nulledFields": _bits(schema, entry.nulled) if update else [],
        "diffFields": _bits(schema, view.diffs) if update else [],
        "changedFields": _bits(schema, entry.changed) if update else [],
    }
    for name in shown:
        source = view.enriched if name in view.enriched and name not in entry.changed else entry.values
        value = view.diffs[name] if update and name in view.diffs else wire(schema.types[name], source.get(name))
        if value is not None:
            _put(schema, record, name, value)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema.parsed, record)
    return out.getvalue()


def _shown(schema: EventSchema, entry: Entry, view: View) -> list[str]:
    """The fields with a value in the body: all of a new record, the changed ones of an update, none of a deleted one, and enriched ones."""
    whole = entry.change in {"CREATE", "UNDELETE"}
    names: Iterable[str] = schema.places if whole else entry.changed if entry.change == "UPDATE" else ()
    return [name for name in dict.fromkeys((*names, *view.enriched)) if name in schema.places and name not in view.hidden]


def _bits(schema: EventSchema, names: Iterable[str]) -> list[str]:
    return bitmap.encode(schema.places[name] for name in names if name in schema.places)


def _put(schema: EventSchema, record: dict[str, Any], name: str, value: Any) -> None:
    place = schema.places[name]
    top = schema.fields[place.field]
    if place.part is None:
        record[top] = value
    else:
        parts = schema.children[place.field]
        compound = record[top] or dict.fromkeys(parts)
        compound[parts[place.part]] = value
        record[top] = compound


def wire(kind: str, value: Any) -> Any:
    """A journal value as the schema's type wants it: numbers as doubles, dates and times as longs."""
    if value is None:
        return None
    convert = _WIRE.get(kind)
    return str(value) if convert is None else convert(value)


def _instant(text: str) -> int:
    moment = datetime.fromisoformat(text)
    delta = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return delta.days * 86_400_000 + delta.seconds * 1_000 + delta.microseconds // 1_000


def _time_of_day(text: str) -> int:
    return _instant(f"1970-01-01T{text.removesuffix('Z')}+00:00")


_WIRE: dict[str, Callable[[Any], Any]] = {
    "boolean": bool,
    "int": int,
    "currency": float,
    "percent": float,
    "double": float,
    "date": _instant,
    "datetime": _instant,
    "time": _time_of_day,
}


def difference(old: str, new: str) -> str | None:
    """The unified difference that replaces a long text, or None where the vendor sends the text itself.

    Not for short texts, not when the difference is longer than the text, the lengths differ by more than half, or more than a quarter of
    the lines changed. The hash is of the new text, UTF-8, with line breaks as CRLF.
    """
    if len(new) < DIFF_FROM or abs(len(new) - len(old)) * 2 > len(old):
        return None
    before, after = old.splitlines(), new.splitlines()
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
    if sum(line.startswith("+") for line in lines) * 4 > len(after):
        return None
    digest = hashlib.sha256("\r\n".join(after).encode()).hexdigest()
    text = f"--- \n+++ {digest}\n\n" + "\n".join(_counted(line) for line in lines)
    return text if len(text) <= len(new) else None


def _counted(line: str) -> str:
    """The vendor always writes how many lines a hunk has; Python leaves out a 1."""
    return re.sub(r"([-+]\d+)(?= )", r"\1,1", line) if line.startswith("@@ ") else line
