"""Where a soak takes place: both sandboxes, a broker, `accord run all`; and clients that stand for people."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from accord.clock import SystemClock
from accord.config import Settings, load
from accord.netsuite.rest import NetSuite
from accord.salesforce.rest import Salesforce
from ops.demo import seed, world
from ops.local import stack
from ops.pipeline import Pipeline
from ops.sandbox.client import Control
from ops.soak.kinds import ROLES
from ops.wiring import clients
from schemas.ids import SYSTEMS

LOOK_S = 0.4
#: Longer than any soak.
CONFIRMED_MS = 30 * 24 * 60 * 60 * 1000
#: The name by which the org notes what people did, apart from what Accord did.
PEOPLE = "people"
#: Calls at once that the account allows: people work beside Accord.
CALLS = 20


@dataclass(slots=True)
class Ground:
    """`local`: folder of broker and registry; `control`: the sandboxes' own side; `running`: `accord run all`."""

    folder: Path
    local: Path
    control: Control
    pricebook: str
    location: str
    sf: Salesforce
    ns: NetSuite
    running: psutil.Process
    owned: list[Callable[[], Any]] = field(default_factory=list)
    running_roles: tuple[str, ...] = ROLES

    @property
    def config(self) -> Path:
        return self.folder / "accord.toml"

    def roles(self, words: str) -> list[psutil.Process]:
        """The processes of a role ("streams", "sinks --system netsuite"), below the supervisor."""
        out = []
        for child in self.running.children():
            try:
                if f"run {words}" in " ".join(child.cmdline()):
                    out.append(child)
            except psutil.NoSuchProcess:
                continue
        return out

    async def until(self, look: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """What the look answers as soon as that is true; None where it isn't within so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            seen = await look()
            if seen or time.monotonic() >= deadline:
                return seen or None
            await asyncio.sleep(LOOK_S)

    def confirm_deletions(self) -> None:
        """People delete more than the brake on mass deletion lets through: in a world of its own they have said beforehand that they mean it."""
        pipeline, now = Pipeline.of(load(self.config)), int(time.time() * 1000)
        for source in ("salesforce.cdc", *(f"reader.{system}" for system in SYSTEMS)) if self.owned else ():
            pipeline.confirm(source, now, now + CONFIRMED_MS)

    async def close(self) -> None:
        self.sf.close()
        self.ns.close()
        await self.control.close()
        for end in reversed(self.owned):
            await asyncio.to_thread(end)


def on(settings: Settings, folder: Path, sandbox: Mapping[str, Any], seeds: seed.Seeds, running: int) -> Ground:
    """On a pipeline that runs already, as process `running`, in `folder`."""
    clock = SystemClock()
    sf, ns = clients.salesforce(settings, clock, slots=8, client=PEOPLE), clients.netsuite(settings, clock, slots=8)
    roles = tuple(words for words in ROLES if words != "reporting" or settings.run.reporting)
    control = Control(sandbox["faults"])
    return Ground(folder, folder / "local", control, seeds.pricebook, seeds.locations["us_east"], sf, ns, psutil.Process(running), running_roles=roles)


async def opened(folder: Path) -> Ground:
    """A world of its own in an empty folder."""
    here = await world.start(folder, SystemClock(), progress=False)
    seeds = await seed.reference(here.salesforce, here.netsuite)
    here.salesforce.close()
    here.netsuite.close()
    await here.control.close()
    table = world.configuration(stack.Endpoints(here.kafka, here.registry), here.sandbox, seeds.reference, seeds.stores, here.folder)
    table["netsuite"]["prices_s"] = 3.0
    table["run"]["reporting"] = True
    settings = await asyncio.to_thread(world.configure, folder, table)
    running = _run(folder)
    ground = on(settings, folder, here.sandbox, seeds, running.pid)
    ground.owned += [lambda: stack.down(folder / "local"), *(_stopper(p) for p in here.processes), lambda: _stopped(running)]
    await ground.control("POST", "/netsuite/options", {"concurrency": CALLS})
    return ground


def _run(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "run.log").open("ab") as log:
        command = [sys.executable, "-m", "ops.cli", "run", "all", "--config", str(folder / "accord.toml")]
        return subprocess.Popen(command, stdout=log, stderr=log, env=world.environment())


def _stopped(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


def _stopper(process: asyncio.subprocess.Process) -> Callable[[], None]:
    """The sandboxes are another loop's child: ended by their id."""
    return lambda: psutil.Process(process.pid).terminate() if psutil.pid_exists(process.pid) else None
