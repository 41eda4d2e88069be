"""NetSuite's REST web services: records, SuiteQL, system. Asynchronous, with typed answers and errors by consequence.

Blocking `requests` calls run on a bounded pool. Numbers are Decimal both ways. Source: RB and OH pages named in netsuite.md section 8.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import requests

from accord.calls import TIMEOUT, ServerClock, Threads, session, unreachable
from accord.clock import Clock, epoch_ms
from accord.errors import Fatal, Rejected, Transient
from accord.netsuite.auth import Credentials, Scope, signer
from accord.netsuite.faults import MISSING, Fault, crowded, faults_in, judge, missing
from accord.pace import Lane, Pace

RECORD = "/services/rest/record/v1"
#: The default only warns: a misspelt field would be dropped, with a 204.
STRICT = {"X-NetSuite-PropertyNameValidation": "error"}
JSON = {"Content-Type": "application/json"}
#: A person gives the role back what it may see.
SIGHT_WAIT_S = 5.0
#: SuiteQL's largest page.
PAGE = 1000
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_DECODE = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `location`: of a record just made."""

    status: int
    body: Any
    location: str = ""

    def id(self) -> str:
        """Internal id of the record that the Location names."""
        return self.location.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Governance:
    """Calls at once: of the whole account, and what is set aside for this integration (None = shares the rest)."""

    account: int
    unallocated: int
    integration: int | None


class NetSuite:
    """One account. All methods raise Transient, Rejected or Fatal; `lane` counts where a Pace was given."""

    def __init__(
        self, credentials: Credentials, *, clock: Clock, ca_file: Path | None = None, slots: int = 5, pace: Pace | None = None,
        subsidiaries: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`subsidiaries`: ids of those that the role must see (`sighted`)."""
        self._subsidiaries = subsidiaries
        self.credentials = credentials
        self.server = ServerClock(clock)
        self._pace = pace
        self._threads = Threads("netsuite", slots)
        self._session = session(ca_file=ca_file, slots=slots)
        self._signer = signer(credentials, self._session, clock, self.server)

    def close(self) -> None:
        self._threads.close()

    async def call(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None, headers: Mapping[str, str] | None = None, write: bool | None = None, lane: Lane = "live"
    ) -> Answer:  # fmt: skip
        """Any REST call. `path` begins with /services. `write` (default: the method is not GET): an unclear failure is ambiguous."""
        url = self.credentials.rest() + path
        writes = method != "GET" if write is None else write
        return await self.send(method, url, "rest_webservices", params, body, {**STRICT, **(headers or {})}, write=writes, lane=lane)

    async def send(
        self, method: str, url: str, scope: Scope, params: Mapping[str, str] | None, body: Any, headers: Mapping[str, str], *, write: bool, lane: Lane
    ) -> Answer:  # fmt: skip
        """One signed request on a thread, within the pace."""
        if self._pace is None:
            return await self._threads.run(self._send, method, url, scope, params, body, headers, write=write)
        async with self._pace.slot(lane):
            try:
                return await self._threads.run(self._send, method, url, scope, params, body, headers, write=write)
            except Transient as error:
                if crowded(error):
                    self._pace.refused()
                raise

    def _send(
        self, method: str, url: str, scope: Scope, params: Mapping[str, str] | None, body: Any, headers: Mapping[str, str], *, write: bool
    ) -> Answer:  # fmt: skip
        what = f"NetSuite {method} {url.partition('/services/rest')[2] or 'RESTlet'}"
        response = self._once(method, url, scope, params, body, headers, what, write=write)
        if response.status_code == 401:
            response = self._once(method, url, scope, params, body, headers, what, write=write)
        try:
            content = _DECODE(response.content) if response.content else None
        except msgspec.DecodeError:
            content = None
        faults = faults_in(content)
        if response.status_code >= 300 or (faults and scope == "restlets"):
            given = faults or (Fault("", response.text[:300]),)
            raise judge(given, status=response.status_code, write=write, what=what)
        return Answer(response.status_code, content, response.headers.get("Location", ""))

    def _once(
        self, method: str, url: str, scope: Scope, params: Mapping[str, str] | None, body: Any, headers: Mapping[str, str], what: str, *, write: bool
    ) -> requests.Response:  # fmt: skip
        auth = self._signer.auth(scope)
        data = None if body is None else _ENCODE(body)
        sent = self.server.local_ms()
        try:
            response = self._session.request(
                method, url, params=params, data=data, headers={**(JSON if data else {}), **headers}, auth=auth, timeout=TIMEOUT, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException as error:
            raise unreachable(error, what, write=write) from error
        self.server.note_date(response.headers.get("Date"), sent_ms=sent)
        if response.status_code == 401:
            self._signer.refused(scope, auth)
        return response

    async def get(
        self, type_: str, id_: str, *, expand: bool = True, fields: Sequence[str] = (), simple: bool = False, lane: Lane = "live"
    ) -> Mapping[str, Any]:  # fmt: skip
        """One record (`id_` may be "eid:..."). A missing one is Rejected; `faults.missing` tells."""
        params = {"fields": ",".join(fields)} if fields else {}
        params |= {"expandSubResources": "true"} if expand and not fields else {}
        params |= {"simpleEnumFormat": "true"} if simple else {}
        body: Mapping[str, Any] = (await self.call("GET", f"{RECORD}/{type_}/{id_}", params=params, lane=lane)).body
        return body

    async def sighted(self) -> None:
        """Does the role see every subsidiary that it must? Transient, naming it, where it doesn't: what is out of a role's sight looks as if it were
        deleted (assumed: Oracle's pages on roles restricted by subsidiary don't say what REST and searches answer then), so nothing may be taken for gone.
        """
        for id_ in self._subsidiaries:
            try:
                await self.get("subsidiary", id_, fields=("id",))
            except Rejected as error:
                if not missing(error):
                    raise
                message = (
                    f"the role doesn't see subsidiary {id_}: nothing is taken for deleted. Give it back to the role, or take it out of [reference.subsidiaries]"
                )
                raise Transient(message, wait_s=SIGHT_WAIT_S, code="subsidiary_hidden") from error

    async def id_of(self, type_: str, external_id: str, *, lane: Lane = "live") -> str | None:
        """Internal id of the record that has this external id, None where there is none."""
        try:
            return str((await self.get(type_, f"eid:{external_id}", fields=("id",), lane=lane))["id"])
        except Rejected as error:
            if missing(error):
                return None
            raise

    async def create(self, type_: str, body: Mapping[str, Any], *, lane: Lane = "live") -> str:
        """Insert; answers the internal id. An external id already in use is Rejected; `faults.taken` tells."""
        return (await self.call("POST", f"{RECORD}/{type_}", body=body, lane=lane)).id()

    async def update(self, type_: str, id_: str, body: Mapping[str, Any], *, options: Mapping[str, str] | None = None, lane: Lane = "live") -> None:
        """Change the fields given. `options` are query parameters: {"replace": "item"} replaces that sublist whole."""
        await self.call("PATCH", f"{RECORD}/{type_}/{id_}", params=options, body=body, lane=lane)

    async def upsert(self, type_: str, external_id: str, body: Mapping[str, Any], *, lane: Lane = "live") -> str:
        """Insert or update by external id (letters, digits, `_`, `-`); answers the internal id."""
        return (await self.call("PUT", f"{RECORD}/{type_}/eid:{external_id}", body=body, lane=lane)).id()

    async def delete(self, type_: str, id_: str, *, lane: Lane = "live") -> None:
        await self.call("DELETE", f"{RECORD}/{type_}/{id_}", lane=lane)

    async def transform(
        self, type_: str, id_: str, target: str, body: Mapping[str, Any], *, options: Mapping[str, str] | None = None, lane: Lane = "live"
    ) -> str:
        """Make a record out of another (salesOrder -> itemFulfillment); answers the new internal id."""
        return (await self.call("POST", f"{RECORD}/{type_}/{id_}/!transform/{target}", params=options, body=body, lane=lane)).id()

    async def attach(self, type_: str, id_: str, other: str, other_id: str, body: Mapping[str, Any], *, lane: Lane = "live") -> None:
        """Attach a contact to a record, in the role that the body names: {"role": {"id": "-10"}} (OH/article_0113084334; 2026.1 and later)."""
        await self.call("POST", f"{RECORD}/{type_}/{id_}/!attach/{other}/{other_id}", body=body, lane=lane)

    async def find(self, type_: str, query: str, *, limit: int = 100, lane: Lane = "live") -> list[str]:
        """Internal ids of records for which a `q` condition holds: `externalId IS "a"`."""
        body = (await self.call("GET", f"{RECORD}/{type_}", params={"q": query, "limit": str(limit)}, lane=lane)).body
        return [str(item["id"]) for item in body["items"]]

    async def suiteql(self, query: str, params: Sequence[str | int] = (), *, lane: Lane = "live") -> AsyncIterator[Mapping[str, Any]]:
        """All rows of a query (order it by something unique); keys are lower case, values text, nulls left out."""
        offset, more = 0, True
        while more:
            rows, more = await self.suiteql_page(query, params, offset=offset, lane=lane)
            for row in rows:
                yield row
            offset += PAGE

    async def suiteql_page(self, query: str, params: Sequence[str | int] = (), *, offset: int = 0, lane: Lane = "live") -> tuple[list[Mapping[str, Any]], bool]:
        """Up to 1,000 rows from an offset that is a multiple of that, and whether there are more."""
        page = {"limit": str(PAGE), "offset": str(offset)}
        asked = {"q": query, "params": list(params)} if params else {"q": query}
        answer = await self.call("POST", "/services/rest/query/v1/suiteql", params=page, body=asked, headers={"Prefer": "transient"}, write=False, lane=lane)
        return [{k: v for k, v in row.items() if k != "links"} for row in answer.body["items"]], bool(answer.body["hasMore"])

    async def metadata(self, type_: str) -> Mapping[str, Any]:
        """JSON schema of a record type, custom fields included."""
        body: Mapping[str, Any] = (await self.call("GET", f"{RECORD}/metadata-catalog/{type_}", headers={"Accept": "application/schema+json"})).body
        return body

    async def server_time(self) -> int:
        """Epoch ms there (2025.2 and later)."""
        sent = self.server.local_ms()
        body = (await self.call("GET", "/services/rest/system/v1/serverTime")).body
        at = instant(str(body["serverTime"]))
        self.server.note(at, sent_ms=sent)
        return at

    async def governance(self) -> Governance | None:
        """The account's limits; None where the role may not see them (only an administrator may)."""
        try:
            body = (await self.call("GET", "/services/rest/system/v1/governanceLimits")).body
        except (Rejected, Fatal) as error:
            if error.code in {"INSUFFICIENT_PERMISSION", "http_403", *MISSING}:
                return None
            raise
        share = body.get("integrationConcurrencyLimit")
        return Governance(int(body["accountConcurrencyLimit"]), int(body["accountUnallocatedConcurrencyLimit"]), None if share is None else int(share))


def instant(text: str) -> int:
    """Epoch ms of "2025-03-26T16:21:00.000Z"."""
    return epoch_ms(datetime.fromisoformat(text).astimezone(UTC))
