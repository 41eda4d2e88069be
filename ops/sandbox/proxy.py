"""A CONNECT proxy: clients with fixed host names reach the sandboxes through it, and nothing else can leave for a vendor's host."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

BLOCK = 65_536
HEAD_TIMEOUT_S = 10.0
PUBSUB = "pubsub"


class Proxy:
    """`targets`: "salesforce", "pubsub", "netsuite" -> (host, port) of their TLS listeners. Other hosts are refused with 403."""

    def __init__(self, targets: Mapping[str, tuple[str, int]]) -> None:
        self.targets = dict(targets)
        self.seen: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def target(self, name: str) -> tuple[str, int] | None:
        """Where a host name leads: by its ending, without its port."""
        lower = name.lower()
        if lower.endswith("pubsub.salesforce.com"):
            return self.targets.get(PUBSUB)
        if lower.endswith(".salesforce.com"):
            return self.targets.get("salesforce")
        if lower.endswith(".netsuite.com"):
            return self.targets.get("netsuite")
        own = {host for host, _ in self.targets.values()} | {"localhost"}
        return ("", 0) if lower in own else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            method, address, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
            await self._connect(method, address, reader, writer)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # the client went away or spoke something else: closing is the answer
        finally:
            await _closed(writer)

    async def _connect(self, method: str, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = address.rpartition(":")
        target = self.target(host) if method == "CONNECT" else None
        self.seen.append(f"{method} {address}")
        if target is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        if target == ("", 0):
            target = (host, int(port))
        there_reader, there_writer = await asyncio.open_connection(*target)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        try:
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        finally:
            await _closed(there_writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
