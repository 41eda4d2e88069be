"""The control side of the account: faults, clock, journal, counts and options over HTTP. Not part of NetSuite."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.sandbox.faults import Fault
from ops.sandbox.netsuite import sdf
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.app import NetSuite
from ops.sandbox.netsuite.options import Options, TaxRule

SETTABLE = frozenset(Options.__dataclass_fields__) - {"account", "undeployed"}


class Control:
    """The handlers of one account's control side."""

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._account = netsuite.account

    async def faults(self, request: Request) -> Response:
        board = self._account.faults
        if request.method == "POST":
            sent: dict[str, Any] = await request.json()
            board.put(Fault(**{name: sent[name] for name in ("name", "times", "rate", "match", "params") if name in sent}))
        elif request.method == "DELETE":
            board.clear(request.query_params.get("name"))
        return JSONResponse({"faults": [asdict(f) for f in board.active()], "struck": dict(board.struck)})

    async def journal(self, request: Request) -> Response:
        since, limit = int(request.query_params.get("since", 0)), int(request.query_params.get("limit", 10_000))
        return JSONResponse({"entries": self._account.journal(since, limit)})

    async def clock(self, request: Request) -> Response:
        if request.method == "POST":
            self._account.clock.advance(float((await request.json())["advance"]))
            self._account.settle()
        return JSONResponse({"now": self._account.now().isoformat(), "offset_s": self._account.clock.offset_s})

    async def counts(self, _request: Request) -> Response:
        return JSONResponse({"calls": dict(self._netsuite.counts), "struck": dict(self._account.faults.struck)})

    async def scripts(self, request: Request) -> Response:
        if request.method == "POST":
            script = _script(await request.json())
            if isinstance(script, str):
                return JSONResponse({"error": script}, 400)
            self._netsuite.deploy(script)
        return JSONResponse({"scripts": [{"script": s.script, "deploy": s.deploy, "file": str(s.file)} for s in self._netsuite.scripts]})

    async def options(self, request: Request) -> Response:
        if request.method == "POST":
            unknown = change_options(self._account, await request.json())
            if unknown:
                return JSONResponse({"error": f"unknown options: {', '.join(unknown)}"}, 400)
        return JSONResponse(show_options(self._account.options))


def _script(sent: dict[str, str]) -> sdf.Restlet | str:
    """The RESTlet that a body describes, or what is wrong with it."""
    missing = [name for name in ("script", "deploy", "file") if name not in sent]
    if missing:
        return f"missing: {', '.join(missing)}"
    file = Path(sent["file"])
    return sdf.Restlet(sent["script"], sent["deploy"], file) if file.is_file() else f"{file}: no such file"


def control_app(netsuite: NetSuite) -> Starlette:
    """GET/POST/DELETE /faults, GET /journal?since=, POST /clock, GET /counts, GET/POST /options, GET/POST /scripts {script, deploy, file}: one more RESTlet."""
    control = Control(netsuite)
    return Starlette(
        routes=[
            Route("/faults", control.faults, methods=["GET", "POST", "DELETE"]),
            Route("/journal", control.journal),
            Route("/clock", control.clock, methods=["GET", "POST"]),
            Route("/counts", control.counts),
            Route("/scripts", control.scripts, methods=["GET", "POST"]),
            Route("/options", control.options, methods=["GET", "POST"]),
        ]
    )


def change_options(account: Account, sent: dict[str, Any]) -> list[str]:
    """Apply and keep options; the names that don't exist (then nothing was changed)."""
    unknown = sorted(set(sent) - SETTABLE)
    if not unknown:
        apply_options(account.options, sent)
        account.store.keep("options", {**account.store.setting("options", {}), **sent})
    return unknown


def show_options(options: Options) -> dict[str, Any]:
    tax = {str(subsidiary): {k: str(v) for k, v in asdict(rule).items()} for subsidiary, rule in options.tax.items()}
    return {**{name: value for name, value in asdict(options).items() if name != "tax"}, "tax": tax}


def apply_options(options: Options, sent: dict[str, Any]) -> None:
    """Set options from JSON; `tax` is {subsidiary id: {rate, level, method, precision, shipping_taxed}}."""
    for name, value in sent.items():
        if name == "tax":
            options.tax = {int(subsidiary): _rule(rule) for subsidiary, rule in value.items()}
        else:
            setattr(options, name, value)


def _rule(sent: dict[str, Any]) -> TaxRule:
    known: dict[str, Any] = dict(sent)
    known |= {name: Decimal(str(sent[name])) for name in ("rate", "precision") if name in sent}
    return TaxRule(**known)
