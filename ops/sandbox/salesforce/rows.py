"""Single records: read, create, change, upsert, delete; what changed and what was deleted in a window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from ops.sandbox.salesforce import ids, switches
from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import Problem, Refused, not_found, refuse
from ops.sandbox.salesforce.shape import full
from ops.sandbox.salesforce.store import Record
from ops.sandbox.salesforce.transaction import Transaction
from ops.sandbox.salesforce.values import instant, stamp

REPLICATION_DAYS = 30
MISSING = "Provided external ID field does not exist or is not accessible: "


def chosen(call: Call, item: SObject, names: str | None) -> list[Field]:
    """The fields that a read shows: those asked for, else all that the user may see."""
    if not names:
        return [one for one in item.fields.values() if not switches.hidden(call.org.faults, item.name, one.name)]
    found = []
    for name in names.split(","):
        field = item.find(name.strip())
        if field is None or switches.hidden(call.org.faults, item.name, field.name):
            raise refuse("INVALID_FIELD", f"No such column '{name.strip()}' on entity '{item.name}'")
        found.append(field)
    return found


def existing(call: Call, item: SObject, text: str) -> Record:
    """A live record by 15- or 18-character id; 404 when it isn't there, with the word for deleted ones."""
    record_id = ids.normal(text)
    record = call.org.store.get(item.name, record_id)
    if record is None:
        raise not_found() if record_id else refuse("NOT_FOUND", MISSING + text)
    if record.get("IsDeleted"):
        raise refuse("ENTITY_IS_DELETED", "entity is deleted")
    return record


def key_field(call: Call, item: SObject, name: str) -> Field:
    """A field that addresses records: external id, or Id."""
    field = item.find(name)
    if field is None or not (field.external_id or field.type == "id") or switches.hidden(call.org.faults, item.name, field.name):
        raise refuse("NOT_FOUND", MISSING + name)
    return field


def by_key(call: Call, item: SObject, field: Field, value: str) -> list[Record]:
    if field.type == "id":
        found = call.org.store.live(item.name, ids.normal(value))
        return [found] if found else []
    text = value.replace("+", " ") if call.org.settings.plus_is_space else value
    return [row for row in call.org.store.matching(item.name, field, text) if not row.get("IsDeleted")]


def several(call: Call, item: SObject, rows: list[Record]) -> Refused:
    """300: the body is the list of the matches' addresses."""
    urls = [f"/services/data/v{call.version}/sobjects/{item.name}/{row['Id']}" for row in rows]
    return Refused(Problem("DUPLICATE_EXTERNAL_ID", "The external ID provided matches more than one record"), status=300, body=urls)


def _unmodified(call: Call, record: Record) -> None:
    asked = call.headers.get("if-unmodified-since")
    if asked and instant(record["LastModifiedDate"]) > parsedate_to_datetime(asked):
        raise refuse("PRECONDITION_FAILED", "The resource has been modified since the date in If-Unmodified-Since")


def read(call: Call) -> Answer:
    item = call.object(call.parts[1])
    return _shown(call, item, existing(call, item, call.parts[2]))


def read_by_key(call: Call) -> Answer:
    item = call.object(call.parts[1])
    rows = by_key(call, item, key_field(call, item, call.parts[2]), call.parts[3])
    if not rows:
        raise not_found()
    if len(rows) > 1:
        raise several(call, item, rows)
    return _shown(call, item, rows[0])


def _shown(call: Call, item: SObject, record: Record) -> Answer:
    changed = instant(record.get("LastModifiedDate") or record["SystemModstamp"])
    asked = call.headers.get("if-modified-since")
    if asked and parsedate_to_datetime(asked) >= changed:
        return Answer(304)
    body = full(item, record, chosen(call, item, call.params.get("fields")), call.version)
    return Answer(body=body, headers={"Last-Modified": format_datetime(changed, usegmt=True)})


def create(call: Call) -> Answer:
    item = call.object(call.parts[1])
    with call.writing() as tx:
        record_id = call.org.saver.create(tx, item, call.json())
    return _created(call, item, record_id)


def _created(call: Call, item: SObject, record_id: str, **more: Any) -> Answer:
    place = f"/services/data/v{call.version}/sobjects/{item.name}/{record_id}"
    return Answer(201, {"id": record_id, "success": True, "errors": [], **more}, {"Location": place})


def change(call: Call) -> Answer:
    item = call.object(call.parts[1])
    record = existing(call, item, call.parts[2])
    _unmodified(call, record)
    with call.writing() as tx:
        call.org.saver.update(tx, item, record["Id"], call.json())
    return Answer(204)


def remove(call: Call) -> Answer:
    item = call.object(call.parts[1])
    record = existing(call, item, call.parts[2])
    _unmodified(call, record)
    with call.writing() as tx:
        call.org.saver.delete(tx, item, record["Id"])
    return Answer(204)


def remove_by_key(call: Call) -> Answer:
    item = call.object(call.parts[1])
    rows = by_key(call, item, key_field(call, item, call.parts[2]), call.parts[3])
    if len(rows) != 1:
        raise several(call, item, rows) if rows else not_found()
    with call.writing() as tx:
        call.org.saver.delete(tx, item, rows[0]["Id"])
    return Answer(204)


def upsert(call: Call) -> Answer:
    item = call.object(call.parts[1])
    field = key_field(call, item, call.parts[2])
    only = call.params.get("updateOnly", "").lower() == "true"
    with call.writing() as tx:
        record_id, created = upsert_one(call, tx, item, field, call.parts[3], call.json(), only=only)
    if created:
        return _created(call, item, record_id, created=True)
    if float(call.version) < 46:
        return Answer(204)
    return Answer(200, {"id": record_id, "success": True, "errors": [], "created": False})


def upsert_one(call: Call, tx: Transaction, item: SObject, field: Field, value: Any, body: Mapping[str, Any], *, only: bool = False) -> tuple[str, bool]:
    """(id, created). Used by single calls, collections and Bulk."""
    rows = by_key(call, item, field, str(value))
    if len(rows) > 1:
        raise several(call, item, rows)
    if any(key.lower() == field.name.lower() for key in body) and call.parts[0] == "sobjects":
        raise refuse("INVALID_FIELD", f"The {field.name} field should not be specified in the sobject data.", field.name)
    rest = {key: one for key, one in body.items() if key.lower() != field.name.lower()}
    if rows:
        call.org.saver.update(tx, item, rows[0]["Id"], rest)
        return rows[0]["Id"], False
    if only or field.type == "id":
        raise not_found()
    return call.org.saver.create(tx, item, rest | {field.name: value}), True


def _window(call: Call) -> tuple[str, str]:
    """Start and end, seconds cut off."""
    try:
        start, end = (instant(call.params[name].replace(" ", "+")).replace(second=0, microsecond=0) for name in ("start", "end"))
    except (KeyError, ValueError) as error:
        raise refuse("INVALID_REPLICATION_DATE", "start and end are date-times in ISO 8601 format") from error
    if start >= end:
        raise refuse("INVALID_REPLICATION_DATE", "startDate before endDate")
    oldest: datetime = call.org.clock.now() - timedelta(days=REPLICATION_DAYS)
    if start < oldest.replace(second=0, microsecond=0):
        raise refuse("INVALID_REPLICATION_DATE", f"startDate is more than {REPLICATION_DAYS} days ago")
    return stamp(start), stamp(end)


def updated(call: Call) -> Answer:
    item = call.object(call.parts[1])
    start, end = _window(call)
    rows = [row for row in call.org.store.since(item.name, start) if row["SystemModstamp"] < end and not row.get("IsDeleted")]
    return Answer(body={"ids": [row["Id"] for row in rows], "latestDateCovered": min(end, stamp(call.org.clock.now()))})


def deleted(call: Call) -> Answer:
    item = call.object(call.parts[1])
    start, end = _window(call)
    rows = [row for row in call.org.store.since(item.name, start) if row["SystemModstamp"] < end and row.get("IsDeleted")]
    body = {
        "deletedRecords": [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in rows],
        "earliestDateAvailable": stamp(call.org.started),
        "latestDateCovered": min(end, stamp(call.org.clock.now())),
    }
    return Answer(body=body)
