"""The account on HTTP: an ASGI application with sign-in, account-wide concurrency and the faults below.

Faults by switchboard name. Every chance offers `method`, `service` (rest, restlet, suiteql, token), `type` (REST record type, '' for none).

| name | params | what happens |
|---|---|---|
| latency | seconds | the answer waits, and holds its concurrency slot |
| error | status, code, detail | that refusal instead of the work (RESTlets: in their own shape) |
| concurrency_refused | | 429 CONCURRENCY_LIMIT_EXCEEDED, RESTlets 400 SSS_REQUEST_LIMIT_EXCEEDED |
| reset_before_commit | | the connection is cut, nothing was done |
| reset_after_commit | | the work is done, then the connection is cut without an answer |
| late_commit | seconds | a save becomes visible (and is answered) so much later, with the stamp of its beginning |
| token_revoked | | 401 for a good token |
| trigger | field, value | a user event sets another value in the same save (match: type) |
| async_flow | field, value, seconds | a workflow sets it in a later transaction of its own (match: type) |
| truncate | field, length | a text is cut silently (match: type) |
| permission_removed | field or nothing | the field (or with none the type: match type) is out of the role's sight |
| subsidiary_removed | subsidiary | records of that subsidiary, and itself, are out of the role's sight by id and in searches: as if deleted |
| record_locked | | a write answers USER_ERROR "locked by a workflow" |
| restlet_old_version | version | our RESTlet's answer names an older version |
| clock_skew | seconds | the account's clock is off by so much while it is on |
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from ops.sandbox.faults import Fault
from ops.sandbox.netsuite import jobs, records, restlets, sdf, suiteql, system
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.call import Answer, Call, refusal
from ops.sandbox.netsuite.credentials import Credentials
from ops.sandbox.netsuite.engines import Engine, QuickJs
from ops.sandbox.netsuite.errors import NsError, login
from ops.sandbox.netsuite.oauth1 import Token, Verifier
from ops.sandbox.netsuite.oauth2 import TOKEN_PATH, Issuer
from ops.sandbox.netsuite.reading import RECORDS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LATE_STEP_S = 0.01
NEEDED_SCOPES = {"restlet": {"restlets"}, "suiteql": {"rest_webservices", "suite_analytics"}}


class NetSuite:
    """ASGI application of one account. `scripts`: deployed RESTlets; more may be appended."""

    def __init__(self, account: Account, credentials: Credentials, *, engine: Engine | None = None) -> None:
        c = self.credentials = credentials
        self.account = account
        self.engine = engine or QuickJs()
        self.scripts = list(sdf.restlets(account.project))
        self.counts: Counter[str] = Counter()
        self._in_flight = 0
        self._tba = Verifier(c.account, [Token(c.consumer_key, c.consumer_secret, c.token_id, c.token_secret)])
        self._m2m = Issuer(c.account, c.client_id, {c.certificate_id: c.public_key()}, c.signing_key())

    def deploy(self, script: sdf.Restlet) -> None:
        """One more script, or a new file for one that is there: what an account holds besides ours. Gone after a restart."""
        kept = [s for s in self.scripts if (s.script, s.deploy) != (script.script, script.deploy)]
        self.scripts[:] = [*kept, script]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = await _read(scope, receive)
        service = _service(call.path)
        limited = service in ("rest", "restlet", "suiteql")
        self.counts[f"{call.method} {_shape(call.path)}"] += 1
        admitted = not limited or self._in_flight < self.account.options.concurrency
        if limited and admitted:
            self._in_flight += 1
        try:
            await asyncio.sleep(0)  # calls that arrive together hold their slots together
            answer = await self._guarded(call, service, admitted)
        finally:
            if limited and admitted:
                self._in_flight -= 1
        if answer is None:
            await _cut(send)
            return
        if answer.status >= 400:
            self.counts[f"refused {answer.status}"] += 1
        await self._send(answer, send)

    async def _guarded(self, call: Call, service: str, admitted: bool) -> Answer | None:
        """The answer, or None when the connection is to be cut."""
        chance = {"method": call.method, "service": service, "type": _type(call.path)}
        try:
            self.account.settle()
            self._check_sign_in(call, service)
            self._check_concurrency(service, chance, admitted)
            await self._wait(chance)
            self._refuse_on_request(chance)
            if self._strike("reset_before_commit", chance):
                return None
            answer = await self._work(call, service, chance)
        except NsError as error:
            answer = restlets.error_body(error) if service == "restlet" else refusal(error)
        if call.method in WRITES and answer.status < 400 and self._strike("reset_after_commit", chance):
            return None
        return answer

    def _check_concurrency(self, service: str, chance: dict[str, str], admitted: bool) -> None:
        """One limit for the whole account, over REST and RESTlets."""
        if service in ("token", "open") or (admitted and not self._strike("concurrency_refused", chance)):
            return
        if service == "restlet":
            raise NsError("SSS_REQUEST_LIMIT_EXCEEDED", "Request Limit Exceeded. The concurrent request limit of the account was exceeded.")
        raise NsError("CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.", 429)

    def _refuse_on_request(self, chance: dict[str, str]) -> None:
        fault = self._strike("error", chance)
        if fault:
            detail = fault.params.get("detail", "An unexpected error occurred. Error ID: sandbox")
            raise NsError(fault.params.get("code", "UNEXPECTED_ERROR"), detail, int(fault.params.get("status", 500)))

    def _strike(self, name: str, chance: dict[str, str]) -> Fault | None:
        return self.account.faults.strike(name, **chance)

    async def _wait(self, chance: dict[str, str]) -> None:
        fault = self._strike("latency", chance)
        seconds = self.account.options.base_latency_s + (float(fault.params.get("seconds", 1)) if fault else 0.0)
        if seconds:
            await asyncio.sleep(seconds)
            self.account.settle()

    async def _work(self, call: Call, service: str, chance: dict[str, str]) -> Answer:
        stamp = ""
        if service == "rest" and call.method in WRITES:
            fault = self._strike("late_commit", chance)
            if fault:
                stamp = self.account.stamp()
                await self._until(self.account.clock.time() + float(fault.params.get("seconds", 1)))
        return self._answer(call, service, stamp)

    async def _until(self, moment: float) -> None:
        """Wait for the sandbox's own clock, which a test may move."""
        while self.account.clock.time() < moment:  # noqa: ASYNC110  the clock moves by requests, nobody could set an event
            await asyncio.sleep(LATE_STEP_S)
        self.account.settle()

    def _answer(self, call: Call, service: str, stamp: str) -> Answer:
        if service == "token":
            return self._m2m.token(call, self.account.now().timestamp())
        if service == "open":
            return system.data_centers(call)
        if service == "restlet":
            if call.path == system.TOKEN_INFO:
                return system.token_info(self.account)
            return restlets.handle(self.account, self.engine, self.scripts, call)
        return self._rest(call, stamp)

    def _rest(self, call: Call, stamp: str) -> Answer:
        """Records, SuiteQL, jobs and the system service; any of the first two may be asked for asynchronously."""
        if call.path.startswith(system.SYSTEM):
            return system.handle(self.account, call)
        if call.path.startswith(jobs.JOBS):
            return jobs.handle(self.account, call)
        if jobs.is_async(call):
            return jobs.start(self.account, call)
        if call.path.startswith(suiteql.PATH):
            return suiteql.handle(self.account, call)
        if call.path.startswith(f"{RECORDS}/"):
            return records.handle(self.account, call, stamp)
        raise NsError("NONEXISTENT_ID", "Invalid URL", 404, errorUrl=call.path)

    def _check_sign_in(self, call: Call, service: str) -> None:
        """401 unless the call is signed (TBA) or carries a token of the right scope; tells nobody why, as the real one."""
        if service in ("token", "open"):
            return
        header = call.headers.get("authorization", "")
        now = self.account.now().timestamp()
        wrong: str | None = "no credentials"
        if header.startswith("OAuth "):
            wrong = self._tba.check(call.method, f"{call.base}{call.path}", call.query, header, now)
        elif header.startswith("Bearer "):
            scopes = self._m2m.scopes(header[7:], now)
            wrong = None if scopes and scopes & NEEDED_SCOPES.get(service, {"rest_webservices"}) else "invalid_token"
        if wrong is None and self._strike("token_revoked", {"method": call.method, "service": service, "type": _type(call.path)}):
            wrong = "token_revoked"
        if wrong is not None:
            self.counts[f"sign-in {wrong}"] += 1
            raise NsError("INVALID_LOGIN_ATTEMPT", "Invalid login attempt.", 401) if service == "restlet" else login()

    async def _send(self, answer: Answer, send: Send) -> None:
        content = answer.content()
        headers = {
            "Date": format_datetime(self.account.now(), usegmt=True),
            "X-N-OperationId": str(uuid4()),
            "NS_RTIMER_COMPOSITE": "1:1:1",
        }
        if answer.status == 401 and "WWW-Authenticate" not in answer.headers:
            realm = self.account.options.account
            headers["WWW-Authenticate"] = f'Bearer realm="{realm}", error="invalid_token", error_description="Invalid login attempt."'
        if content:
            headers["Content-Type"] = answer.media_type
        if answer.status != 204:
            headers["Content-Length"] = str(len(content))
        raw = [(name.lower().encode(), value.encode()) for name, value in {**headers, **answer.headers}.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": content})


async def _read(scope: Scope, receive: Receive) -> Call:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    base = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
    path = scope.get("raw_path", scope["path"].encode()).decode().partition("?")[0]
    return Call(scope["method"], path, base, scope["query_string"].decode(), headers, bytes(body))


def _service(path: str) -> str:
    if path == TOKEN_PATH:
        return "token"
    if path == system.DATA_CENTERS:
        return "open"
    if path.startswith("/app/") or path == system.TOKEN_INFO:
        return "restlet"
    return "suiteql" if path.startswith(suiteql.PATH) else "rest"


def _type(path: str) -> str:
    return path.removeprefix(RECORDS).strip("/").split("/")[0] if path.startswith(RECORDS) else ""


def _shape(path: str) -> str:
    """The path with ids taken out, for the counts."""
    if not path.startswith(RECORDS):
        return path
    parts = path.removeprefix(RECORDS).strip("/").split("/")
    if len(parts) > 1:
        parts[1] = "eid" if parts[1].startswith("eid:") else "{id}"
    return f"{RECORDS}/{'/'.join(parts)}"


async def _cut(send: Send) -> None:
    """Close the TCP connection without an answer; without a server (ASGI in a test) the client sees the reset directly."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox cut the connection")
    transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
