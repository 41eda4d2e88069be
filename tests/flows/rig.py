"""A whole pipeline for tests: sandboxes in a folder of their own, `accord run all` as real processes, and clients that stand for people."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from accord.clock import SystemClock
from accord.config import Settings
from accord.netsuite.rest import NetSuite
from accord.salesforce.rest import Salesforce
from ops.demo import seed, world
from ops.demo.seed import Seeds
from ops.local import stack
from ops.pipeline import Pipeline
from ops.sandbox.client import Control
from ops.wiring import clients
from schemas.ids import SYSTEMS

LOOK_S = 0.1
#: Fields and records of one's own: what a customer deploys into both systems, and the mapping that overlays ours.
OWN = Path(__file__).parent / "own"
PATIENCE_S = 120.0
#: Calls at once that the account allows: people work beside Accord, which takes five.
CALLS = 20
#: Nothing moved for this long, and nothing is behind: longer than the margin after which assumed values are read again.
QUIET_S = 4.0
#: A marker that ends a transaction takes an offset that nobody reads; so many may stand at the ends of a topic's partitions.
MARKERS = 20


@dataclass(slots=True)
class Rig:
    """One pipeline. `say`: what a failing look is told with."""

    folder: Path
    table: dict[str, Any]
    sandbox: Mapping[str, Any]
    control: Control
    settings: Settings
    seeds: Seeds
    sf: Salesforce
    ns: NetSuite
    boxes: asyncio.subprocess.Process
    running: subprocess.Popen[bytes] | None = None
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "accord.toml"

    @property
    def pipeline(self) -> Pipeline:
        """By the configuration as it stands; made once for each, because it reads the whole mapping."""
        found: Pipeline | None = self.memory.get("pipeline")
        if found is None:
            found = self.memory["pipeline"] = Pipeline.of(self.settings)
        return found

    def reconfigure(self) -> None:
        """Write the configuration again, as `table` now says."""
        self.settings = world.configure(self.folder, self.table)
        self.memory.pop("pipeline", None)

    def run_all(self) -> None:
        """Every role in a process of its own, under the supervisor that people use."""
        with (self.folder / "run.log").open("ab") as log:
            command = [sys.executable, "-m", "ops.cli", "run", "all", "--config", str(self.config)]
            self.running = subprocess.Popen(command, stdout=log, stderr=log, env=world.environment())

    def role(self, name: str) -> psutil.Process | None:
        """The process of a role ("producers", "streams", "sinks --system netsuite", "audit"), None while it is down."""
        assert self.running is not None
        words = f"run {name}"
        for child in psutil.Process(self.running.pid).children():
            try:
                if words in " ".join(child.cmdline()):
                    return child
            except psutil.NoSuchProcess:
                continue
        return None

    def log(self, role: str) -> str:
        """What a role has written."""
        path = self.settings.run.state_dir / "logs" / f"{role}.log"
        return path.read_text() if path.exists() else ""

    async def until(self, what: str, look: Callable[[], Awaitable[Any]], seconds: float = PATIENCE_S) -> Any:
        """Poll until the look answers something true, and answer it; a failure tells what was last seen."""
        deadline, seen = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            seen = await look()
            if seen:
                return seen
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"not within {seconds:.0f} s: {what} (last seen: {seen!r}); logs in {self.folder}")

    async def fault(self, system: str, name: str, **more: Any) -> None:
        await self.control("POST", f"/{system}/faults", {"name": name, **more})

    async def clear(self) -> dict[str, Any]:
        """Switch all faults off; answers how often each struck, by system."""
        return {system: (await self.control("DELETE", f"/{system}/faults"))["struck"] for system in SYSTEMS}

    async def last(self, system: str) -> int:
        """Number of the newest change that the system accepted."""
        found = self.memory[f"last.{system}"] = await self.control.last(system, self.memory.get(f"last.{system}", 0))
        return int(found)

    async def quiet(self, seconds: float = 120.0, *, still_s: float = QUIET_S) -> None:
        """Wait until for a while nobody has written anything and no group has moved: offsets behind are markers of transactions then."""
        before: tuple[Any, ...] = ()
        since, stirring = time.monotonic(), ""

        async def look() -> bool:
            nonlocal before, since, stirring
            behind = await asyncio.to_thread(self.pipeline.lags)
            now = (await self.last("salesforce"), await self.last("netsuite"), behind)
            if now != before or any(lag.records > MARKERS for lag in behind):
                stirring = f"{now[:2]} after {before[:2]}, behind: {[lag for lag in behind if lag.records > MARKERS] or set(behind) - set(before[2] if before else ())}"
                before, since = now, time.monotonic()
            await asyncio.sleep(0.3)
            return time.monotonic() - since >= still_s

        try:
            await self.until("quiet", look, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; what moved last: {stirring}") from None

    def stop_all(self) -> None:
        """Stop every role, as a person does."""
        if self.running is not None:
            self.running.terminate()
            self.running.wait(20)
            self.running = None

    async def stop(self) -> None:
        await asyncio.to_thread(self.stop_all)
        self.sf.close()
        self.ns.close()
        await self.control.close()
        self.boxes.terminate()
        await self.boxes.wait()


async def opened(folder: Path, kafka: str, registry: str, prefix: str) -> Rig:
    """Sandboxes up, reference data in, configuration written; no role runs yet. The account has SuiteTax (legacy tax: the demo's)."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(OWN, folder / "sandbox" / "deployed", ignore=shutil.ignore_patterns("mapping"))
    boxes, told = await world.sandboxes(folder)
    ends, clock = stack.Endpoints(kafka, registry), SystemClock()
    bare = world.configure(folder, world.configuration(ends, told, {}, {}, folder))
    sf, ns = clients.salesforce(bare, clock, slots=8), clients.netsuite(bare, clock, slots=4)
    seeds = await seed.reference(sf, ns)
    control = Control(told["faults"])
    await control("POST", "/netsuite/options", {"concurrency": CALLS, "suite_tax": True})
    germany = await ns.create("nexus", {"country": {"id": "DE"}, "description": "Germany"})
    seeds = replace(seeds, reference={**seeds.reference, "legacy_tax": False, "nexuses": {"DE": germany}})
    table = world.configuration(ends, told, seeds.reference, seeds.stores, folder)
    table["kafka"]["prefix"] = prefix
    table |= {"mapping_dir": str(OWN / "mapping"), "entities": [*Settings.model_fields["entities"].default, "warranty"]}
    rig = Rig(folder, table, told, control, bare, seeds, sf, ns, boxes)
    table.setdefault("salesforce", {})["poll_s"] = 2.0
    table["netsuite"] |= {"poll_s": 0.5, "lag_s": 2.0, "overlap_s": 30.0, "prices_s": 3.0}
    rig.reconfigure()
    return rig
