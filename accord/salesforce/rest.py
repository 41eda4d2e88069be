"""The Salesforce REST API by way of simple-salesforce, asynchronous, with typed answers and errors by consequence.

The library is synchronous: each call runs on a thread of a bounded pool. Numbers are Decimal both ways. Source: REST API Developer Guide.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import requests
from simple_salesforce import Salesforce as Library
from simple_salesforce.exceptions import SalesforceError

from accord.calls import ServerClock, Threads, session, unreachable
from accord.clock import Clock
from accord.errors import AccordError, Fatal, Transient
from accord.pace import Lane, Pace
from accord.salesforce.auth import Credentials, Token, Tokens
from accord.salesforce.faults import CROWDED, RowError, judge, row_errors
from accord.salesforce.session import Wire
from accord.salesforce.soql import select

#: The newest version that every org on the current release has; simple-salesforce's own default is 59.0.
VERSION = "67.0"
#: Records in one collection call, and ids in one IN list.
BATCH = 200
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a query. `at_ms`: the server's time when it was asked, never later than the truth. `more`: address of the next page."""

    rows: Sequence[Mapping[str, Any]]
    at_ms: int
    more: str = ""
    total: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record of a write."""

    id: str
    ok: bool
    created: bool = False
    errors: tuple[RowError, ...] = ()

    def error(self, what: str = "") -> AccordError | None:
        """The consequence, None where it went well."""
        return None if self.ok else judge(self.errors, write=True, what=what)


class Salesforce:
    """One org. All methods raise Transient, Rejected or Fatal; `lane` counts where a Pace was given."""

    def __init__(
        self, credentials: Credentials, *, clock: Clock, version: str = VERSION, ca_file: Path | None = None, slots: int = 8, client: str = "accord", pace: Pace | None = None
    ) -> None:  # fmt: skip
        self.server = ServerClock(clock)
        self.version = version
        self._pace = pace
        self._threads = Threads("salesforce", slots)
        base = session(ca_file=ca_file, slots=slots)
        self.tokens = Tokens(credentials, base, clock)
        self._wire = Wire(base, self.tokens, self.server, client, pace.usage if pace else _ignore)
        self._made: Library | None = None
        self._making = threading.Lock()
        self._described: dict[str, Mapping[str, Any]] = {}

    def close(self) -> None:
        self._threads.close()

    async def token(self) -> Token:
        """Whose session this is; signs in when there is none."""
        return await self._threads.run(self.tokens.get)

    async def renew(self, stale: str) -> Token:
        """A new token in place of one that another door (Pub/Sub) refused."""
        return await self._threads.run(self.tokens.renew, stale)

    async def call(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None, headers: Mapping[str, str] | None = None, write: bool | None = None, lane: Lane = "live"
    ) -> Any:  # fmt: skip
        """Any call. `path`: below `/services/data/vNN.0/`. `write` (default: the method is not GET): an unclear failure is ambiguous."""
        writes = method != "GET" if write is None else write
        return await self.paced(lane, self._call, method, path, params, body, headers, writes)

    async def paced(self, lane: Lane, call: Any, *args: Any) -> Any:
        """A blocking call of this client's on a thread, within the pace."""
        if self._pace is None:
            return await self._threads.run(call, *args)
        async with self._pace.slot(lane):
            try:
                return await self._threads.run(call, *args)
            except Transient as error:
                if crowded(error):
                    self._pace.refused()
                raise

    def _call(self, method: str, path: str, params: Mapping[str, str] | None, body: Any, headers: Mapping[str, str] | None, write: bool) -> Any:
        kwargs: dict[str, Any] = {"headers": dict(headers or {})}
        if body is not None:
            kwargs["data"] = _ENCODE(body)
        what = f"Salesforce {method} {path.partition('?')[0]}"
        try:
            return self.library().restful(path, params=params, method=method, **kwargs)
        except SalesforceError as error:
            raise judge(row_errors(error.content), status=error.status, write=write, what=what) from error
        except requests.RequestException as error:
            raise unreachable(error, what, write=write) from error

    def library(self) -> Library:
        """The simple-salesforce client (made at the first call: only then the instance is known). Blocking."""
        with self._making:
            if self._made is None:
                token = self.tokens.get()
                self._made = Library(
                    instance_url=token.instance_url, session_id=token.access_token, session=self._wire, version=self.version, parse_float=Decimal, object_pairs_hook=dict,
                )  # fmt: skip
            return self._made

    async def versions(self) -> tuple[str, ...]:
        """API versions that the org offers ("67.0"), oldest first."""
        return await self._threads.run(self._versions)

    def _versions(self) -> tuple[str, ...]:
        try:
            host = self.tokens.get().instance_url.partition("://")[2]
            answer = self._wire.request("GET", f"https://{host}/services/data")
            answer.raise_for_status()
        except requests.RequestException as error:
            raise unreachable(error, "Salesforce GET /services/data", write=False) from error
        return tuple(str(row["version"]) for row in answer.json())

    async def describe(self, object_: str) -> Mapping[str, Any]:
        """Description of an object, kept: {"fields": {name: field}, "queryable": ...}. Fatal where it is hidden."""
        if object_ not in self._described:
            try:
                found = await self.call("GET", f"sobjects/{object_}/describe")
            except AccordError as error:
                if getattr(error, "code", "") == "NOT_FOUND":
                    raise Fatal(f"Salesforce has no object {object_}, or hides it; {HIDDEN}", code="INVALID_TYPE") from error
                raise
            self._described[object_] = {**found, "fields": {f["name"]: f for f in found["fields"]}}
        return self._described[object_]

    async def query(self, soql: str, *, deleted: bool = False, lane: Lane = "live") -> Rows:
        """The first page. `deleted`: rows of the recycle bin too (IsDeleted tells). Child rows are complete."""
        at = self.server.now_ms()
        return _rows(await self.paced(lane, self._query, "queryAll" if deleted else "query", {"q": soql}), at)

    async def more(self, page: Rows, *, lane: Lane = "live") -> Rows:
        """The page after this one; its time stays that of the query's start."""
        return _rows(await self.paced(lane, self._query, self._below(page.more), None), page.at_ms)

    async def pages(self, soql: str, *, deleted: bool = False, lane: Lane = "live") -> AsyncIterator[Rows]:
        """All pages of a query."""
        page = await self.query(soql, deleted=deleted, lane=lane)
        yield page
        while page.more:
            page = await self.more(page, lane=lane)
            yield page

    def _query(self, path: str, params: Mapping[str, str] | None) -> Any:
        found = self._call("GET", path, params, None, None, False)
        for row in found["records"]:
            for value in row.values():
                while isinstance(value, dict) and value.get("nextRecordsUrl"):
                    further = self._call("GET", self._below(value.pop("nextRecordsUrl")), None, None, None, False)
                    value["records"] += further["records"]
                    value |= {k: further[k] for k in ("nextRecordsUrl",) if k in further}
        return found

    def _below(self, url: str) -> str:
        return url.rpartition(f"/services/data/v{self.version}/")[2]

    async def count(self, object_: str, where: str = "") -> int:
        """How many rows there are."""
        return (await self.query(select(object_, ["COUNT()"], where=[where]))).total

    async def create_all(self, records: Sequence[Mapping[str, Any]], *, lane: Lane = "live") -> list[Result]:
        """Up to 200 inserts (each record with `attributes.type`), each settled on its own, answers in the order sent."""
        return [replace(r, created=r.ok) for r in await self._collection("POST", "composite/sobjects", records, lane)]

    async def update_all(self, records: Sequence[Mapping[str, Any]], *, lane: Lane = "live") -> list[Result]:
        """Up to 200 updates by `Id`."""
        return await self._collection("PATCH", "composite/sobjects", records, lane)

    async def upsert_all(self, object_: str, key_field: str, records: Sequence[Mapping[str, Any]], *, lane: Lane = "live") -> list[Result]:
        """Up to 200 upserts of one object by an external id that stands in each record."""
        return await self._collection("PATCH", f"composite/sobjects/{object_}/{key_field}", records, lane)

    async def _collection(self, method: str, path: str, records: Sequence[Mapping[str, Any]], lane: Lane) -> list[Result]:
        found = await self.call(method, path, body={"allOrNone": False, "records": records}, lane=lane)
        return [result(row) for row in found or ()]

    async def delete_all(self, ids: Sequence[str], *, lane: Lane = "live") -> list[Result]:
        """Up to 200 deletes by id."""
        found = await self.call("DELETE", "composite/sobjects", params={"ids": ",".join(ids), "allOrNone": "false"}, lane=lane)
        return [result(row) for row in found or ()]

    async def get(self, object_: str, id_: str, fields: Sequence[str] = ()) -> Mapping[str, Any]:
        """One record by id. A missing one is Rejected with code NOT_FOUND."""
        found: Mapping[str, Any] = await self.call("GET", f"sobjects/{object_}/{id_}", params={"fields": ",".join(fields)} if fields else None)
        return found

    async def get_by(self, object_: str, key_field: str, value: str) -> Mapping[str, Any] | None:
        """One record by external id, None where there is none."""
        try:
            found: Mapping[str, Any] = await self.call("GET", f"sobjects/{object_}/{key_field}/{quote(value, safe='')}")
        except AccordError as error:
            if getattr(error, "code", "") == "NOT_FOUND":
                return None
            raise
        return found

    async def upsert(self, object_: str, key_field: str, value: str, body: Mapping[str, Any], *, lane: Lane = "live") -> Result:
        """One upsert by external id (which is not in the body)."""
        path = f"sobjects/{object_}/{key_field}/{quote(value, safe='')}"
        return result(await self.call("PATCH", path, body=body, lane=lane) or {"success": True})

    async def composite(self, requests_: Sequence[Mapping[str, Any]], *, all_or_none: bool = False, lane: Lane = "live") -> Sequence[Mapping[str, Any]]:
        """Up to 25 sub-requests in one call; each answer has its own httpStatusCode."""
        found = await self.call("POST", "composite", body={"allOrNone": all_or_none, "compositeRequest": requests_}, lane=lane)
        answers: Sequence[Mapping[str, Any]] = found["compositeResponse"]
        return answers

    async def limits(self) -> Mapping[str, Any]:
        """The org's limits; needs "View Setup and Configuration"."""
        found: Mapping[str, Any] = await self.call("GET", "limits")
        if self._pace and "DailyApiRequests" in found:
            daily = found["DailyApiRequests"]
            self._pace.usage(int(daily["Max"]) - int(daily["Remaining"]), int(daily["Max"]))
        return found


HIDDEN = "deploy ops/salesforce and assign the permission set Accord_Integration to the integration user"


def result(row: Mapping[str, Any]) -> Result:
    """One row of a collection's answer (or of a single create or upsert)."""
    return Result(str(row.get("id") or ""), bool(row.get("success")), bool(row.get("created")), row_errors(row.get("errors") or ()))


def crowded(error: Transient) -> bool:
    """Was it refused because too many calls were under way?"""
    return error.code in {f"http_{s}" for s in CROWDED} or (error.code == "REQUEST_LIMIT_EXCEEDED" and "oncurrent" in str(error))


def _rows(found: Mapping[str, Any], at_ms: int) -> Rows:
    return Rows(found["records"], at_ms, str(found.get("nextRecordsUrl") or ""), int(found["totalSize"]))


def _ignore(used: int, daily: int) -> None:
    """Nobody paces this client."""
