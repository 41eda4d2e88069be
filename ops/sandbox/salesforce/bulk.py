"""Bulk API 2.0 ingest: a job, one CSV, rows settled 200 to a transaction. JobComplete doesn't mean that the rows went well."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from typing import Any

from ops.sandbox.salesforce import ids
from ops.sandbox.salesforce.call import CSV, Answer, Call, decode
from ops.sandbox.salesforce.collection import MOST, each, good, upsert_all
from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.problems import not_found, refuse
from ops.sandbox.salesforce.rows import key_field
from ops.sandbox.salesforce.transaction import Transaction
from ops.sandbox.salesforce.values import stamp

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(slots=True)
class Job:
    """One ingest or query job. `good` and `bad` are result rows with the columns sent; `pages` the rows of a query."""

    id: str
    kind: str
    operation: str
    object: str
    user: str
    made: datetime
    version: str
    state: str = "Open"
    external: str | None = None
    delimiter: str = "COMMA"
    ending: str = "LF"
    query: str = ""
    error: str = ""
    looks: int = 0
    content: bytes | None = None
    header: list[str] = field(default_factory=list)
    good: list[list[str]] = field(default_factory=list)
    bad: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)
    pages: list[list[str]] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        root: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user,
            "createdDate": stamp(self.made),
            "systemModstamp": stamp(self.made),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "jobType": "V2Ingest" if self.kind == "ingest" else "V2Query",
            "lineEnding": self.ending,
            "columnDelimiter": self.delimiter,
            "retries": 0,
            "totalProcessingTime": len(self.good) + len(self.bad),
            "isPkChunkingSupported": True,
        }
        if self.kind == "ingest":
            root |= {"contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.id}/batches", "apexProcessingTime": 0}
            root |= {"numberRecordsProcessed": len(self.good) + len(self.bad), "numberRecordsFailed": len(self.bad)}
            root["apiActiveProcessingTime"] = len(self.good) + len(self.bad)
            root |= {"externalIdFieldName": self.external} if self.external else {}
        else:
            root["numberRecordsProcessed"] = len(self.pages)
        return root | ({"errorMessage": self.error} if self.error else {})

    def csv(self, rows: list[list[str]], header: list[str]) -> bytes:
        """RFC 4180 with every cell quoted, as the org writes it."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=DELIMITERS[self.delimiter], quoting=csv.QUOTE_ALL, lineterminator="\r\n" if self.ending == "CRLF" else "\n")
        writer.writerows([header, *rows])
        return out.getvalue().encode()


def new_job(call: Call, kind: str, body: Mapping[str, Any], object_name: str) -> Job:
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in {"LF", "CRLF"}:
        raise refuse("INVALIDJOB", f"Unknown columnDelimiter or lineEnding: {delimiter}, {ending}")
    job_id = ids.make("750", call.org.store.next_serial("750"))
    job = Job(
        job_id,
        kind,
        str(body.get("operation", "")),
        object_name,
        call.user,
        call.org.clock.now(),
        call.version,
        delimiter=delimiter,
        ending=ending,
    )
    call.org.jobs[job.id] = job
    return job


def found(call: Call) -> Job:
    job = call.org.jobs.get(ids.normal(call.parts[2]) or "")
    if not isinstance(job, Job) or job.kind != call.parts[1]:
        raise not_found()
    return job


def open_job(call: Call) -> Answer:
    """JSON alone, or multipart with the parts `job` and `content`, which uploads and closes at once."""
    kind = call.headers.get("content-type", "")
    parts = _multipart(kind, call.body) if kind.startswith("multipart/") else {}
    body = decode(parts["job"]) if parts else call.json()
    if body.get("operation") not in OPERATIONS:
        raise refuse("INVALIDJOB", f"Unknown operation: {body.get('operation')}")
    item = call.org.objects.object(str(body.get("object")))
    if item is None:
        raise refuse("INVALIDENTITY", f"Unable to find object: {body.get('object')}")
    job = new_job(call, "ingest", body, item.name)
    if body["operation"] == "upsert":
        name = body.get("externalIdFieldName")
        if not name:
            raise refuse("INVALIDJOB", "External ID was blank for upsert job")
        job.external = key_field(call, item, str(name)).name
    if parts:
        job.content, job.state = parts.get("content", b""), "UploadComplete"
    return Answer(body=job.body())


def _multipart(kind: str, raw: bytes) -> dict[str, bytes]:
    message = message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + raw)
    found_parts: dict[str, bytes] = {}
    for one in message.walk():
        name = one.get_param("name", header="content-disposition")
        payload = one.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found_parts[name] = payload
    if "job" not in found_parts or "content" not in found_parts:
        raise refuse("INVALIDJOB", "A multipart request has the parts job and content")
    return found_parts


def upload(call: Call) -> Answer:
    job = found(call)
    if job.state != "Open" or job.content is not None:
        raise refuse("INVALIDJOBSTATE", f"Uploading of data is not allowed when the job is {job.state}: only one upload, while Open")
    job.content = call.body
    return Answer(201)


def move(call: Call) -> Answer:
    """UploadComplete or Aborted."""
    job, wanted = found(call), call.json().get("state")
    if wanted not in {"UploadComplete", "Aborted"} or job.state in ENDED:
        raise refuse("INVALIDJOBSTATE", f"Job state {job.state} cannot change to {wanted}")
    if wanted == "UploadComplete" and job.content is None:
        raise refuse("INVALIDJOBSTATE", "Found no data to process")
    job.state = str(wanted)
    return Answer(body=job.body())


def show(call: Call) -> Answer:
    """A look moves an uploaded job on: InProgress for as many looks as the org is set to, then done."""
    job = found(call)
    if job.state in {"UploadComplete", "InProgress"}:
        job.looks += 1
        if job.looks <= call.org.settings.bulk_polls:
            job.state = "InProgress"
        elif job.kind == "ingest":
            process(call, job)
        else:
            job.state = "JobComplete"
    return Answer(body=job.body())


def all_jobs(call: Call) -> Answer:
    records = [job.body() for job in call.org.jobs.values() if job.kind == call.parts[1]]
    return Answer(body={"done": True, "records": records, "nextRecordsUrl": None})


def forget(call: Call) -> Answer:
    job = found(call)
    if job.state not in ENDED and job.kind == "ingest":
        raise refuse("INVALIDJOBSTATE", f"A job that is {job.state} cannot be deleted")
    del call.org.jobs[job.id]
    return Answer(204)


def results(call: Call) -> Answer:
    job = found(call)
    which = call.parts[3]
    if which == "successfulResults":
        return Answer(body=job.csv(job.good, ["sf__Id", "sf__Created", *job.header]), media=CSV)
    if which == "failedResults":
        return Answer(body=job.csv(job.bad, ["sf__Id", "sf__Error", *job.header]), media=CSV)
    return Answer(body=job.csv(job.unprocessed, job.header), media=CSV)


def process(call: Call, job: Job) -> None:
    """Settle every row. A header that can't be read fails the whole job."""
    item = call.org.objects[job.object]
    rows = list(csv.reader(io.StringIO((job.content or b"").decode("utf-8-sig"), newline=""), delimiter=DELIMITERS[job.delimiter]))
    job.header = rows[0] if rows else []
    data = [row for row in rows[1:] if row]
    unknown = [name for name in job.header if not _known(item, name)]
    if unknown or not job.header:
        job.state, job.unprocessed = "Failed", data
        job.error = f"InvalidBatch : Field name not found : {', '.join(unknown)}" if unknown else "InvalidBatch : empty header"
        return
    for start in range(0, len(data), MOST):
        _chunk(call, job, item, data[start : start + MOST])
    job.state = "JobComplete"


def _known(item: SObject, name: str) -> bool:
    head, _, rest = name.partition(".")
    return item.find(name) is not None or (bool(rest) and item.relationship(head) is not None)


def _record(header: list[str], row: list[str]) -> dict[str, Any]:
    """Cells to a body: an empty cell leaves alone, #N/A sets null, `Parent.Key__c` names a parent."""
    body: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=False):
        if cell == "":
            continue
        head, _, rest = name.partition(".")
        body[head] = {rest: cell} if rest else None if cell == "#N/A" else cell
    return body


def _chunk(call: Call, job: Job, item: SObject, rows: list[list[str]]) -> None:
    bodies = [_record(job.header, row) for row in rows]
    call.api = "bulkapi"
    if job.operation == "upsert":
        answers = upsert_all(call, item, item.fields[job.external or "Id"], bodies, all_or_none=False)
    else:
        answers = each(call, bodies, lambda tx, body: _one(call, job, tx, item, body), all_or_none=False)
    for row, answer in zip(rows, answers, strict=True):
        if answer["success"]:
            created = answer.get("created", job.operation == "insert")
            job.good.append([answer["id"], str(created).lower(), *row])
        else:
            problem = answer["errors"][0]
            text = (
                f"{problem['statusCode']}:{problem['message']}:{','.join(problem['fields'])} --"
                if problem["fields"]
                else f"{problem['statusCode']}:{problem['message']}:--"
            )
            job.bad.append([answer.get("id", ""), text, *row])


def _one(call: Call, job: Job, tx: Transaction, item: SObject, body: Mapping[str, Any]) -> dict[str, Any]:
    if job.operation == "insert":
        return good(call.org.saver.create(tx, item, body), created=True)
    given = next((value for key, value in body.items() if key.lower() == "id"), None)
    record_id = ids.normal(given)
    if record_id is None:
        raise refuse("MALFORMED_ID" if given else "MISSING_ARGUMENT", f"bad id {given}" if given else "Id not specified", "Id")
    if call.org.store.get(item.name, record_id) is None:
        raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if job.operation == "update":
        call.org.saver.update(tx, item, record_id, body)
    else:
        call.org.saver.delete(tx, item, record_id)
    return good(record_id, created=False)
