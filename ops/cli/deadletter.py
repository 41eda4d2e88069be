"""`accord deadletter`: messages that could not be read or met a bug; look, try again, edit, throw away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops.cli.options import DEFAULT_CONFIG, By, ConfigFile, Since, age, at_ms, now_ms, settings, somebody, told_time
from schemas.events import DeadLetter

app = typer.Typer(no_args_is_help=True, help="Messages that could not be read or met a bug.")
console = Console(highlight=False)
Name = Annotated[str, typer.Argument(help="Its name, as the list shows it: deadletter:TOPIC:PARTITION:OFFSET.")]


@app.command("list")
def list_(
    config: ConfigFile = DEFAULT_CONFIG,
    since: Since = None,
    code: Annotated[str, typer.Option(help="Only with this code.")] = "",
    topic: Annotated[str, typer.Option(help="Only from topics with this in their name.")] = "",
) -> None:
    """Those that nobody has dealt with, oldest first."""
    from ops.pipeline import Pipeline
    from ops.queues.letters import opened

    found = opened(Pipeline.of(settings(config)))
    wanted = {n: x for n, x in found.items() if x.at >= at_ms(since) and code in ("", x.code) and topic in x.topic}
    console.print(letters_table(wanted, now_ms()))


def letters_table(found: dict[str, DeadLetter], now: int) -> Table:
    table = Table("name", "record", "code", "stage", "since (UTC)", "age", "error", title=f"{len(found)} dead letters")
    for name, letter in found.items():
        key = (letter.key or b"").decode(errors="replace")
        table.add_row(name, key, letter.code, letter.stage, told_time(letter.at), age(letter.at, now), letter.error)
    return table


@app.command()
def show(name: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """One of them, whole, as JSON; what stands under `message` can be edited and tried again."""
    from ops.pipeline import Pipeline
    from ops.queues.letters import find, told

    pipeline = Pipeline.of(settings(config))
    typer.echo(json.dumps(told(pipeline, find(pipeline, name)), indent=2, ensure_ascii=False))


@app.command()
def retry(
    name: Name,
    config: ConfigFile = DEFAULT_CONFIG,
    edited: Annotated[Path | None, typer.Option(help="A file with the message as it should be (`message` of show).", exists=True, dir_okay=False)] = None,
    by: By = "",
    note: Annotated[str, typer.Option(help="Why now.")] = "",
) -> None:
    """Try it again where it died. A write is decided again instead: stored payloads are never sent."""
    from ops.pipeline import Act, Pipeline
    from ops.queues.letters import find
    from ops.queues.letters import retry as again

    pipeline = Pipeline.of(settings(config))
    done = again(pipeline, find(pipeline, name), Act(somebody(by), note, now_ms()), edited.read_bytes() if edited else None)
    console.print(f"{name}: {done}", markup=False, soft_wrap=True)


@app.command()
def discard(name: Name, reason: Annotated[str, typer.Option(help="Why it may be thrown away.")], config: ConfigFile = DEFAULT_CONFIG, by: By = "") -> None:
    """Be done with it; the reason stands in the audit trail."""
    from ops.pipeline import Act, Pipeline
    from ops.queues.letters import discard as throw
    from ops.queues.letters import find

    pipeline = Pipeline.of(settings(config))
    throw(pipeline, find(pipeline, name), Act(somebody(by), reason, now_ms()))
    console.print(f"{name}: discarded", markup=False, soft_wrap=True)
