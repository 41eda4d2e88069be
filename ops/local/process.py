"""Long-lived child processes that outlive whoever started them, told apart by pid and command line.

Not by start time: it is derived from the wall clock, and where that is set a broker that runs was taken for one that doesn't.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from accord.errors import Fatal

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Identity:
    """A process beyond doubt: a pid alone may have been given to another program since."""

    pid: int
    command: tuple[str, ...]


def start(command: Sequence[str], *, env: Mapping[str, str], log: Path, pid_file: Path) -> Identity:
    """Start `command` in its own session, output appended to `log`, identity written to `pid_file`.

    Not by subprocess: it warns of a child that still runs when its starter ends, and these do so on purpose.
    """
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)]
    pid = os.posix_spawn(command[0], list(command), {**os.environ, **env}, file_actions=actions, setsid=True)
    identity = Identity(pid, tuple(command))
    pid_file.write_text(json.dumps(asdict(identity)))
    return identity


def running(pid_file: Path) -> Identity | None:
    """The process that `pid_file` names, or None where it has ended (a zombie counts as ended)."""
    try:
        found = json.loads(pid_file.read_text())
        identity = Identity(found["pid"], tuple(found["command"]))
        process = psutil.Process(identity.pid)
        shown = tuple(process.cmdline())  # empty for a moment while the Java launcher replaces itself
        alive = shown in ((), identity.command) and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, TypeError, KeyError, psutil.NoSuchProcess):
        return None
    return identity if alive else None


def stop(pid_file: Path, *, wait_s: float) -> None:
    """SIGTERM, then SIGKILL after `wait_s` seconds; nothing to do where it has ended already."""
    if identity := running(pid_file):
        process = psutil.Process(identity.pid)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(wait_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(wait_s)
    pid_file.unlink(missing_ok=True)


def await_ready(name: str, ready: Callable[[], bool], *, pid_file: Path, log: Path, wait_s: float) -> None:
    """Return when `ready()`; Fatal with the log's end when the process ends first or `wait_s` seconds pass."""
    deadline = time.monotonic() + wait_s
    while not ready():
        if running(pid_file) is None:
            raise Fatal(f"{name} ended while starting; the end of {log}:\n{tail(log)}", code="local_start")
        if time.monotonic() > deadline:
            raise Fatal(f"{name} did not answer within {wait_s:.0f} s; the end of {log}:\n{tail(log)}", code="local_start")
        time.sleep(POLL_S)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, empty where there is none."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
