"""The control side of the account: faults, clock, journal, counts and options over HTTP. Not part of NetSuite."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.sandbox.faults import Fault
from ops.sandbox.netsuite.app import NetSuite
from ops.sandbox.netsuite.options import Options, TaxRule

SETTABLE = frozenset(Options.__dataclass_fields__) - {"account", "undeployed"}


def control_app(netsuite: NetSuite) -> Starlette:
    """GET/POST/DELETE /faults, GET /journal?since=, POST /clock, GET /counts, GET/POST /options."""
    account = netsuite.account

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            sent: dict[str, Any] = await request.json()
            account.faults.put(Fault(**{name: sent[name] for name in ("name", "times", "rate", "match", "params") if name in sent}))
        elif request.method == "DELETE":
            account.faults.clear(request.query_params.get("name"))
        return JSONResponse({"faults": [asdict(f) for f in account.faults.active()], "struck": dict(account.faults.struck)})

    async def journal(request: Request) -> Response:
        since, limit = int(request.query_params.get("since", 0)), int(request.query_params.get("limit", 10_000))
        return JSONResponse({"entries": account.journal(since, limit)})

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            account.clock.advance(float((await request.json())["advance"]))
            account.settle()
        return JSONResponse({"now": account.now().isoformat(), "offset_s": account.clock.offset_s})

    async def counts(_request: Request) -> Response:
        return JSONResponse({"calls": dict(netsuite.counts), "struck": dict(account.faults.struck)})

    async def options(request: Request) -> Response:
        if request.method == "POST":
            sent: dict[str, Any] = await request.json()
            unknown = sorted(set(sent) - SETTABLE)
            if unknown:
                return JSONResponse({"error": f"unknown options: {', '.join(unknown)}"}, 400)
            apply_options(account.options, sent)
            account.store.keep("options", {**account.store.setting("options", {}), **sent})
        shown = {name: value for name, value in asdict(account.options).items() if name != "tax"}
        tax = {str(s): {k: str(v) for k, v in asdict(rule).items()} for s, rule in account.options.tax.items()}
        return JSONResponse({**shown, "tax": tax})

    return Starlette(
        routes=[
            Route("/faults", faults, methods=["GET", "POST", "DELETE"]),
            Route("/journal", journal),
            Route("/clock", clock, methods=["GET", "POST"]),
            Route("/counts", counts),
            Route("/options", options, methods=["GET", "POST"]),
        ]
    )


def apply_options(options: Options, sent: dict[str, Any]) -> None:
    """Set options from JSON; `tax` is {subsidiary id: {rate, level, method, precision, shipping_taxed}}."""
    for name, value in sent.items():
        if name == "tax":
            options.tax = {int(subsidiary): _rule(rule) for subsidiary, rule in value.items()}
        else:
            setattr(options, name, value)


def _rule(sent: dict[str, Any]) -> TaxRule:
    numbers = {name: Decimal(str(sent[name])) for name in ("rate", "precision") if name in sent}
    return TaxRule(**{**sent, **numbers})
