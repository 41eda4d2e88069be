"""Serve one NetSuite account: HTTP, TLS and the control side, on ports of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from ops.sandbox.ca import TlsFiles
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.netsuite import basics, credentials
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.app import NetSuite
from ops.sandbox.netsuite.control import apply_options, control_app
from ops.sandbox.netsuite.credentials import Credentials
from ops.sandbox.netsuite.options import Options

DATABASE = "netsuite.sqlite"
#: An SDF `src` folder of one's own, deployed after ours.
DEPLOYED = "deployed/netsuite"
START_DEADLINE_S = 10.0
STOP_DEADLINE_S = 3.0


class Listener:
    """One uvicorn server on one socket, in this event loop; signals stay the process's own business."""

    def __init__(self, app: Any, host: str, port: int, tls: TlsFiles | None = None) -> None:
        self._socket = socket.create_server((host, port), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        files: dict[str, Any] = {"ssl_certfile": str(tls.cert), "ssl_keyfile": str(tls.key)} if tls else {}
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            **files,
        )
        self._server = uvicorn.Server(config)
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        async with asyncio.timeout(START_DEADLINE_S):
            while not self._server.started:
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._task, STOP_DEADLINE_S)
        self._socket.close()


@dataclass(frozen=True, slots=True)
class NetSuiteEndpoints:
    """Where the account is and how to sign in. `account.account` stays usable in this process (seeds, tests)."""

    http: str
    https: str
    control: str
    credentials: Credentials
    restlet: dict[str, str]
    app: NetSuite
    listeners: tuple[Listener, ...]

    @property
    def account(self) -> Account:
        return self.app.account

    def as_json(self) -> dict[str, Any]:
        """The `netsuite` part of what `accord sandbox up --json` writes; the key is a path."""
        c = self.credentials
        names = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret", "client_id", "certificate_id")
        signing = {name: getattr(c, name) for name in names} | {"private_key": str(c.private_key)}
        return {"http": self.http, "https": self.https, **signing, "restlet": self.restlet}

    async def stop(self) -> None:
        """Finish what runs, close the ports and the database."""
        await asyncio.gather(*(listener.stop() for listener in self.listeners))
        self.account.store.db.close()


def open_account(directory: Path, *, clock: SandboxClock, faults: Switchboard, options: Options | None = None) -> NetSuite:
    """The account kept in `directory` as an ASGI application, without a server: what ASGI tests use."""
    chosen = replace(options) if options else Options()
    signing = credentials.ensure(directory, chosen.account)
    chosen.account = signing.account
    own = [folder for folder in (directory / DEPLOYED,) if folder.is_dir()]
    account = Account(directory / DATABASE, clock=clock, faults=faults, options=chosen, own=own)
    apply_options(account.options, account.store.setting("options", {}))
    basics.ensure(account)
    return NetSuite(account, signing)


async def serve(
    directory: Path,
    *,
    clock: SandboxClock,
    faults: Switchboard,
    tls: TlsFiles,
    host: str = "127.0.0.1",
    port: int = 0,
    https_port: int = 0,
    control_port: int = 0,
    options: Options | None = None,
) -> NetSuiteEndpoints:
    """Start the account of `directory`; a restart with the same one keeps records, secrets and options. Ports 0 = chosen by the OS."""
    app = open_account(directory, clock=clock, faults=faults, options=options)
    plain, secure = Listener(app, host, port), Listener(app, host, https_port, tls)
    control = Listener(control_app(app), host, control_port)
    listeners = (plain, secure, control)
    for listener in listeners:
        await listener.start()
    script = app.scripts[0]
    return NetSuiteEndpoints(
        http=f"http://{host}:{plain.port}",
        https=f"https://{host}:{secure.port}",
        control=f"http://{host}:{control.port}",
        credentials=app.credentials,
        restlet={"script": script.script, "deploy": script.deploy},
        app=app,
        listeners=listeners,
    )
