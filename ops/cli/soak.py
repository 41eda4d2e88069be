"""`accord soak`: random work through both sandboxes while faults strike, then an independent checker counts what is wrong."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("soak")(soak)


def soak(
    changes: Annotated[int, typer.Option(help="How many things people do.", min=10)] = 1000,
    seed: Annotated[int | None, typer.Option(help="Reproduces a run; without it a new one is drawn and told.")] = None,
    faults: Annotated[str, typer.Option(help="Kinds of faults, with commas; `all` or `none`. docs/soak.md lists them.")] = "all",
    json_file: Annotated[Path, typer.Option("--json", help="Where the counts are written.")] = Path("soak.json"),
    folder: Annotated[Path, typer.Option("--dir", help="Where the run's state lives; it is emptied first.")] = Path(".accord/soak"),
    minutes: Annotated[float, typer.Option("--for", help="Minutes after which people stop, however much is left; 0 = never.", min=0)] = 0.0,
    tries: Annotated[
        int, typer.Option("--shrink", help="After a failure, so many new runs at most to find the shortest list of faults that still fails.", min=0)
    ] = 12,
) -> None:
    """Try to break the guarantees; exit code 1 where something was lost, doubled, misordered, echoed, overwritten or parked wrongly."""
    from ops.soak.campaign import campaign

    chosen_seed = seed if seed is not None else int(time.time())
    raise typer.Exit(asyncio.run(campaign(chosen_seed, changes, faults, json_file, folder, tries, minutes * 60 or math.inf)))
