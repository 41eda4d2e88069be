"""`accord errors`: what did not get across, and that somebody is at it."""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings
from schemas.events import Notice

app = typer.Typer(invoke_without_command=True, help="What did not get across: rejected, waiting, missing and dead.")
console = Console(highlight=False)


@app.callback()
def list_(
    context: typer.Context,
    config: ConfigFile = DEFAULT_CONFIG,
    entity: Annotated[str, typer.Option(help="Only of this entity.")] = "",
    code: Annotated[str, typer.Option(help="Only with this code.")] = "",
    store: Annotated[str, typer.Option(help="Only of this store.")] = "",
) -> None:
    """All of it, oldest first; what heals disappears by itself."""
    if context.invoked_subcommand:
        return
    from ops.pipeline import Pipeline

    found = [n for n in Pipeline.of(settings(config)).table("notice").values() if not n.closed_at]
    wanted = [n for n in found if entity in ("", n.entity) and code in ("", n.code) and (not store or store in n.stores)]
    console.print(errors_table(wanted))


@app.command()
def handle(
    record: Annotated[str, typer.Argument(help="A key or address, or the name of a dead letter, as the list shows it.")],
    config: ConfigFile = DEFAULT_CONFIG,
    by: Annotated[str, typer.Option(help="Who is at it.")] = "",
    note: Annotated[str, typer.Option(help="A word for the others.")] = "",
) -> None:
    """Say that it is being handled: nobody else is told of it. A dead letter is done with that; a record closes when it heals."""
    from ops.pipeline import Pipeline

    pipeline = Pipeline.of(settings(config))
    found = pipeline.table("notice")
    key = record if record in found else pipeline.key_of(record)
    notice = found.get(key)
    if notice is None or notice.closed_at:
        raise Rejected(f"nothing is wrong with {key}; accord errors shows with what there is", code="no_error")
    who = by or getpass.getuser()
    pipeline.handle(notice, who, note, int(time.time() * 1000))
    console.print(f"{key}: {who} is at it")


def errors_table(found: list[Notice]) -> Table:
    table = Table("record", "told in", "status", "code", "store", "since (UTC)", "handled by", "message", title=f"{len(found)} open")
    for n in sorted(found, key=lambda n: n.since):
        since = datetime.fromtimestamp(n.since / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        handler = f"{n.handled_by}: {n.note}" if n.note else n.handled_by
        table.add_row(n.key, n.system, n.status, n.code, ", ".join(n.stores), since, handler, n.message)
    return table
