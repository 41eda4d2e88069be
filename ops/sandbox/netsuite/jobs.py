"""Asynchronous calls and batches: 202, then a job to poll (netsuite.md section 8.2)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ops.sandbox.netsuite import records, suiteql
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.call import Answer, Call, refusal
from ops.sandbox.netsuite.errors import NsError, missing
from ops.sandbox.netsuite.reading import RECORDS

JOBS = "/services/rest/async/v1/job"
MAX_BATCH = 100
KEY = "x-netsuite-idempotency-key"


def is_async(call: Call) -> bool:
    return "respond-async" in call.prefers


def start(account: Account, call: Call) -> Answer:
    """Accept the call as a job. The job runs when it is first polled after its delay; 202 is not success."""
    key = call.headers.get(KEY)
    known = account.store.rows("select id from job where idempotency=?", (key,)) if key else []
    if known:
        body = NsError("IDEMPOTENCY_ERROR", "A request with this idempotency key was already processed.", 400).body() | {"title": "Conflict"}
        return Answer(400, body, "error", {"Location": f"{call.base}{JOBS}/{known[0][0]}"})
    calls = _calls(account, call)
    document = {"due": account.clock.time() + account.options.job_delay_s, "calls": [_packed(c) for c in calls], "results": None}
    with account.store.db:
        job = account.store.next("job")
        account.store.db.execute("insert into job values (?,?,?)", (job, key, json.dumps(document)))
    return Answer(202, headers={"Location": f"{call.base}{JOBS}/{job}", "Preference-Applied": "respond-async"})


def _calls(account: Account, call: Call) -> list[Call]:
    """One call, or one for each record of a batch (of one type, at most 100)."""
    parts = call.path.removeprefix(RECORDS).strip("/").split("/")
    if not call.path.startswith(RECORDS) or len(parts) != 1 or "type=collection" not in call.headers.get("content-type", ""):
        return [call]
    account.kind(parts[0])
    if call.method in ("GET", "DELETE"):
        ids = [i for i in call.params.get("ids", "").split(",") if i]
        _check_size(ids)
        return [replace(call, path=f"{call.path}/{i}", query="", body=b"") for i in ids]
    items = call.document().get("items")
    if not isinstance(items, list):
        raise NsError("INVALID_CONTENT", "Invalid content in the request body. Provide items.", errorPath="items")
    _check_size(items)
    return [_item_call(call, item) for item in items]


def _check_size(items: list[Any]) -> None:
    if not 1 <= len(items) <= MAX_BATCH:
        raise NsError("INVALID_CONTENT", "A batch must have from 1 to 100 records.")


def _item_call(call: Call, item: dict[str, Any]) -> Call:
    body = json.dumps(item, default=str).encode()
    if call.method == "POST":
        return replace(call, body=body)
    name = f"eid:{item.get('externalId')}" if call.method == "PUT" or "id" not in item else str(item["id"])
    return replace(call, path=f"{call.path}/{name}", body=body)


def _packed(call: Call) -> dict[str, Any]:
    headers = {name: value for name, value in call.headers.items() if name.startswith("x-netsuite-property") or name == "prefer"}
    return {
        "method": call.method,
        "path": call.path,
        "base": call.base,
        "query": call.query,
        "headers": headers,
        "body": call.body.decode(),
    }


def handle(account: Account, call: Call) -> Answer:
    """GET job, job/{id}/task, job/{id}/task/{n} and its result."""
    parts = call.path.removeprefix(JOBS).strip("/").split("/")
    rows = account.store.rows("select document from job where id=?", (parts[0],))
    if call.method != "GET" or not rows:
        raise missing(call.path)
    document = _run(account, int(parts[0]), json.loads(rows[0][0]))
    base = f"{call.base}{JOBS}/{parts[0]}"
    done = document["results"] is not None
    if len(parts) == 1:
        progress = "succeeded" if done else "pending"
        task = {"links": [{"rel": "self", "href": f"{base}/task"}]}
        return Answer(200, {"completed": done, "progress": progress, "id": parts[0], "task": task})
    if len(parts) == 2:
        items = [{"links": [{"rel": "self", "href": f"{base}/task/{n}"}], "id": str(n)} for n in range(1, len(document["calls"]) + 1)]
        return Answer(200, {"links": [{"rel": "self", "href": f"{base}/task"}], "items": items, "totalResults": len(items)}, "collection")
    return _task(call, document, parts, base)


def _task(call: Call, document: dict[str, Any], parts: list[str], base: str) -> Answer:
    number = int(parts[2]) if parts[2].isdigit() else 0
    if not 1 <= number <= len(document["calls"]):
        raise missing(call.path)
    done = document["results"] is not None
    if len(parts) == 3:
        links = [{"rel": "result", "href": f"{base}/task/{number}/result"}]
        return Answer(200, {"completed": done, "id": str(number), "progress": "succeeded" if done else "pending", "links": links})
    if not done:
        raise NsError("INVALID_REQUEST", "The result is not available yet.", 404)
    result = document["results"][number - 1]
    return Answer(result["status"], result["body"], result["kind"], result["headers"])


def _run(account: Account, job: int, document: dict[str, Any]) -> dict[str, Any]:
    if document["results"] is None and document["due"] <= account.clock.time():
        document["results"] = [_result(account, packed) for packed in document["calls"]]
        with account.store.db:
            account.store.db.execute("update job set document=? where id=?", (json.dumps(document, default=float), job))
    return document


def _result(account: Account, packed: dict[str, Any]) -> dict[str, Any]:
    call = Call(**{**packed, "body": packed["body"].encode()})
    try:
        answer = suiteql.handle(account, call) if call.path.startswith(suiteql.PATH) else records.handle(account, call)
    except NsError as error:
        answer = refusal(error)
    return {"status": answer.status, "body": answer.body, "kind": answer.kind, "headers": dict(answer.headers)}
