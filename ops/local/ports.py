"""Loopback TCP ports: the usual one where it is free, else one that no outgoing connection can take while the server restarts."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Collection

from accord.errors import Fatal

LOOPBACK = "127.0.0.1"
#: Below what systems give to outgoing connections (Linux 32768 and up, others 49152). A server that died on one of those can find its
#: port taken at its restart, even by a client that tried to reach it: TCP lets a loopback connection meet itself.
STEADY = range(15_000, 32_000)
TRIES = 100


def free(port: int) -> bool:
    """Whether a server could listen on that loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose(preferred: int, *, wait_s: float = 0.0, apart: Collection[int] = ()) -> int:
    """`preferred` if it is free, or becomes so within `wait_s` seconds, else any free port outside the range of outgoing connections.

    `apart`: ports that were chosen a moment ago and aren't listened on yet.
    """
    deadline = time.monotonic() + wait_s
    while preferred:
        if free(preferred):
            return preferred
        if time.monotonic() >= deadline:
            break
        time.sleep(0.05)
    for port in random.SystemRandom().sample(STEADY, TRIES):
        if port not in apart and free(port):
            return port
    raise Fatal(f"none of {TRIES} ports tried between {STEADY.start} and {STEADY.stop} of {LOOPBACK} is free; stop what listens there", code="no_port")


def answers(port: int, wait_s: float = 0.2) -> bool:
    """Whether something accepts connections on that loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(wait_s)
        return probe.connect_ex((LOOPBACK, port)) == 0
