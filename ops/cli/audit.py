"""`accord audit`: is the audit trail as it was written?"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from accord.config import Settings
from accord.errors import Rejected
from ops.audit.chain import Head, Verdict
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

app = typer.Typer(no_args_is_help=True, help="The audit trail itself.")
console = Console(highlight=False)
#: Faults that are shown; the JSON has up to a thousand.
SHOWN = 20


@app.callback()
def _group() -> None:
    """A group, although it has one command only."""


@app.command()
def verify(
    config: ConfigFile = DEFAULT_CONFIG,
    heads: Annotated[
        Path | None, typer.Option(help="What an earlier --json wrote, kept where whoever may write the database may not.", exists=True, dir_okay=False)
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write rows, faults and the heads of the chain there.")] = None,
) -> None:
    """Walk along the chain: every row that was changed, removed or inserted is named. Exit code 1 where there is one."""
    found = asyncio.run(verified(settings(config), noted(heads) if heads else {}))
    if as_json:
        told = {"rows": found.rows, "erased": found.erased, "faults": [f._asdict() for f in found.faults], "count": found.count}
        places = {"cut": found.cut, "heads": found.heads}
        as_json.write_text(json.dumps({**told, **{what: {str(p): h._asdict() for p, h in at.items()} for what, at in places.items()}}, indent=2))
    for fault in found.faults[:SHOWN]:
        console.print(f"{fault.kind}: partition {fault.partition}, offset {fault.offset}", style="bold red")
    for partition, head in found.heads.items():
        begins = f", kept from after {found.cut[partition].offset} on" if partition in found.cut else ""
        console.print(f"partition {partition}: {head.offset} {head.link}{begins}", soft_wrap=True)
    console.print(f"{found.rows} rows, {found.erased} erased on request, {found.count} faults")
    raise typer.Exit(1 if found.count else 0)


def noted(path: Path) -> dict[int, Head]:
    """The heads that an earlier walk wrote."""
    try:
        return {int(p): Head(int(h["offset"]), str(h["link"])) for p, h in json.loads(path.read_text())["heads"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Rejected(f"{path}: not what accord audit verify --json writes: {error!r}", code="malformed") from error


async def verified(given: Settings, heads: dict[int, Head]) -> Verdict:
    from ops.wiring.audit import trail

    store = trail(given)
    await store.open()
    try:
        return await store.verify(heads)
    finally:
        await store.close()
