from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.netsuite.app import NetSuite
from ops.sandbox.netsuite.serve import open_account
from tests.ops.sandbox.netsuite.world import World, build, new_account


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> Iterator[World]:
    account = new_account()
    yield build(account)
    account.store.db.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with credentials, made once: RSA keys take their time."""
    folder = tmp_path_factory.mktemp("netsuite-keys")
    open_account(folder, clock=SandboxClock(), faults=Switchboard(Random(1))).account.store.db.close()
    return folder


@pytest.fixture
def app(keys: Path, tmp_path: Path) -> Iterator[NetSuite]:
    for name in ("netsuite-credentials.json", "netsuite-key.pem", "netsuite-signing-key.pem"):
        (tmp_path / name).write_bytes((keys / name).read_bytes())
    opened = open_account(tmp_path, clock=SandboxClock(), faults=Switchboard(Random(1)))
    yield opened
    opened.account.store.db.close()
