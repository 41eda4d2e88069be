"""Both sandboxes in this process, with the reference data of the demonstration, and a configuration that leads to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from accord.clock import SystemClock
from accord.config import Settings
from ops.demo import seed, world
from ops.doctor.examine import systems
from ops.doctor.finding import Finding
from ops.local.stack import Endpoints
from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Fault, Switchboard
from ops.sandbox.netsuite.serve import NetSuiteEndpoints
from ops.sandbox.netsuite.serve import serve as serve_netsuite
from ops.sandbox.serve import serve_salesforce
from ops.wiring import clients

T = TypeVar("T")


@dataclass
class Pair:
    """Both systems, served on one loop. `table`: the configuration, to be changed by a test."""

    loop: asyncio.AbstractEventLoop
    folder: Path
    salesforce: Any
    netsuite: NetSuiteEndpoints
    boards: dict[str, Switchboard]
    table: dict[str, Any]

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    def settings(self) -> Settings:
        return world.configure(self.folder, self.table)

    def fault(self, system: str, name: str, *, match: dict[str, Any] | None = None, **params: Any) -> None:
        self.boards[system].put(Fault(name, match=match or {}, params=params))

    def examined(self) -> list[Finding]:
        """Everything but the cluster."""
        return self.run(systems(self.settings(), SystemClock()))[0]

    def faults(self) -> list[Finding]:
        return [f for f in self.examined() if f.level == "fault"]


async def _served(folder: Path, serve: Callable[[Path, Any], Awaitable[tuple[Any, Any]]], boards: dict[str, Switchboard]) -> Pair:
    salesforce, netsuite = await serve(folder, boards)
    sandbox = {"salesforce": salesforce.as_json(), "netsuite": netsuite.as_json(), "ca": str(ca.ensure(folder).ca)}
    nowhere = Endpoints("127.0.0.1:1", "http://127.0.0.1:1")
    bare = world.configure(folder, world.configuration(nowhere, sandbox, {}, {}, folder))
    org, account = clients.salesforce(bare, SystemClock(), slots=4), clients.netsuite(bare, SystemClock(), slots=4)
    seeds = await seed.reference(org, account)
    org.close()
    account.close()
    table = world.configuration(nowhere, sandbox, seeds.reference, seeds.stores, folder)
    table["kafka"]["settings"] = {"socket.timeout.ms": "1000"}
    return Pair(asyncio.get_running_loop(), folder, salesforce, netsuite, boards, table)


async def _both(folder: Path, boards: dict[str, Switchboard]) -> tuple[Any, Any]:
    tls = ca.ensure(folder)
    clock = SandboxClock()
    salesforce = await serve_salesforce(folder, clock=clock, faults=boards["salesforce"], tls=tls)
    return salesforce, await serve_netsuite(folder, clock=clock, faults=boards["netsuite"], tls=tls)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    loop = asyncio.new_event_loop()
    boards = {"salesforce": Switchboard(Random(1)), "netsuite": Switchboard(Random(1))}
    made = loop.run_until_complete(_served(tmp_path_factory.mktemp("pair"), _both, boards))
    yield made
    loop.run_until_complete(made.salesforce.stop())
    loop.run_until_complete(made.netsuite.stop())
    loop.close()


@pytest.fixture
def pair(served: Pair) -> Iterator[Pair]:
    """As it was made; what a test breaks is mended after it."""
    import copy

    before, concurrency = copy.deepcopy(served.table), served.netsuite.account.options
    kept = {name: getattr(concurrency, name) for name in ("time_zone", "date_format", "administrator", "concurrency")}
    yield served
    served.table.clear()
    served.table.update(before)
    for name, value in kept.items():
        setattr(served.netsuite.account.options, name, value)
    for board in served.boards.values():
        board.clear(None)
