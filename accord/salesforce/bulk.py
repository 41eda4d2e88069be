"""Bulk API 2.0: queries for large snapshots, ingest for the backfill. Source: BULK/ (Bulk API 2.0 and Bulk API Developer Guide).

One handler for the life of the client: simple-salesforce makes a new one on every access, each with its own headers. A job's end says
nothing about its rows: all three result files are read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import requests
from simple_salesforce.bulk2 import Operation, SFBulk2Handler
from simple_salesforce.exceptions import SalesforceError

from accord.calls import unreachable
from accord.clock import Clock
from accord.errors import Rejected
from accord.salesforce.faults import RowError, bulk_error, judge, row_errors
from accord.salesforce.rest import Result, Salesforce

T = TypeVar("T")
#: Seconds between two looks at a job; a job of one row takes seconds too.
POLL_S = 2.0
#: Written for null: an empty cell leaves the field as it is.
NULL = "#N/A"
DONE = "JobComplete"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A page of a query job. `locator` empty = the last one."""

    rows: Sequence[Mapping[str, str]]
    locator: str


class Bulk:
    """Jobs of one org."""

    def __init__(self, org: Salesforce, clock: Clock) -> None:
        self._org, self._clock = org, clock
        self._made: SFBulk2Handler | None = None

    async def start_query(self, soql: str, *, deleted: bool = False) -> str:
        """Start a query job; answers its id."""
        operation = Operation.query_all if deleted else Operation.query
        job = await self._run("query job", lambda: self._client("").create_job(operation, query=soql), write=False)
        return str(job["id"])

    async def wait(self, job: str, *, query: bool) -> Mapping[str, Any]:
        """The job when it has ended well. Raises Rejected when it failed or was aborted."""
        while True:
            found: Mapping[str, Any] = await self._run(f"job {job}", lambda: self._client("").get_job(job, query), write=False)
            if found["state"] == DONE:
                return found
            if found["state"] in {"Failed", "Aborted"}:
                raise Rejected(
                    f"Salesforce bulk job {job}: {found['state']}: {found.get('errorMessage', '')}", code=f"bulk_{found['state'].lower()}"
                )
            await self._clock.sleep(POLL_S)

    async def chunk(self, job: str, locator: str = "", size: int = 10_000) -> Chunk:
        """One page of a query job's result."""
        found = await self._run(f"job {job}", lambda: self._client("").get_query_results(job, locator, size), write=False)
        return Chunk(list(csv.DictReader(io.StringIO(found["records"]))), str(found["locator"]))

    async def ingest(self, object_: str, operation: str, rows: Sequence[Mapping[str, Any]], *, key_field: str) -> dict[str, Result]:
        """Run one job and answer what became of each row, by the value of its `key_field` column (results come in no order).

        A row that the job did not reach is a Transient error of its own: UNPROCESSED.
        """
        client = self._client(object_)
        external = key_field if operation == "upsert" else None
        job = await self._run("ingest job", lambda: client.create_job(Operation(operation), external_id_field=external), write=True)
        id_ = str(job["id"])
        await self._run(f"job {id_}", lambda: client.upload_job_data(id_, to_csv(rows)), write=True)
        await self._run(f"job {id_}", lambda: client.close_job(id_), write=True)
        await self.wait(id_, query=False)
        out: dict[str, Result] = {}
        for kind in ("successfulResults", "failedResults", "unprocessedrecords"):
            text = await self._run(f"job {id_}", partial(client.get_ingest_results, id_, kind), write=False)
            out |= {row[key_field]: _result(row, kind) for row in csv.DictReader(io.StringIO(text))}
        return out

    def _client(self, object_: str) -> Any:
        if self._made is None:
            library = self._org.library()
            self._made = SFBulk2Handler("-", library.bulk2_url, session=library.session)
        return getattr(self._made, object_ or "query")._client  # noqa: SLF001 (the public door is one blocking call that hides ids)

    async def _run(self, what: str, call: Callable[[], T], *, write: bool) -> T:
        def guarded() -> T:
            try:
                return call()
            except SalesforceError as error:
                raise judge(row_errors(error.content), status=error.status, write=write, what=f"Salesforce bulk {what}") from error
            except requests.RequestException as error:
                raise unreachable(error, f"Salesforce bulk {what}", write=write) from error

        answer: T = await self._org.paced("backfill", guarded)
        return answer


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV of rows that all have the same columns; null is written as #N/A."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return NULL
    return str(value).lower() if isinstance(value, bool) else str(value)


def _result(row: Mapping[str, str], kind: str) -> Result:
    if kind == "successfulResults":
        return Result(row["sf__Id"], ok=True, created=row.get("sf__Created", "").lower() == "true")
    if kind == "failedResults":
        return Result(row.get("sf__Id", ""), ok=False, errors=(bulk_error(row["sf__Error"]),))
    return Result("", ok=False, errors=(RowError("UNPROCESSED", "the job ended before this row"),))
