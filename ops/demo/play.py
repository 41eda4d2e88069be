"""Start the world, run Accord in it, tell the story, show and store the results."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from accord.clock import SystemClock
from accord.errors import AccordError
from ops.cli.run import roles_of
from ops.demo import seed, world
from ops.demo.story import ACTS
from ops.demo.tell import Check, Stage
from ops.local import stack
from ops.pipeline import Pipeline
from ops.supervise import Supervisor
from ops.wiring.kafka import prepare

console = Console(highlight=False)
#: Calls at once that the NetSuite account allows.
CALLS = 20


async def play(folder: Path, json_file: Path, *, stay: bool) -> int:
    """Exit code: 0 when every check held."""
    clock, begun = SystemClock(), time.monotonic()
    await asyncio.to_thread(_empty, folder)
    console.print("starting Kafka, a Schema Registry, a Salesforce and a NetSuite ...")
    here = await world.start(await asyncio.to_thread(folder.resolve), clock, progress=console.is_terminal)
    try:
        stage = await _set(here, clock)
        running = asyncio.create_task(stage.supervisor.run())
        console.print(f"ready after {time.monotonic() - begun:.0f} s; the story begins")
        await _tell(stage)
        _show(stage, begun, json_file)
        if stay:
            await _stay(stage)
        await stage.supervisor.stop()
        await running
    finally:
        await here.stop()
        await asyncio.to_thread(stack.down, folder / "local")
    return 0 if stage.checks and all(c.ok for c in stage.checks) else 1


def _empty(folder: Path) -> None:
    """A story begins at its beginning: an older one's broker is stopped and its state goes."""
    if folder.exists():
        stack.down(folder / "local")
        shutil.rmtree(folder)


async def _set(here: world.World, clock: SystemClock) -> Stage:
    await here.control("POST", "/netsuite/options", {"concurrency": CALLS})  # people work beside Accord's five calls at once
    seeds = await seed.reference(here.salesforce, here.netsuite)
    ends = stack.Endpoints(here.kafka, here.registry)
    table = world.configuration(ends, here.sandbox, seeds.reference, seeds.stores, here.folder)
    table["run"]["reporting"] = True
    here.settings = await asyncio.to_thread(world.configure, here.folder, table)
    await asyncio.gather(seed.records(here.salesforce, here.netsuite, seeds), asyncio.to_thread(prepare, here.settings))
    roles = roles_of(here.settings, str(here.config))
    supervisor = Supervisor(roles, here.settings.run.state_dir / "logs", world.environment(), clock, _said)
    return Stage(here, seeds, Pipeline.of(here.settings), supervisor, clock, str(here.config), _line)


async def _tell(stage: Stage) -> None:
    for act in ACTS:
        await asyncio.gather(*(_chapter(stage, chapter) for chapter in act))


async def _chapter(stage: Stage, chapter: Callable[[Stage], Awaitable[None]]) -> None:
    """What one chapter can't go on with is a line of the table; the others go on."""
    try:
        await chapter(stage)
    except AccordError as error:
        name = f"{chapter.__module__.rpartition('.')[2]}.{chapter.__name__}"
        stage.checks.append(Check(f"{name}: went on to its end", ok=False, seconds=0.0, seen=str(error)))
        stage.show(stage.checks[-1])


def _said(role: str, text: str) -> None:
    console.print(f"[dim]{role} {text}[/dim]")


def _line(check: Check) -> None:
    mark = "[green]✓[/green]" if check.ok else "[red]✗[/red]"
    console.print(f"{mark} {check.seconds:6.2f} s  {check.name}\n            [dim]{check.seen}[/dim]")


def _show(stage: Stage, begun: float, json_file: Path) -> None:
    table = Table("", "seconds", "what happened", "seen on the other side", title="the story")
    for check in stage.checks:
        table.add_row("✓" if check.ok else "✗", f"{check.seconds:.2f}", check.name, check.seen, style="" if check.ok else "red")
    console.print(table)
    good, seconds = sum(c.ok for c in stage.checks), time.monotonic() - begun
    console.print(f"{good} of {len(stage.checks)} checks held, in {seconds:.0f} s")
    json_file.write_text(
        json.dumps({"checks": [c.as_json() for c in stage.checks], "passed": good, "failed": len(stage.checks) - good, "seconds": round(seconds, 1)}, indent=1)
    )


async def _stay(stage: Stage) -> None:
    here = stage.world
    console.print(
        f"Salesforce {here.sandbox['salesforce']['http']}\nNetSuite   {here.sandbox['netsuite']['http']}\nKafka      {here.kafka}\n"
        f"Registry   {here.registry}\nfaults     {here.sandbox['faults']}\ntry: accord trace ... --config {here.config}\nCtrl-C stops everything"
    )
    await asyncio.Event().wait()
