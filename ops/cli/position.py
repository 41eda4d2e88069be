"""`accord position`: where each source stands, and a person's word that a mass of deletions is meant."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings
from producers.outbox import PART
from schemas.events import Position

app = typer.Typer(no_args_is_help=True, help="Where each source stands.")
console = Console(highlight=False)


@app.command("list")
def list_(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """All sources, with the replay id or cursor that was stored with their last events."""
    from ops.pipeline import Pipeline

    console.print(position_table(Pipeline.of(settings(config)).table("position")))


def position_table(found: dict[str, Position]) -> Table:
    whole = {name: position for name, position in found.items() if PART not in name}
    table = Table("source", "stored at (UTC)", "position", title=f"{len(whole)} positions")
    for name, position in sorted(whole.items()):
        table.add_row(name, _time(position.at), position.position)
    return table


@app.command()
def confirm(
    source: Annotated[str, typer.Argument(help="Name of the source that has stopped, as its log says it.")],
    config: ConfigFile = DEFAULT_CONFIG,
    hours: Annotated[float, typer.Option(help="For how long deletions are let through.", min=0.01, max=24)] = 1.0,
) -> None:
    """Say that the deletions which stopped a source are meant; it goes on within seconds."""
    from ops.pipeline import Pipeline

    now_ms = int(time.time() * 1000)
    until_ms = now_ms + int(hours * 3_600_000)
    Pipeline.of(settings(config)).confirm(source, now_ms, until_ms)
    console.print(f"{source}: deletions are let through until {_time(until_ms)} UTC")


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
