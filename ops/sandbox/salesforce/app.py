"""The org's front door: an ASGI application. Faults strike here, around a handler that runs without a pause."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from ops.sandbox.cut import cut
from ops.sandbox.salesforce import info, oauth, routes, soap
from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.problems import Problem, Refused, not_found, refuse
from ops.sandbox.salesforce.routing import dispatch, find, segments

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LONG_CALL_S, MOST_LONG_CALLS, MOST_URI = 20.0, 25, 16_384
SESSION_ENDED = Problem("INVALID_SESSION_ID", "Session expired or invalid")


@dataclass(slots=True)
class Request:
    """What came over the wire. `size`: bytes of URI and headers."""

    method: str
    pieces: list[str]
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    size: int

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True))

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def bearer(self) -> str:
        given = self.headers.get("authorization", "")
        kind, _, value = given.partition(" ")
        return value.strip() if kind.lower() in {"bearer", "oauth"} else self.params.get("oauth_token", "")


class App:
    """ASGI application of one org."""

    def __init__(self, org: Org) -> None:
        routes.install()
        self.org = org
        self._running: dict[int, float] = {}
        self._serial = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request = await _read(scope, receive)
        shape = self._shape(request)
        self._serial += 1
        serial = self._serial
        self._running[serial] = self.org.clock.time()
        try:
            answer = await self._answer(request, shape, scope)
        except Refused as refused:
            answer = Answer(refused.status, refused.answer())
        finally:
            del self._running[serial]
        if answer.status >= 400:
            self.org.refused[f"{answer.status} {request.method} {shape}"] += 1
        await _send(send, answer, self._limit_header(request))

    def _shape(self, request: Request) -> str:
        """The path with ids and values left out."""
        if request.pieces[:2] == ["services", "data"] and len(request.pieces) > 2:
            return find(request.method, request.pieces[3:])[1] or "/unknown"
        return "/" + "/".join(request.pieces[:3])

    def _limit_header(self, request: Request) -> dict[str, str]:
        if request.pieces[:2] != ["services", "data"]:
            return {}
        return {"Sforce-Limit-Info": f"api-usage={self.org.used_today}/{self.org.settings.daily_calls}"}

    async def _answer(self, request: Request, shape: str, scope: Scope) -> Answer:
        if request.size > MOST_URI:
            raise refuse("URI_TOO_LONG", f"URI and headers together are longer than {MOST_URI} bytes")
        chance = {"method": request.method, "shape": shape, "object": _object(request)}
        faults = self.org.faults
        latency = faults.strike("latency", **chance)
        if latency:
            await asyncio.sleep(float(latency.params.get("seconds", 0.1)))
        if faults.strike("reset_before_commit", **chance):
            await cut(scope)
        fault = faults.strike("error", **chance)
        if fault:
            raise _asked_for(fault.params)
        moment: datetime | None = None
        late = faults.strike("late_commit", **chance) if request.method in {"POST", "PATCH", "PUT", "DELETE"} else None
        if late:
            moment = self.org.now()
            await asyncio.sleep(float(late.params.get("seconds", 1.0)))
        answer = self._handle(request, shape, moment)
        if answer.status < 400 and faults.strike("reset_after_commit", **chance):
            await cut(scope)
        return answer

    def _handle(self, request: Request, shape: str, moment: datetime | None) -> Answer:
        match request.pieces:
            case ["services", "data"]:
                return Answer(body=info.versions(self.org))
            case ["services", "data", version, *parts]:
                return self._data(request, shape, version, parts, moment)
            case ["services", "oauth2", door]:
                return self._oauth(request, door)
            case ["id", org_id, user] if org_id[:15] == self.org.org_id[:15]:
                self._signed_in(request)
                return oauth.identity(self.org, request.base, user)
            case ["services", "Soap", "u" | "c", version, *_]:
                return soap.login(self.org, request.base, version, request.body)
            case ["services", "async", *_]:
                return Answer(400, {"exceptionCode": "FeatureNotEnabled", "exceptionMessage": "Async API not enabled"})
        raise not_found()

    def _data(self, request: Request, shape: str, version: str, parts: list[str], moment: datetime | None) -> Answer:
        user = self._signed_in(request)
        org = self.org
        org.count_call(f"{request.method} {shape}")
        if org.used_today > org.settings.daily_calls or org.faults.strike("daily_limit"):
            raise refuse("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        now = org.clock.time()
        if sum(now - start > LONG_CALL_S for start in self._running.values()) >= MOST_LONG_CALLS:
            raise refuse("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
        if not version.startswith("v"):
            raise not_found()
        call = Call(
            org=org,
            method=request.method,
            parts=parts,
            version=version[1:],
            user=user,
            base=request.base,
            headers=request.headers,
            params=request.params,
            body=request.body,
            moment=moment,
        )
        return dispatch(call)

    def _oauth(self, request: Request, door: str) -> Answer:
        form = request.params | request.form if request.method == "POST" else request.params
        if door == "token" and request.method == "POST":
            return oauth.token(self.org, request.base, form, request.headers.get("authorization", ""))
        if door == "userinfo":
            return oauth.userinfo(self.org, request.base, self._signed_in(request))
        if door == "introspect" and request.method == "POST":
            return oauth.introspect(self.org, form)
        if door == "revoke":
            return oauth.revoke(self.org, form)
        raise not_found()

    def _signed_in(self, request: Request) -> str:
        token = request.bearer
        user = self.org.check_session(token)
        if user is not None and self.org.faults.strike("token_revoked", user=user):
            self.org.end_session(token)
            user = None
        if user is None:
            raise Refused(SESSION_ENDED)
        return user


def _object(request: Request) -> str:
    """The object that a path names, for faults that match by it."""
    for before, name in zip(request.pieces, request.pieces[1:], strict=False):
        if before in {"sobjects", "tree"}:
            return name
    return ""


def _asked_for(params: Mapping[str, Any]) -> Refused:
    """The error that a fault asks for; the usual code of the status when none is named."""
    status = int(params.get("status", 500))
    usual = {
        401: ("INVALID_SESSION_ID", "Session expired or invalid"),
        403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        420: ("EDGE_NO_ROUTE", "Edge has no route"),
        502: ("BAD_GATEWAY", "Bad Gateway"),
        503: ("SERVER_UNAVAILABLE", "Too many requests are waiting for connections"),
    }
    code, message = usual.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: 1"))
    return Refused(Problem(str(params.get("code", code)), str(params.get("message", message))), status=status)


async def _read(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(chunks)
    if headers.get("content-encoding") in {"gzip", "deflate"}:
        body = gzip.decompress(body) if headers["content-encoding"] == "gzip" else zlib.decompress(body)
    raw_path = (scope.get("raw_path") or scope["path"].encode()).split(b"?")[0].decode("latin-1")
    base = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
    size = len(raw_path) + len(scope["query_string"]) + sum(len(name) + len(value) for name, value in scope["headers"])
    return Request(scope["method"], segments(raw_path), scope["query_string"].decode("latin-1"), headers, body, base, size)


async def _send(send: Send, answer: Answer, more: Mapping[str, str]) -> None:
    raw = answer.raw()
    headers = dict(answer.headers) | dict(more)
    if raw:
        headers["Content-Type"] = answer.media
    if answer.status != 304:
        headers["Content-Length"] = str(len(raw))
    if answer.status == 204:
        del headers["Content-Length"]
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": raw})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
