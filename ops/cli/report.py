"""`accord report`: the example queries, and the tables that they stand on."""

from __future__ import annotations

import asyncio
import csv
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.clock import SystemClock
from accord.config import Settings
from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

if TYPE_CHECKING:
    from ops.reporting.queries import Answer

app = typer.Typer(no_args_is_help=True, help="Reports from the golden records' tables.")
console = Console(highlight=False)


@app.command("list")
def list_() -> None:
    """The queries that come with Accord."""
    from ops.reporting import queries

    for name in queries.NAMES:
        console.print(f"{name}: {queries.sql(name, 'postgresql').splitlines()[0].removeprefix('-- ')}", soft_wrap=True, markup=False)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="One of `accord report list`.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that it is asked for; today, UTC.")] = None,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, for a spreadsheet.")] = False,
) -> None:
    """Ask one of them."""
    day = (as_of or SystemClock().now()).date()
    answer = asyncio.run(_ask(settings(config), name, day))
    if as_csv:
        csv.writer(sys.stdout).writerows([answer.columns, *answer.rows])
        return
    table = Table(*answer.columns, title=f"{name} {day}")
    for row in answer.rows:
        table.add_row(*row)
    console.print(table)


async def _ask(given: Settings, name: str, day: date) -> Answer:
    from ops.reporting import queries
    from ops.wiring.reporting import database

    db = database(given)
    try:
        return await queries.ask(db, name, day)
    finally:
        await db.dispose()


@app.command("ddl")
def ddl(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """What the tables lack for the mapping in effect, as SQL; nothing when they fit. The role does it by itself where it may."""
    from ops.wiring.reporting import ddl as told

    console.print(asyncio.run(told(settings(config))), soft_wrap=True, markup=False)


@app.command("rebuild")
def rebuild(
    config: ConfigFile = DEFAULT_CONFIG,
    *,
    history: Annotated[bool, typer.Option("--forget-history", help="The history of statuses too: compacted topics can't bring all of it back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Drop the tables; the role, which ends by itself and is started again, fills them from the topics."""
    if not yes and not typer.confirm("Reports are incomplete until the tables are filled again. Go on?"):
        raise Rejected("nothing was changed", code="not_confirmed")
    from ops.wiring.reporting import forget

    asyncio.run(forget(settings(config), history_too=history))
    console.print("the tables are empty; `accord run reporting` fills them")
