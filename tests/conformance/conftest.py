"""Both sandboxes once for the whole folder, and each client in its own process, pointed the way its makers allow."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance import install
from tests.conformance.boxes import Boxes, NetSuite, Salesforce
from tests.conformance.talk import Talk, environment

READY_S = 60.0


@pytest.fixture(scope="session")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boxes]:
    folder = tmp_path_factory.mktemp("boxes")
    told = folder / "boxes.json"
    command = [sys.executable, "-m", "ops.sandbox.main", "--dir", str(folder / "state"), "--json", str(told)]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield from _boxes(process, told, folder)
        finally:
            process.terminate()
            process.wait(10)


def _boxes(process: subprocess.Popen[bytes], told: Path, folder: Path) -> Iterator[Boxes]:
    deadline = time.monotonic() + READY_S
    while "ready" not in (folder / "log").read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the sandboxes did not start: {(folder / 'log').read_text()}")
        time.sleep(0.05)
    places: dict[str, Any] = json.loads(told.read_text())
    with httpx.Client(trust_env=False, timeout=30) as client:
        salesforce = Salesforce(places["salesforce"], client, f"{places['faults']}/salesforce")
        netsuite = NetSuite(places["netsuite"], client, f"{places['faults']}/netsuite", folder / "state" / "netsuite.sqlite")
        yield Boxes(salesforce, netsuite, places["ca"], places["proxy"])


@pytest.fixture(scope="session")
def salesforce(boxes: Boxes) -> Salesforce:
    return boxes.salesforce


@pytest.fixture(scope="session")
def netsuite(boxes: Boxes) -> NetSuite:
    return boxes.netsuite


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Talk]]:
    """Start a client script: `start("jsforce.js")`, with `preload` and environment as the client needs them."""
    running: list[Talk] = []

    def begin(script: str, *, preload: str = "", **pointing: str) -> Talk:
        folder = install.packages()
        options = ["--require", f"./{preload}"] if preload else []
        running.append(Talk([str(install.node()), *options, script], folder, environment(**pointing)))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def start_netsuite() -> Iterator[Callable[..., Talk]]:
    """The same for the Python client that has an environment of its own."""
    running: list[Talk] = []

    def begin(**pointing: str) -> Talk:
        script = str(install.CLIENTS / "netsuite_client.py")
        running.append(Talk([str(install.netsuite_python()), script], install.CLIENTS, environment(**pointing)))
        return running[-1]

    yield begin
    for one in running:
        one.stop()
