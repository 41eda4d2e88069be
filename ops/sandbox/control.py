"""The control side of the org: faults, clock, journal, counts, recycle bin. Not part of Salesforce; the account's twin is netsuite/control.py."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.sandbox.faults import Fault
from ops.sandbox.salesforce.call import JSON, encode
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.problems import Refused

FAULT_KEYS = frozenset(one.name for one in fields(Fault))
MOST_ENTRIES = 10_000


def read_fault(sent: Any) -> Fault | str:
    """The fault that a body describes, or what is wrong with it."""
    if not isinstance(sent, dict) or not isinstance(sent.get("name"), str):
        return 'send {"name": ..., "times"?: n, "rate"?: 0..1, "match"?: {...}, "params"?: {...}}'
    unknown = sorted(set(sent) - FAULT_KEYS)
    return f"unknown keys: {', '.join(unknown)}" if unknown else Fault(**sent)


def control_app(org: Org) -> Starlette:
    """GET/POST/DELETE /faults, GET /journal?since=&limit=, POST /clock, GET /counts, POST /undelete and /merge, POST /sessions/end."""

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            fault = read_fault(await request.json())
            if isinstance(fault, str):
                return JSONResponse({"error": fault}, 400)
            org.faults.put(fault)
        elif request.method == "DELETE":
            org.faults.clear(request.query_params.get("name"))
        return JSONResponse({"faults": [asdict(one) for one in org.faults.active()], "struck": dict(org.faults.struck)})

    async def journal(request: Request) -> Response:
        since, limit = int(request.query_params.get("since", 0)), int(request.query_params.get("limit", MOST_ENTRIES))
        return Response(encode({"entries": [asdict(entry) for entry in org.journal.since(since, limit)]}), media_type=JSON)

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            org.clock.advance(float((await request.json())["advance"]))
        return JSONResponse({"now": org.clock.now().isoformat(), "offset_s": org.clock.offset_s})

    async def counts(_request: Request) -> Response:
        answer = {"calls": dict(org.calls), "refused": dict(org.refused), "struck": dict(org.faults.struck), "used_today": org.used_today}
        return JSONResponse(answer)

    return Starlette(
        routes=[
            Route("/faults", faults, methods=["GET", "POST", "DELETE"]),
            Route("/journal", journal),
            Route("/clock", clock, methods=["GET", "POST"]),
            Route("/counts", counts),
            *_recycle_bin(org),
        ]
    )


def _recycle_bin(org: Org) -> list[Route]:
    """What a person does in the web pages and REST has no call for; and ending all sessions at once."""

    async def undelete(request: Request) -> Response:
        sent = await request.json()
        return _done(lambda: org.undelete(sent["object"], sent["id"], sent.get("user")))

    async def merge(request: Request) -> Response:
        sent = await request.json()
        return _done(lambda: org.merge(sent["object"], sent["master"], sent["losers"], sent.get("user")))

    async def end_sessions(_request: Request) -> Response:
        org.end_session()
        return JSONResponse({"ended": True})

    return [
        Route("/undelete", undelete, methods=["POST"]),
        Route("/merge", merge, methods=["POST"]),
        Route("/sessions/end", end_sessions, methods=["POST"]),
    ]


def _done(work: Any) -> Response:
    try:
        work()
    except Refused as refused:
        return JSONResponse(refused.answer(), refused.status)
    return JSONResponse({"done": True})
