"""`accord local`: broker and registry on this machine, without Docker and without Java."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Apache Kafka and a Schema Registry on this machine.")
DEFAULT_DIR = Path(".accord/local")
Folder = Annotated[Path, typer.Option("--dir", help="Where state and logs live.")]
console = Console(highlight=False)


@app.command()
def up(folder: Folder = DEFAULT_DIR) -> None:
    """Start what isn't running; a second call changes nothing."""
    from ops.local import stack

    ends = stack.up(folder, progress=console.is_terminal)
    console.print(f"Kafka            {ends.kafka}\nSchema Registry  {ends.registry}")


@app.command()
def down(folder: Folder = DEFAULT_DIR) -> None:
    """Stop both, cleanly; data stays."""
    from ops.local import stack

    stack.down(folder)
    console.print("stopped")


@app.command()
def status(folder: Folder = DEFAULT_DIR) -> None:
    """What runs, and where it answers."""
    from ops.local import stack

    now = stack.status(folder)
    console.print(f"Kafka            {f'pid {now.kafka}' if now.kafka else 'not running'}")
    console.print(f"Schema Registry  {f'pid {now.registry}' if now.registry else 'not running'}")
    if now.endpoints:
        console.print(f"answers at       {now.endpoints.kafka}, {now.endpoints.registry}")
