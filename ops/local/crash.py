"""After a broker's crash: its controller alone, until it has struck the dead broker off.

A single node that starts over a crash leads its partitions for a moment by the metadata of before. It loads transactions that were about to
end, loses the lead as its own registration comes through, and then drops their markers ("likely deleted already and hence can be skipped"):
they never end, and every reader of committed records stands still there for ever. Seen with Kafka 4.3.1 under load (docs/decisions/0014).
A broker that is struck off when it starts leads nothing until it knows everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ops.local import kafka, process

SESSION_MS = 500
START_WAIT_S = 120.0
STOP_WAIT_S = 20.0
#: After this many sessions without a word about it, the broker had been struck off before the crash.
SESSIONS = 6
CLEAN = ".kafka_cleanshutdown"
ACTIVE, STRUCK_OFF = "Activated periodic tasks", "fenced=1"


def happened(home: Path) -> bool:
    """Whether the broker of this folder has run and did not end cleanly."""
    data = home / "data"
    return (data / "meta.properties").exists() and not (data / CLEAN).exists()


def strike_off(home: Path, java: Path, class_path: str, port: int, controller_port: int) -> None:
    """Returns when no partition has a leader any more. Some three seconds, which the broker then need not wait for the end of its own session."""
    pid_file, log = home / "controller.pid", home / "controller.log"
    process.stop(pid_file, wait_s=STOP_WAIT_S)
    log.unlink(missing_ok=True)
    config = kafka.write(home / "controller.properties", settings(home, port, controller_port))
    process.start(kafka.run(home, java, class_path, config), env={}, log=log, pid_file=pid_file)
    try:
        process.await_ready("Kafka's controller", _done(log), pid_file=pid_file, log=log, wait_s=START_WAIT_S)
    finally:
        process.stop(pid_file, wait_s=STOP_WAIT_S)


def settings(home: Path, port: int, controller_port: int) -> dict[str, object]:
    """Those of the node, without the broker."""
    both = kafka.settings(home, port, controller_port)
    own = {name: value for name, value in both.items() if not name.startswith(("advertised.", "inter.broker."))}
    listener = str(both["listeners"]).split(",")[1]
    session = {"broker.session.timeout.ms": SESSION_MS, "broker.heartbeat.interval.ms": SESSION_MS // 2}
    return own | {"process.roles": "controller", "listeners": listener} | session


def _done(log: Path) -> Callable[[], bool]:
    """Whether the log tells that the broker was struck off, or had been before."""
    since: list[float] = []

    def look() -> bool:
        _, active, after = log.read_text(errors="replace").partition(ACTIVE)
        if active and not since:
            since.append(time.monotonic())
        return STRUCK_OFF in after or (bool(since) and time.monotonic() - since[0] > SESSIONS * SESSION_MS / 1000)

    return look
