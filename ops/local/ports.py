"""Loopback TCP ports: the usual one where it is free, else one that the system picks."""

from __future__ import annotations

import socket
import time

LOOPBACK = "127.0.0.1"


def free(port: int) -> bool:
    """Whether a server could listen on that loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose(preferred: int, *, wait_s: float = 0.0) -> int:
    """`preferred` if it is free, or becomes so within `wait_s` seconds, else any free port of the loopback interface."""
    deadline = time.monotonic() + wait_s
    while preferred:
        if free(preferred):
            return preferred
        if time.monotonic() >= deadline:
            break
        time.sleep(0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, wait_s: float = 0.2) -> bool:
    """Whether something accepts connections on that loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(wait_s)
        return probe.connect_ex((LOOPBACK, port)) == 0
