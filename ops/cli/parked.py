"""`accord parked`: writes that wait; for what, since when, in which rings; let one go or give it up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.pretty import Pretty
from rich.table import Table
from rich.tree import Tree

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, By, ConfigFile, Since, age, at_ms, now_ms, settings, somebody, told_time
from ops.queues.waits import Node, Waits, overdue, waits
from schemas.events import Parked

if TYPE_CHECKING:
    from ops.pipeline import Pipeline

app = typer.Typer(no_args_is_help=True, help="Writes that wait: for what, since when.")
console = Console(highlight=False)
Name = Annotated[str, typer.Argument(help="A key or address, e.g. customer:salesforce:001...")]


@app.command("list")
def list_(
    config: ConfigFile = DEFAULT_CONFIG,
    since: Since = None,
    entity: Annotated[str, typer.Option(help="Only of this entity.")] = "",
    code: Annotated[str, typer.Option(help="Only with this code.")] = "",
    late: Annotated[bool, typer.Option("--overdue", help="Only what waits longer than it should.")] = False,
) -> None:
    """All writes that wait, oldest first."""
    from ops.pipeline import Pipeline

    now = now_ms()
    found = [p for p in Pipeline.of(settings(config)).parked() if p.since >= at_ms(since) and entity in ("", p.entity) and code in ("", p.code)]
    console.print(parked_table([p for p in found if overdue(p, now) or not late], now))


def parked_table(parked: Sequence[Parked], now: int) -> Table:
    late = sum(overdue(p, now) for p in parked)
    table = Table("record", "target", "code", "waits for", "since (UTC)", "age", "until (UTC)", "message", title=f"{len(parked)} waiting, {late} overdue")
    for p in sorted(parked, key=lambda p: p.since):
        until = told_time(p.until) + (" overdue" if overdue(p, now) else "")
        table.add_row(p.key, p.target, p.code, p.waits_for, told_time(p.since), age(p.since, now), until, escape(p.message))
    return table


@app.command()
def show(record: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """One of them, whole."""
    from ops.pipeline import Pipeline

    for parked in _parked(Pipeline.of(settings(config)), record):
        console.print(Pretty(parked))


@app.command()
def graph(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Who waits for whom. What stands first must come, or be mended, for all below it; rings wait for each other and need a person."""
    from ops.pipeline import Pipeline

    pipeline = Pipeline.of(settings(config))
    console.print(waits_tree(waits(pipeline.parked(), pipeline.links().key_of), now_ms()))


def waits_tree(found: Waits, now: int) -> Tree:
    count = sum(map(len, found.waiters.values())) + len(found.alone)
    tree = Tree(f"{count} waiting, {len(found.rings)} ring(s)")
    rings = {ring[0]: ring for ring in found.rings}
    for root in found.roots:
        ring = rings.get(root, ())
        words = " → ".join(key for _, key in (*ring, ring[0])) if ring else root[1]
        _hang(tree.add(escape(f"ring in {root[0]}: {words}" if ring else f"{words} (not in {root[0]})")), found, root, now)
    for parked in found.alone:
        tree.add(_line(parked, now))
    return tree


def _hang(tree: Tree, found: Waits, root: Node, now: int) -> None:
    """All that wait for the root, and what waits for them. A stack, not calls: a chain may be as long as there are records."""
    todo, seen = [(tree, root)], {root}
    while todo:
        at, node = todo.pop()
        for parked in found.waiters.get(node, ()):
            below = (parked.target, parked.key)
            branch = at.add(_line(parked, now))
            if below not in seen:
                seen.add(below)
                todo.append((branch, below))


def _line(parked: Parked, now: int) -> str:
    late = ", overdue" if overdue(parked, now) else ""
    return escape(f"{parked.key} for {parked.target}: {parked.code}, {age(parked.since, now)}{late}")


@app.command()
def release(record: Name, config: ConfigFile = DEFAULT_CONFIG, by: By = "") -> None:
    """Decide again about it now. Stored payloads are never sent: reconcile says what is wanted."""
    from ops.pipeline import Act, Pipeline

    pipeline = Pipeline.of(settings(config))
    for parked in _parked(pipeline, record):
        pipeline.release(parked, Act(somebody(by), "", now_ms()))
        console.print(f"released {parked.key} for {parked.target}")


@app.command()
def discard(record: Name, reason: Annotated[str, typer.Option(help="Why nobody need try it again.")], config: ConfigFile = DEFAULT_CONFIG, by: By = "") -> None:
    """Give this write up: nothing tries it again until the record itself changes. The record goes on saying that it did not get across."""
    from ops.pipeline import Act, Pipeline

    pipeline = Pipeline.of(settings(config))
    for parked in _parked(pipeline, record):
        pipeline.discard(parked, Act(somebody(by), reason, now_ms()))
        console.print(f"discarded {parked.key} for {parked.target}")


def _parked(pipeline: Pipeline, record: str) -> list[Parked]:
    key = pipeline.key_of(record)
    found = [p for p in pipeline.parked() if p.key == key]
    if not found:
        raise Rejected(f"{key} does not wait for anything; accord parked list shows what does", code="not_parked")
    return found
