"""Bulk API 2.0 query: a job whose result is read as CSV pages behind opaque locators."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

from ops.sandbox.salesforce.bulk import Job, found, new_job
from ops.sandbox.salesforce.call import CSV, Answer, Call
from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.soql.grammar import parse
from ops.sandbox.salesforce.soql.select import Runner
from ops.sandbox.salesforce.soql.tree import Aggregate, Query

PAGE = 50_000


def open_job(call: Call) -> Answer:
    body = call.json()
    tree = parse(str(body.get("query", "")))
    if body.get("operation") not in {"query", "queryAll"}:
        raise refuse("INVALIDJOB", f"Unknown operation: {body.get('operation')}")
    if tree.group or tree.offset or any(isinstance(one, Aggregate | Query) for one in tree.select):
        raise refuse("API_ERROR", "Aggregates, GROUP BY, OFFSET and sub-queries are not supported in a Bulk query")
    item = call.org.objects.object(tree.source)
    if item is None:
        raise refuse("INVALID_TYPE", f"sObject type '{tree.source}' is not supported.")
    if any(len(path) == 1 and (field := item.find(path[0])) is not None and field.type == "address" for path in tree.select):
        raise refuse("FEATURENOTENABLED", "Selecting compound data not supported in Bulk Query")
    job = new_job(call, "query", body, item.name)
    job.query = str(body["query"])
    rows = Runner(call.org.store, call.org.faults, call.org.clock.now(), call.version, deleted=body["operation"] == "queryAll").run(tree)
    job.header = [".".join(path) for path in tree.select]
    job.pages = [[_cell(row, path) for path in tree.select] for row in rows] if isinstance(rows, list) else []
    job.state = "UploadComplete"
    return Answer(body=job.body())


def _cell(row: Any, path: tuple[str, ...]) -> str:
    value: Any = row
    for name in path:
        lower = name.lower()
        value = next((one for key, one in value.items() if key.lower() == lower), None) if isinstance(value, dict) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).replace("+0000", "Z") if str(value).endswith(".000+0000") else str(value)


def results(call: Call) -> Answer:
    job: Job = found(call)
    if job.state != "JobComplete":
        raise refuse("JOB_NOT_COMPLETE", f"The job is {job.state}")
    if job.version != call.version:
        raise refuse("INVALIDVERSION", "Results must be read with the API version of the job", status=409)
    most = call.params.get("maxRecords", "")
    size = int(most) if most.isdigit() and int(most) > 0 else PAGE
    start = _start(call.params.get("locator"))
    page = job.pages[start : start + size]
    end = start + size
    locator = base64.b64encode(str(end).encode()).decode().rstrip("=") if end < len(job.pages) else "null"
    headers = {"Sforce-NumberOfRecords": str(len(page)), "Sforce-Locator": locator}
    return Answer(body=job.csv(page, job.header), headers=headers, media=CSV)


def _start(locator: str | None) -> int:
    if not locator or locator == "null":
        return 0
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4)))
    except ValueError:
        raise refuse("INVALIDLOCATOR", f"Unknown locator: {locator}") from None
