"""Listeners: uvicorn on a port of the system's choosing, plain or TLS, with the transport handed to the application so that it can be cut."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ops.sandbox.ca import TlsFiles

GRACE_S = 1.0


class CuttableProtocol(HttpToolsProtocol):
    """Puts the connection's transport into the state of each request."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Listener:
    """One running server. `port` is known as soon as `listen` has answered."""

    def __init__(self, server: uvicorn.Server, task: asyncio.Task[None], port: int) -> None:
        self._server = server
        self._task = task
        self.port = port

    async def stop(self) -> None:
        """Answer what runs, close the rest, within two seconds."""
        self._server.should_exit = True
        await self._task


def quiet(app: Any) -> Callable[..., Any]:
    """The application, with cut connections taken for what they are."""

    async def run(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except ClientDisconnect:
            return

    return run


async def listen(app: Any, *, host: str = "127.0.0.1", port: int = 0, tls: TlsFiles | None = None) -> Listener:
    """Serve `app`; answers once the port accepts connections."""
    made = socket.create_server((host, port), backlog=512)
    config = uvicorn.Config(
        quiet(app),
        http=CuttableProtocol,
        loop="none",
        lifespan="off",
        ws="none",
        log_level=logging.ERROR,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        ssl_certfile=str(tls.cert) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(_run(server, made))
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.005)
    return Listener(server, task, int(made.getsockname()[1]))


async def _run(server: uvicorn.Server, made: socket.socket) -> None:
    """Without uvicorn's own signal handlers: the process decides when to stop."""
    config = server.config
    if not config.loaded:
        config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[made])
    if server.should_exit:
        return
    await server.main_loop()
    for one in server.servers:
        one.close()
    if server.server_state.tasks:
        await asyncio.wait(server.server_state.tasks, timeout=GRACE_S)
    for connection in list(server.server_state.connections):
        connection.transport.abort()  # an idle TLS client would keep a polite close waiting for its farewell
    await asyncio.sleep(0)
    await server.shutdown(sockets=[made])
