"""Cutting a connection without an answer, as a network does. Needs the listener of `listen.py`, which tells the application its transport."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import MutableMapping
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect

WAIT_S = 5.0


async def cut(scope: MutableMapping[str, Any]) -> NoReturn:
    """Reset the client's connection (RST where TCP allows). In memory, without a socket, the client sees ConnectionResetError."""
    transport: asyncio.Transport | None = scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionResetError("cut by the switchboard")
    found = transport.get_extra_info("socket")
    if found is not None:
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(found.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0.01)
    raise ClientDisconnect
