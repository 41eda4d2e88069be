"""`accord errors`: what did not get across, and that somebody is at it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, By, ConfigFile, Since, age, at_ms, now_ms, settings, somebody, told_time
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
    since: Since = None,
) -> None:
    """All of it, oldest first; what heals disappears by itself."""
    if context.invoked_subcommand:
        return
    from ops.pipeline import Pipeline

    found = [n for n in Pipeline.of(settings(config)).table("notice").values() if not n.closed_at]
    wanted = [n for n in found if entity in ("", n.entity) and code in ("", n.code) and (not store or store in n.stores)]
    console.print(errors_table([n for n in wanted if n.since >= at_ms(since)], now_ms()))


@app.command()
def handle(
    record: Annotated[str, typer.Argument(help="A key or address, or the name of a dead letter, as the list shows it.")],
    config: ConfigFile = DEFAULT_CONFIG,
    by: By = "",
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
    who = somebody(by)
    pipeline.handle(notice, who, note, now_ms())
    console.print(f"{key}: {who} is at it")


def errors_table(found: list[Notice], now: int) -> Table:
    table = Table("record", "told in", "status", "code", "store", "since (UTC)", "age", "handled by", "message", title=f"{len(found)} open")
    for n in sorted(found, key=lambda n: n.since):
        handler = f"{n.handled_by}: {n.note}" if n.note else n.handled_by
        table.add_row(n.key, n.system, n.status, n.code, ", ".join(n.stores), told_time(n.since), age(n.since, now), handler, n.message)
    return table
