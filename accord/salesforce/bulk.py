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
import structlog
from simple_salesforce.bulk2 import Operation, SFBulk2Handler
from simple_salesforce.exceptions import SalesforceError

from accord.calls import unreachable
from accord.clock import Clock
from accord.errors import Rejected, Transient
from accord.salesforce.faults import RowError, bulk_error, judge, row_errors
from accord.salesforce.rest import Result, Salesforce
from accord.salesforce.rows import stamp_ms

T = TypeVar("T")
#: Seconds between two looks at a job; a job of one row takes seconds too.
POLL_S = 2.0
#: Written for null: an empty cell leaves the field as it is.
NULL = "#N/A"
DONE = "JobComplete"
ENDED = frozenset({DONE, "Failed", "Aborted"})
#: So long a job's end is asked for while the org can't be reached.
PATIENCE_S = 120.0
#: A job that was opened so long ago and not closed belongs to nobody who lives: closing follows opening within seconds.
OPEN_MS = 60_000
#: Values of a row's key columns.
Key = tuple[str, ...]
LOG = structlog.get_logger(__name__)


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
                raise Rejected(f"Salesforce bulk job {job}: {found['state']}: {found.get('errorMessage', '')}", code=f"bulk_{found['state'].lower()}")
            await self._clock.sleep(POLL_S)

    async def chunk(self, job: str, locator: str = "", size: int = 10_000) -> Chunk:
        """One page of a query job's result."""
        found = await self._run(f"job {job}", lambda: self._client("").get_query_results(job, locator, size), write=False)
        return Chunk(list(csv.DictReader(io.StringIO(found["records"]))), str(found["locator"]))

    async def ingest(self, object_: str, operation: str, rows: Sequence[Mapping[str, Any]], *, key_fields: Sequence[str]) -> dict[Key, Result]:
        """Run one job and answer what became of each row, by the values of its `key_fields` columns (results come in no order).

        A row that the job did not reach is a Transient error of its own: UNPROCESSED. An upsert goes by the first of the key fields.
        Any other failure before the job was closed is not ambiguous: an open job does nothing.
        """
        client = self._client(object_)
        external = key_fields[0] if operation == "upsert" else None
        job = await self._run("ingest job", lambda: client.create_job(Operation(operation), external_id_field=external), write=False)
        id_ = str(job["id"])
        await self._run(f"job {id_}", lambda: client.upload_job_data(id_, to_csv(rows)), write=False)
        await self._close(client, id_)
        await self._ended(id_)
        out: dict[Key, Result] = {}
        for kind in ("successfulResults", "failedResults", "unprocessedrecords"):
            text = await self._patiently(f"job {id_}", partial(client.get_ingest_results, id_, kind))
            out |= {tuple(row[f] for f in key_fields): _result(row, kind) for row in csv.DictReader(io.StringIO(text))}
        return out

    async def _close(self, client: Any, job: str) -> None:
        """From here on rows are written. Where the answer is lost, the job itself says whether it was closed."""
        try:
            await self._run(f"job {job}", lambda: client.close_job(job), write=True)
        except (Transient, Rejected):
            state = (await self._patiently(f"job {job}", lambda: self._client("").get_job(job, False)))["state"]
            if state == "Open":
                await self._run(f"job {job}", lambda: client.close_job(job), write=True)

    async def _ended(self, job: str) -> None:
        """A job that has begun is waited for through whatever fails in between: until it has ended, nothing may be sent again."""
        while True:
            found = await self._patiently(f"job {job}", lambda: self._client("").get_job(job, False))
            if found["state"] in ENDED:
                break
            await self._clock.sleep(POLL_S)
        if found["state"] != DONE:
            raise Rejected(f"Salesforce bulk job {job}: {found['state']}: {found.get('errorMessage', '')}", code=f"bulk_{found['state'].lower()}")

    async def _patiently(self, what: str, call: Callable[[], T]) -> T:
        """A question that may be asked any number of times. Raises the last Transient after `PATIENCE_S`: then the batch is in doubt."""
        end = self._clock.monotonic() + PATIENCE_S
        while True:
            try:
                return await self._run(what, call, write=True)
            except Transient as error:
                if self._clock.monotonic() > end:
                    raise
                await self._clock.sleep(error.wait_s or POLL_S)

    async def unended(self) -> list[Mapping[str, Any]]:
        """Our own ingest jobs that may still write, oldest first: {"id", "object", "state", "createdDate"}."""
        me = (await self._org.token()).user_id
        found, path = [], "jobs/ingest?jobType=V2Ingest"
        while path:
            page = await self._org.call("GET", path, lane="backfill")
            found += [j for j in page["records"] if j["createdById"][:15] == me[:15] and j["state"] not in ENDED]
            path = "" if page.get("done", True) else str(page["nextRecordsUrl"]).rpartition(f"/v{self._org.version}/")[2]
        return found

    async def settle(self) -> None:
        """Wait until no earlier job of ours can write any more. One that was left open (its maker died before it closed it) is aborted."""
        for job in await self.unended():
            id_ = str(job["id"])
            if job["state"] == "Open":
                if self._org.server.now_ms() - stamp_ms(str(job["createdDate"])) > OPEN_MS:
                    await self._run(f"job {id_}", partial(self._client(str(job["object"])).abort_job, id_, False), write=True)
                continue
            try:
                await self._ended(id_)
            except Rejected as error:
                LOG.warning("an earlier job has failed", job=id_, why=str(error))

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
    """CSV of rows; null and empty text are written as #N/A, a column that a row doesn't have as an empty cell, which leaves the field alone."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: cell(v) for k, v in row.items()} for row in rows)
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as it stands in the CSV."""
    if value is None or value == "":
        return NULL
    return str(value).lower() if isinstance(value, bool) else str(value)


def _result(row: Mapping[str, str], kind: str) -> Result:
    if kind == "successfulResults":
        return Result(row["sf__Id"], ok=True, created=row.get("sf__Created", "").lower() == "true")
    if kind == "failedResults":
        return Result(row.get("sf__Id", ""), ok=False, errors=(bulk_error(row["sf__Error"]),))
    return Result("", ok=False, errors=(RowError("UNPROCESSED", "the job ended before this row"),))
