"""`accord demo`: everything on one machine, and a story that checks each step on the other side."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    json_file: Annotated[Path, typer.Option("--json", help="Where the results are written.")] = Path("demo.json"),
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo's state lives; it is emptied first.")] = Path(".accord/demo"),
    *,
    stay: Annotated[bool, typer.Option(help="Keep everything running afterwards, until Ctrl-C.")] = False,
) -> None:
    """Start it all, tell the story, check each step."""
    from ops.demo.play import play

    raise typer.Exit(asyncio.run(_ended(play(folder, json_file, stay=stay))))


async def _ended(story: Coroutine[None, None, int]) -> int:
    """SIGTERM ends it as Ctrl-C does: nothing of it may go on running."""
    telling = asyncio.create_task(story)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, telling.cancel)
    return await telling
