"""A client in a process of its own, asked one operation at a time, so that a test can switch a fault on between two of its calls."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ANSWER_S = 60.0
POINTING = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
)


class ClientError(Exception):
    """What the client itself raised. `told` has its type, message and own properties."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told.get('type')}: {told.get('message')}")
        self.told = told


def environment(**pointing: str) -> dict[str, str]:
    """This process's environment without its own proxies and certificates: only what a test sets points a client."""
    kept = {name: value for name, value in os.environ.items() if name.upper() not in POINTING}
    return kept | pointing


class Talk:
    """`do` sends an operation and waits for its answer."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=folder, env=dict(env), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self._answers: queue.Queue[str] = queue.Queue()
        self._errors: list[str] = []
        for stream, into in ((self._process.stdout, self._answers.put), (self._process.stderr, self._errors.append)):
            threading.Thread(target=_drain, args=(stream, into), daemon=True).start()

    def do(self, op: str, *args: Any) -> Any:
        """The client's answer. Raises ClientError for what it raised."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"op": op, "args": args}) + "\n")
        self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise AssertionError(f"no answer to {op} in {ANSWER_S:.0f} s: {''.join(self._errors)[-2000:]}") from None
        if not line:
            raise AssertionError(f"the client ended at {op}: {''.join(self._errors)[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise ClientError(answer["error"])
        return answer["value"]

    def stop(self) -> None:
        """End it; its pipes are closed here, so that no warning about them fails another test."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _drain(stream: Any, into: Any) -> None:
    for line in stream:
        into(line)
    into("")
