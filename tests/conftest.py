"""A real broker and registry for the tests that need them: given, from Docker, or the local stack shared by all runs of this tree."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from accord.kafka import admin
from ops.local import stack

SHARED = Path(__file__).parent.parent / ".accord" / "test-stack"
#: Pid and command line of a test run.
User = list[Any]
REGISTRY_IMAGE = "apicurio/apicurio-registry:3.3.3"
KAFKA_IMAGE = "apache/kafka:4.3.1"


@pytest.fixture(scope="session")
def endpoints() -> Iterator[stack.Endpoints]:
    """`ACCORD_KAFKA` and `ACCORD_REGISTRY`, else testcontainers where Docker answers, else the local stack."""
    given = os.environ.get("ACCORD_KAFKA"), os.environ.get("ACCORD_REGISTRY")
    if given[0] and given[1]:
        yield stack.Endpoints(given[0], given[1])
    elif _docker_answers():
        with _containers() as both:
            yield both
    else:
        with _shared_stack() as both:
            yield both


@pytest.fixture(scope="session")
def kafka(endpoints: stack.Endpoints) -> str:
    """Bootstrap servers."""
    return endpoints.kafka


@pytest.fixture(scope="session")
def registry(endpoints: stack.Endpoints) -> str:
    """Base URL of the Confluent-compatible API."""
    return endpoints.registry


@pytest.fixture
def topic_prefix(kafka: str) -> Iterator[str]:
    """A prefix of this test's own; its topics are deleted afterwards."""
    prefix = f"t{uuid.uuid4().hex[:8]}."
    yield prefix
    admin.delete(admin.client(kafka), prefix)


def _docker_answers() -> bool:
    if os.environ.get("ACCORD_TEST_DOCKER") == "0":
        return False
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        return subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=20).returncode == 0
    with socket.socket(socket.AF_UNIX) as daemon:
        return daemon.connect_ex(host.removeprefix("unix://")) == 0


@contextmanager
def _containers() -> Iterator[stack.Endpoints]:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import wait_for_logs
    from testcontainers.kafka import KafkaContainer

    registry = DockerContainer(REGISTRY_IMAGE).with_exposed_ports(8080).with_env("APICURIO_STORAGE_KIND", "sql")
    registry = registry.with_env("APICURIO_STORAGE_SQL_KIND", "h2")
    with KafkaContainer(KAFKA_IMAGE).with_kraft() as broker, registry as schemas:
        wait_for_logs(schemas, "Listening on", timeout=90)
        url = f"http://{schemas.get_container_host_ip()}:{schemas.get_exposed_port(8080)}/apis/ccompat/v7"
        yield stack.Endpoints(broker.get_bootstrap_server(), url)


@contextmanager
def _shared_stack() -> Iterator[stack.Endpoints]:
    """Start once for every run on this tree; the last user stops it, unless `ACCORD_KEEP=1` asks to leave it."""
    SHARED.mkdir(parents=True, exist_ok=True)
    users, me = SHARED / "users.json", psutil.Process()
    mine: User = [me.pid, me.cmdline()]
    with FileLock(SHARED / "users.lock"):
        both = stack.up(SHARED)
        users.write_text(json.dumps([*_alive(users), mine]))
    yield both
    with FileLock(SHARED / "users.lock"):
        others = [user for user in _alive(users) if user != mine]
        users.write_text(json.dumps(others))
        if not others and os.environ.get("ACCORD_KEEP") != "1":
            stack.down(SHARED)


def _alive(users: Path) -> list[User]:
    known: list[User] = json.loads(users.read_text()) if users.exists() else []
    return [[pid, command] for pid, command in known if _is(pid, command)]


def _is(pid: int, command: list[str]) -> bool:
    """By command line, not by start time: that moves when the wall clock is set."""
    try:
        return psutil.Process(pid).cmdline() == command
    except psutil.NoSuchProcess:
        return False
