"""`python -m ops.local up | down | status --dir D`: the local stack without the rest of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.local import stack

app = typer.Typer(add_completion=False, help="Kafka and schema registry on this machine, no Docker or Java needed.")
Folder = Annotated[Path, typer.Option("--dir", help="Where state and logs live.")]


@app.command()
def up(folder: Folder = stack.DEFAULT_DIR) -> None:
    """Start both and print where they answer."""
    endpoints = stack.up(folder, progress=True)
    typer.echo(f"kafka     {endpoints.kafka}\nregistry  {endpoints.registry}")


@app.command()
def down(folder: Folder = stack.DEFAULT_DIR) -> None:
    """Stop both; data stays."""
    stack.down(folder)


@app.command()
def status(folder: Folder = stack.DEFAULT_DIR) -> None:
    """Print what runs."""
    now = stack.status(folder)
    where = now.endpoints
    typer.echo(f"kafka     {'pid ' + str(now.kafka) if now.kafka else 'not running'}  {where.kafka if where else ''}".rstrip())
    typer.echo(f"registry  {'pid ' + str(now.registry) if now.registry else 'not running'}  {where.registry if where else ''}".rstrip())


if __name__ == "__main__":
    app()
