"""Both systems read from nothing by the pipeline's own producers and streams, on topics that hold nothing yet, while no sink runs: what would be written is collected."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from accord.clock import SystemClock
from accord.config import Settings
from accord.kafka import admin
from accord.kafka.consumer import Table
from accord.kafka.records import Record
from ops.pipeline import Pipeline
from ops.supervise import Role, Supervisor
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities, loads
from schemas.events import Write
from schemas.ids import SYSTEMS

#: Nothing new for so much longer than the margin after which records are read again: rest.
STILL_S = 4.0
LOOK_S = 1.0


@dataclass(slots=True)
class Plan:
    """The newest write of each record and target: a newer one replaces an older one, as a sink would see it."""

    writes: dict[tuple[str, str], Write] = field(default_factory=dict)

    def take(self, write: Write) -> None:
        self.writes[write.target, write.key] = write

    def rows(self) -> list[Write]:
        return [w for w in self.writes.values() if w.kind != "withdraw"]


@asynccontextmanager
async def aside(settings: Settings, suffix: str) -> AsyncIterator[Settings]:
    """The same configuration on topics of its own, which hold nothing at first and are deleted at the end."""
    given = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"prefix": settings.kafka.prefix + suffix})})
    client = admin.client(given.kafka.bootstrap, given.kafka.client())
    await asyncio.to_thread(admin.delete, client, given.kafka.prefix)
    try:
        yield given
    finally:
        await asyncio.to_thread(admin.delete, client, given.kafka.prefix)


async def read_anew(settings: Settings, config: str, say: Callable[[str, str], None]) -> Plan:
    """Until every first load has passed and nothing moves any more. The topics are those of `settings`, whatever the file `config` says."""
    found = entities(settings)
    await asyncio.to_thread(ready, settings, found)
    environment = {**os.environ, "ACCORD_KAFKA__PREFIX": settings.kafka.prefix}
    roles = [Role(f"anew-{name}", ("run", name, "--config", config)) for name in ("producers", "streams")]
    supervisor = Supervisor(roles, settings.run.state_dir / "logs", environment, SystemClock(), say)
    running = asyncio.create_task(supervisor.run())
    try:
        return await asyncio.to_thread(_collect, Pipeline.of(settings), loads(found), settings.run.margin_s + STILL_S)
    finally:
        await supervisor.stop()
        await running


def _collect(pipeline: Pipeline, wanted: set[str], still_s: float) -> Plan:
    """Until all loads have passed and nothing has moved for a while on any topic that leads to a write."""
    names = pipeline.topics
    topics = [names.name(f"write.{s}", lane) for s in SYSTEMS for lane in ("live", "backfill")]
    flow = [*topics, *(names.name("observation", lane) for lane in ("live", "backfill")), names.name("claim", "backfill")]
    plan, clock = Plan(), SystemClock()
    writes = Table(pipeline.bootstrap, flow, pipeline.extra)
    for record in writes.load():
        _take(plan, record, topics, pipeline)
    last = clock.monotonic()
    while clock.monotonic() - last < still_s:
        records = writes.follow(LOOK_S)  # empty also where only the end of a partition was reached
        for record in records:
            _take(plan, record, topics, pipeline)
        if records or (clock.monotonic() - last >= still_s / 2 and not wanted <= pipeline.loaded()):
            last = clock.monotonic()
    writes.close()
    return plan


def _take(plan: Plan, record: Record, topics: list[str], pipeline: Pipeline) -> None:
    if record.topic in topics and record.value is not None:
        plan.take(pipeline.codec.decode(record.value))
