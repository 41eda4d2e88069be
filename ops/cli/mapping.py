"""`accord mapping`: judge it, look at it, explain it to people, and see what a changed one would do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

if TYPE_CHECKING:
    from ops.mapping.replay import Difference, Planned

app = typer.Typer(no_args_is_help=True, help="What is mapped to what, who owns it, and what a change would do.")
console = Console(highlight=False)
EXIT_FAULTS = 1


@app.command()
def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Judge the files that are in force: every fault with file and line; exit code 1 if there is one."""
    from ops.wiring.mapping import judged

    tables, faults = judged(settings(config))
    for fault in faults:
        console.print(fault, soft_wrap=True, markup=False)
    if faults:
        raise typer.Exit(EXIT_FAULTS)
    console.print(f"{len(tables)} entities, {sum(len(t.fields) for t in tables.values())} fields: no fault")


@app.command()
def show(entity: Annotated[str, typer.Argument(help="customer, order ...")], config: ConfigFile = DEFAULT_CONFIG) -> None:
    """The effective table of an entity, and the file and line that said each part of it."""
    from ops.mapping.show import lines
    from ops.wiring.mapping import tables_of

    tables = tables_of(settings(config))
    if entity not in tables:
        raise Rejected(f"no entity {entity!r}; there are {', '.join(tables)}", code="unknown_entity")
    wide = Table(title=f"{entity}: shipped lines, and yours on top", show_header=True)
    for name in ("section", "name", "value", "said in"):
        wide.add_column(name, overflow="fold")
    shown = ""
    for line in lines(tables[entity].document):
        yours = Path(line.place.file).name != line.place.file
        wide.add_row(*("" if line.section == shown else line.section, line.name, line.value, str(line.place)), style="bold" if yours else "")
        shown = line.section
    console.print(wide)


@app.command()
def docs(out: Annotated[Path, typer.Option("--out", help="Folder for the pages.")] = Path("mapping-pages"), config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Write pages for people: ownership, statuses, and when records are made, joined and deleted."""
    from ops.mapping.pages import pages
    from ops.wiring.mapping import reference_of, tables_of
    from streams.mapping.load import hash_of

    given = settings(config)
    tables, reference = tables_of(given), reference_of(given)
    out.mkdir(parents=True, exist_ok=True)
    made = pages(tables, {name: hash_of(table, reference) for name, table in tables.items()})
    for name, text in made.items():
        (out / name).write_text(text)
    console.print(f"{len(made)} pages in {out}; begin with {out / 'index.md'}")


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A folder of mapping files, or `shipped` for none: what runs now.")],
    new: Annotated[str, typer.Argument(help="The folder that would take its place, or `shipped`.")],
    config: ConfigFile = DEFAULT_CONFIG,
    *,
    replay: Annotated[bool, typer.Option("--replay", help="Let both decide on every record that the topics hold, and compare the writes.")] = False,
    limit: Annotated[int, typer.Option(help="So many writes are shown of each kind.")] = 50,
) -> None:
    """What another mapping says, and with --replay what it would write and cost. Reads only."""
    from ops.mapping.history import history
    from ops.mapping.lines_diff import changes
    from ops.mapping.replay import Side, compared
    from ops.pipeline import Pipeline
    from ops.wiring.mapping import entities, tables_of

    given = settings(config)
    both = [given.model_copy(update={"mapping_dir": None if folder == "shipped" else Path(folder)}) for folder in (old, new)]
    before, after = (Side(tables_of(each), entities(each)) for each in both)
    for change in changes(before.tables, after.tables):
        console.print(f"{change.entity} {change.name}: {change.old or 'nothing'} -> {change.new or 'nothing'} ({change.place})", soft_wrap=True, markup=False)
    if replay:
        held = history(Pipeline.of(given))
        console.print(f"replayed {len(held.records)} records, {held.changes} changes")
        for text in told(compared(held, before, after), limit):
            console.print(text, soft_wrap=True, markup=False)


def told(found: Difference, limit: int) -> Iterator[str]:
    """The difference for people, the sum last."""
    for sign, writes in (("+", found.added), ("-", found.dropped)):
        yield from (f"{sign} {_write(write)}" for write in writes[:limit])
    yield from (f"~ {_write(b)} (was {_fields(a)})" for a, b in found.altered[:limit])
    shown = sum(min(limit, len(each)) for each in (found.added, found.dropped, found.altered))
    total = len(found.added) + len(found.dropped) + len(found.altered)
    if total > shown:
        yield f"... and {total - shown} more (--limit)"
    for name, count in sorted(found.unread.items()):
        yield f"unknown: {name} of {count} records; no kept change holds what it reads: it will be known after a backfill"
    calls = found.calls()
    yield (
        f"{len(found.added)} writes added, {len(found.dropped)} dropped, {len(found.altered)} altered, {found.same} the same; "
        f"API calls of what is added or altered: Salesforce {calls['salesforce']}, NetSuite {calls['netsuite']}"
    )


def _write(write: Planned) -> str:
    return f"{write.target} {write.kind} {write.key}: {_fields(write)}"


def _fields(write: Planned) -> str:
    return ", ".join(f"{name} = {value}" for name, value in write.fields.items())[:300]
