"""sObject Tree: records with their children in one call, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.problems import Refused, refuse
from ops.sandbox.salesforce.transaction import Transaction

MOST = 200
MOST_LEVELS = 5


def create(call: Call) -> Answer:
    """201 with the id of each reference, or 400 with the refusals and nothing written."""
    item = call.object(call.parts[2])
    records = call.json().get("records")
    if not isinstance(records, list) or not records:
        raise refuse("JSON_PARSER_ERROR", "records is required")
    if _count(records) > MOST:
        raise refuse("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records into this call")
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    with call.writing(grouped=True) as tx:
        mark = tx.mark()
        for record in records:
            _plant(call, tx, item, record, {}, 1, done, failed)
        if failed:
            tx.undo(mark)
    if failed:
        return Answer(400, {"hasErrors": True, "results": failed})
    return Answer(201, {"hasErrors": False, "results": done})


def _count(records: list[Any]) -> int:
    return sum(1 + sum(_count(value["records"]) for value in one.values() if _is_branch(value)) for one in records)


def _is_branch(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("records"), list)


def _plant(
    call: Call,
    tx: Transaction,
    item: SObject,
    record: Mapping[str, Any],
    parent: Mapping[str, str],
    level: int,
    done: list[dict[str, Any]],
    failed: list[dict[str, Any]],
) -> None:
    reference = record.get("attributes", {}).get("referenceId")
    if level > MOST_LEVELS:
        raise refuse("LIMIT_EXCEEDED", f"a tree has at most {MOST_LEVELS} levels")
    branches = {key: value["records"] for key, value in record.items() if _is_branch(value)}
    try:
        record_id = call.org.saver.create(tx, item, {key: value for key, value in record.items() if key not in branches} | dict(parent))
    except Refused as refused:
        failed.append({"referenceId": reference, "errors": [problem.row() for problem in refused.problems]})
        return
    done.append({"referenceId": reference, "id": record_id})
    for name, children in branches.items():
        pair = next(((child, field) for child, field in call.org.objects.children(item.name) if field.children.lower() == name.lower()), None)
        if pair is None:
            raise refuse("INVALID_FIELD", f"No such relation '{name}' on entity '{item.name}'")
        for one in children:
            _plant(call, tx, pair[0], one, {pair[1].name: record_id}, level + 1, done, failed)
