"""sObject Collections: up to 200 records in one call, HTTP 200 whatever becomes of them, one answer for each in the order sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ops.sandbox.salesforce import ids
from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import Problem, Refused, refuse
from ops.sandbox.salesforce.rows import chosen, key_field, upsert_one
from ops.sandbox.salesforce.shape import full
from ops.sandbox.salesforce.transaction import Transaction

MOST = 200
ROLLED_BACK = Problem(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Row = Callable[[Transaction, Any], dict[str, Any]]


def good(record_id: str, *, created: bool | None = None) -> dict[str, Any]:
    more = {} if created is None else {"created": created}
    return {"id": record_id, "success": True, "errors": []} | more


def bad(problems: Sequence[Problem], record_id: str | None = None) -> dict[str, Any]:
    known = {"id": record_id} if record_id else {}
    return known | {"success": False, "errors": [problem.row() for problem in problems]}


def each(call: Call, items: Sequence[Any], row: Row, *, all_or_none: bool) -> list[dict[str, Any]]:
    """Every record on its own inside one transaction; with `all_or_none` one refusal takes all of it back."""
    with call.writing(grouped=True) as tx:
        start = tx.mark()
        results: list[dict[str, Any]] = []
        for item in items:
            mark = tx.mark()
            try:
                results.append(row(tx, item))
            except Refused as refused:
                tx.undo(mark)
                results.append(bad(refused.problems))
        if all_or_none and not all(one["success"] for one in results):
            tx.undo(start)
            results = [bad([ROLLED_BACK]) if one["success"] else one for one in results]
    return results


def _records(call: Call) -> tuple[list[Any], bool]:
    body = call.json()
    records = body.get("records")
    if not isinstance(records, list):
        raise refuse("JSON_PARSER_ERROR", "Unrecognized field at [line:1, column:1]: records is required")
    if len(records) > MOST:
        raise refuse("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records into this call")
    return records, body.get("allOrNone") is True


def _kind(call: Call, record: Any) -> SObject:
    name = record.get("attributes", {}).get("type") if isinstance(record, dict) else None
    item = call.org.objects.object(str(name)) if name else None
    if item is None:
        raise refuse("INVALID_TYPE", f"sObject type '{name}' is not supported." if name else "Include an attributes type in each record")
    return item


def create(call: Call) -> Answer:
    records, all_or_none = _records(call)
    return Answer(body=each(call, records, lambda tx, one: good(call.org.saver.create(tx, _kind(call, one), one)), all_or_none=all_or_none))


def change(call: Call) -> Answer:
    """Update by id; `id` and `Id` both count."""
    records, all_or_none = _records(call)

    def row(tx: Transaction, one: Any) -> dict[str, Any]:
        item = _kind(call, one)
        given = next((value for key, value in one.items() if key.lower() == "id"), None)
        record_id = ids.normal(given)
        if given is None:
            raise refuse("MISSING_ARGUMENT", "Id not specified in an update call")
        if record_id is None:
            raise refuse("MALFORMED_ID", f"{item.label} ID: id value of incorrect type: {given}", "Id")
        if call.org.store.get(item.name, record_id) is None:
            raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        call.org.saver.update(tx, item, record_id, one)
        return good(record_id)

    return Answer(body=each(call, records, row, all_or_none=all_or_none))


def upsert(call: Call) -> Answer:
    records, all_or_none = _records(call)
    item = call.object(call.parts[2])
    field = key_field(call, item, call.parts[3])
    return Answer(body=upsert_all(call, item, field, records, all_or_none=all_or_none))


def upsert_all(call: Call, item: SObject, field: Field, records: Sequence[Any], *, all_or_none: bool) -> list[dict[str, Any]]:
    """Shared with Bulk: the same external id twice in one call is refused, both times."""

    def key(one: Any) -> Any:
        return next((value for name, value in one.items() if name.lower() == field.name.lower()), None)

    counts = Counter(str(key(one)).lower() for one in records)

    def row(tx: Transaction, one: Any) -> dict[str, Any]:
        value = key(one)
        if value in {None, ""}:
            raise refuse("MISSING_ARGUMENT", f"{field.name} not specified")
        if counts[str(value).lower()] > 1:
            raise refuse("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", field.name)
        if field.type != "id" and any(name.lower() == "id" and given for name, given in one.items()):
            raise refuse("INVALID_FIELD", "cannot specify Id in an upsert by external id", "Id")
        record_id, created = upsert_one(call, tx, item, field, value, one)
        return good(record_id, created=created)

    return each(call, records, row, all_or_none=all_or_none)


def remove(call: Call) -> Answer:
    wanted = [one for one in call.params.get("ids", "").split(",") if one]
    if not wanted or len(wanted) > MOST:
        raise refuse("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records into this call")

    def row(tx: Transaction, one: Any) -> dict[str, Any]:
        record_id = ids.normal(one)
        item = call.org.objects.by_prefix(record_id) if record_id else None
        if record_id is None or item is None:
            raise refuse("MALFORMED_ID", f"bad id {one}", "Id")
        if call.org.store.get(item.name, record_id) is None:
            raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        call.org.saver.delete(tx, item, record_id)
        return good(record_id)

    return Answer(body=each(call, wanted, row, all_or_none=call.params.get("allOrNone", "").lower() == "true"))


def retrieve(call: Call) -> Answer:
    """Records by id, in the order asked; null for what isn't there."""
    if call.method == "GET":
        wanted, names = call.params.get("ids", "").split(","), call.params.get("fields", "")
    else:
        body = call.json()
        wanted, names = list(body.get("ids", [])), ",".join(body.get("fields", []))
    item = call.object(call.parts[2])
    if not names:
        raise refuse("MISSING_ARGUMENT", "fields is required")
    if len(wanted) > 2000:
        raise refuse("EXCEEDED_ID_LIMIT", "too many ids")
    fields = chosen(call, item, names)
    rows = [call.org.store.live(item.name, ids.normal(one)) for one in wanted]
    return Answer(body=[full(item, row, fields, call.version) if row else None for row in rows])
