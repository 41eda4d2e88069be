"""Commands that look: how far it is, what happened, why a value is what it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from accord.config import Settings
from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

if TYPE_CHECKING:
    from ops.pipeline import Lag

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    app.command("topics")(topics)
    app.command("trace")(trace)
    app.command("why")(why_command)


def topics(config: ConfigFile = DEFAULT_CONFIG, *, once: Annotated[bool, typer.Option(help="Show once and end.")] = False) -> None:
    """Lag of each group on each topic, live."""
    from ops.pipeline import Pipeline

    pipeline = Pipeline.of(settings(config))
    if once or not console.is_terminal:
        console.print(lag_table(pipeline.lags()))
        return
    with Live(lag_table(pipeline.lags()), console=console) as live:
        while True:
            time.sleep(1)
            live.update(lag_table(pipeline.lags()))


def lag_table(lags: list[Lag]) -> Table:
    table = Table("group", "topic", "records behind", title="lag")
    for lag in lags:
        table.add_row(lag.group, lag.topic, str(lag.records), style="yellow" if lag.records > 1000 else "")
    return table


def trace(
    ident: Annotated[str, typer.Argument(help="A Salesforce or NetSuite id, a key, an event or a correlation id.")], config: ConfigFile = DEFAULT_CONFIG
) -> None:
    """Everything that happened to a record, in both systems."""
    steps = asyncio.run(steps_of(settings(config), ident))
    for line in trace_lines(steps):
        console.print(line, soft_wrap=True, markup=False)
    console.print(f"{len(steps)} steps")


async def steps_of(given: Settings, ident: str) -> list[dict[str, Any]]:
    from ops.wiring.audit import trail

    store = trail(given)
    await store.open()
    try:
        return await store.trace(ident)
    finally:
        await store.close()


def trace_lines(steps: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each step, oldest first."""
    for step in steps:
        at = datetime.fromtimestamp(step["at"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        parts = (step["step"], step["system"], step["key"] or step["record_id"], step["code"], step["message"], _detail(step["detail"]))
        took = f"({step['duration_ms']} ms)" if step["duration_ms"] else ""
        yield f"{at}  " + "  ".join(part for part in (*parts, took) if part)


def _detail(text: str) -> str:
    if not text:
        return ""
    found = json.loads(text)
    shown = found.get("fields", found) if isinstance(found, dict) else found
    return ", ".join(f"{k}={v}" for k, v in shown.items() if v not in (None, "", {}))[:400] if isinstance(shown, dict) else str(shown)[:400]


def why_command(
    record: Annotated[str, typer.Argument(help="A key or address, e.g. customer:salesforce:001...")],
    field: Annotated[str, typer.Argument(help="Canonical name of the field.")],
    config: Annotated[Path, typer.Option("--config", "-c", envvar="ACCORD_CONFIG")] = DEFAULT_CONFIG,
) -> None:
    """Why a field has its value: owner, rule, source event, what both sides hold, what is on its way."""
    from ops.pipeline import Pipeline
    from ops.wiring.mapping import entities
    from streams.why import why

    given = settings(config)
    pipeline = Pipeline.of(given)
    found = pipeline.record(record)
    try:
        told = why(found, field, entities(given)[found.entity].rules, pipeline.links())
    except KeyError as error:
        raise Rejected(str(error.args[0]), code="unknown_field") from error
    console.print(f"{found.key} {told.field}", style="bold")
    for sentence in told.sentences:
        console.print(f"- {sentence}", soft_wrap=True, markup=False)
