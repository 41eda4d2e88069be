"""`accord mapping`: judge it, look at it, explain it to people, and see what a changed one would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

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
