"""`accord rebuild`: the state made anew from both systems, and how it compares with what was known."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

if TYPE_CHECKING:
    from ops.rebuild import Rebuilt

console = Console(highlight=False)
#: Differences that are listed one by one; the file has all.
SHOWN = 50
EXIT_DIFFERS = 1


def register(app: typer.Typer) -> None:
    app.command("rebuild")(rebuild)


def rebuild(
    config: ConfigFile = DEFAULT_CONFIG,
    *,
    dry: Annotated[bool, typer.Option("--dry-run", help="On topics of its own, beside the pipeline; only compare.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    file: Annotated[Path | None, typer.Option("--json", help="Write what differs, and what would be written, into this file.")] = None,
) -> None:
    """Make the state anew from both systems' full reads and the keys on their records. Writes to neither. Exit code 1 where golden records differ from before."""
    if not dry and not yes and not typer.confirm("All state of the pipeline in Kafka is dropped and read anew from both systems. Go on?"):
        raise Rejected("nothing was changed", code="not_confirmed")
    from ops.cli.run import say
    from ops.dry_run import table
    from ops.rebuild import rebuild as make

    found = asyncio.run(make(settings(config), str(config), say, dry=dry))
    console.print(beside(found))
    console.print(table(found.plan))
    if file:
        writes = [{"target": w.target, "key": w.key, "kind": w.kind, "id": w.id, "values": dict(w.values)} for w in found.plan.rows()]
        told = {"before": found.before, "after": found.after, "differences": [asdict(d) for d in found.differences], "writes": writes}
        file.write_text(json.dumps(told, indent=1, default=str))
    if not dry:
        console.print("the state is made anew; `accord run all` goes on from here")
    sys.exit(EXIT_DIFFERS if found.differences and found.before else 0)


def beside(found: Rebuilt) -> Table:
    """Golden records before and after, then those that differ."""
    table = Table("entity", "before", "rebuilt", "differ", title="golden records")
    for name in sorted(found.before.keys() | found.after.keys()):
        mine = [d for d in found.differences if d.entity == name]
        table.add_row(name, str(found.before.get(name, 0)), str(found.after.get(name, 0)), str(len(mine)))
    for d in found.differences[:SHOWN] if found.before else ():
        table.add_row(d.key, "", d.what, ", ".join(d.fields))
    return table
