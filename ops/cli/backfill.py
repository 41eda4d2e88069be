"""`accord backfill`: load an entity, whole or in part, from one system or both; hold a load and let it go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings
from ops.wiring import process
from schemas.ids import SYSTEMS

if TYPE_CHECKING:
    from ops.wiring.backfill import Progress as Loaded

console = Console(highlight=False)
WORDS = ("pause", "resume")


def register(app: typer.Typer) -> None:
    app.command("backfill")(backfill)


def backfill(
    entity: Annotated[str, typer.Argument(metavar="ENTITY|pause|resume", help="What to load; or pause, resume and then the entity.")],
    held: Annotated[str, typer.Argument(metavar="[ENTITY]", help="After pause or resume: which load.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    since: Annotated[datetime | None, typer.Option(help="Only records changed since then (UTC).")] = None,
    subsidiary: Annotated[str, typer.Option(help="Only records of this subsidiary, by our code.")] = "",
    where: Annotated[str, typer.Option(help="Only records for which this holds: SOQL, or a NetSuite filter expression as JSON; with --system.")] = "",
    system: Annotated[Literal["salesforce", "netsuite", "both"], typer.Option(help="Which system to read.")] = "both",
) -> None:
    """Read an entity on the backfill lane. Live changes go first. Cut off, the same command goes on where it was; what is so already stays so."""
    if entity in WORDS:
        _hold(entity, held, config)
        return
    if held:
        raise Rejected(f"one entity at a time, not {entity} and {held}", code="two_entities")
    if where and system == "both":
        raise Rejected("--where is in one system's own words: say which by --system", code="which_system")
    from ops.wiring.backfill import backfill as load
    from producers.backfill import Slice

    process.logs("backfill")
    part = Slice(int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else 0, subsidiary, where)
    begun = time.monotonic()
    with bars() as bar:
        try:
            found = asyncio.run(load(settings(config), entity, SYSTEMS if system == "both" else (system,), part, bar.show))
        except ExceptionGroup as group:
            raise process.first(group) from group
    for one in found:
        console.print(f"{one.source}: {one.rows:,} records read in {time.monotonic() - begun:.0f} s; accord topics shows how far the writes are")


def _hold(word: str, entity: str, config: ConfigFile) -> None:
    from ops.pipeline import Pipeline

    if not entity:
        raise Rejected(f"which load? accord backfill {word} ENTITY", code="no_entity")
    Pipeline.of(settings(config)).hold(entity, int(time.time() * 1000), go_on=word == "resume")
    console.print(f"the backfill of {entity} is held within seconds" if word == "pause" else f"the backfill of {entity} goes on")


class Rate(ProgressColumn):
    """Records a second of this run."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "-/s")


class Bars:
    """A bar for each source."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, found: list[Loaded]) -> None:
        for one in found:
            task = self._tasks.get(one.source)
            if task is None:
                task = self._tasks[one.source] = self._progress.add_task(one.source, total=one.total or None, completed=one.rows)
            word = " held" if one.held else ""
            self._progress.update(task, completed=one.rows, total=one.rows if one.ended else one.total or None, description=one.source + word)


@contextmanager
def bars() -> Iterator[Bars]:
    """With rate and time left, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bars(progress)
