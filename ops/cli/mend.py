"""Commands that act: read again, say what was merged, erase, replay."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, By, ConfigFile, now_ms, settings, somebody
from schemas.events import ReadRequest
from schemas.ids import MERGED, parse_ref

console = Console(highlight=False)
if TYPE_CHECKING:
    from ops.replay import Sent

Name = Annotated[str, typer.Argument(help="A key or address, e.g. customer:salesforce:001...")]


def register(app: typer.Typer) -> None:
    app.command("refresh")(refresh)
    app.command("merged")(merged)
    app.command("erase")(erase)
    app.command("replay")(replay)


def refresh(record: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Read a record again in both systems."""
    from ops.pipeline import Pipeline, sides

    pipeline = Pipeline.of(settings(config))
    key = pipeline.key_of(record)
    link = pipeline.links().link(key)
    ref = parse_ref(key)
    requests = sides(link) if link else [ReadRequest(ref.entity, ref.system, "", ref.id, "person")]
    pipeline.ask(requests)
    console.print("asked to read " + " and ".join(f"{r.entity}:{r.system}:{r.record_id}" for r in requests))


def merged(loser: Name, winner: Name, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Say into which record another one was merged: NetSuite keeps no trace of it (Salesforce does, there nobody need say it)."""
    from ops.pipeline import Pipeline

    gone, into = parse_ref(loser), parse_ref(winner)
    if (gone.entity, gone.system) != (into.entity, into.system) or gone.id == into.id:
        raise Rejected(f"{loser} and {winner} must be two records of one kind in one system", code="not_alike")
    Pipeline.of(settings(config)).ask([ReadRequest(gone.entity, gone.system, "", gone.id, MERGED + into.id)])
    console.print(f"asked to read {loser}; once it is gone, {winner} stands for it")


def erase(
    record: Name,
    reason: Annotated[str, typer.Option(help="On whose request; no names of persons: this is kept.")],
    config: ConfigFile = DEFAULT_CONFIG,
    by: By = "",
) -> None:
    """Forget a record that was deleted in both systems: state, golden record, links, reports and audit trail. It can't be undone."""
    from ops.erasure import erase as forget
    from ops.pipeline import Act, Pipeline
    from ops.wiring.mapping import entities, loads

    given = settings(config)
    keys = forget(Pipeline.of(given), loads(entities(given)), record, Act(somebody(by), reason, now_ms()), int(given.run.margin_s * 1000))
    console.print(f"asked to erase {', '.join(keys)}; accord trace {keys[0]} says when it is done, or why not", soft_wrap=True)


def replay(
    config: ConfigFile = DEFAULT_CONFIG,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Only this topic (may be given several times), e.g. change.salesforce.account or change.netsuite.customer.backfill."),
    ] = None,
    start: Annotated[str, typer.Option("--from", help="A time (ISO 8601, UTC), or an offset in each partition of the topic.")] = "",
    end: Annotated[str, typer.Option("--to", help="Up to, and without, this time or offset.")] = "",
    entity: Annotated[str, typer.Option(help="Only changes of this entity.")] = "",
    *,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
) -> None:
    """Send changes that the topics keep once more. What is already so stays so: nothing is written twice."""
    from ops.pipeline import Pipeline
    from ops.replay import Span, bound
    from ops.replay import replay as send

    given = settings(config)
    if entity and entity not in given.entities:
        raise Rejected(f"no entity {entity!r}; there are {', '.join(given.entities)}", code="unknown_entity")
    span = Span(tuple(topic or ()), bound(start), bound(end), entity)
    console.print(replayed(send(Pipeline.of(given), span, int(time.time() * 1000), dry=dry), dry=dry))


def replayed(sent: Sent, *, dry: bool) -> Table:
    """What was found, topic by topic."""
    word = "would be sent" if dry else "sent"
    table = Table("topic", "changes", "first (UTC)", "last (UTC)", title=f"{sent.records} changes {word} again, in the backfill lane")
    for name, each in sorted(sent.topics.items()):
        table.add_row(name, str(each.records), *(datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") for ms in (each.first_ms, each.last_ms)))
    return table
