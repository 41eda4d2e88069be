"""What would be written, without a call that writes: producers and streams run on topics of their own, and no sink runs at all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.table import Table as Rows

from accord.clock import SystemClock
from accord.config import Settings
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import Table
from accord.kafka.records import Record
from ops.supervise import Role, Supervisor
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities
from schemas.events import Write
from schemas.ids import SYSTEMS

SUFFIX = "dry-run."
#: Nothing new for this long: both systems have been read.
QUIET_S = 10.0
LOOK_S = 1.0


@dataclass(slots=True)
class Plan:
    """The newest write of each record and target: a newer one replaces an older one, as a sink would see it."""

    writes: dict[tuple[str, str], Write] = field(default_factory=dict)

    def take(self, write: Write) -> None:
        self.writes[write.target, write.key] = write

    def rows(self) -> list[Write]:
        return [w for w in self.writes.values() if w.kind != "withdraw"]


def table(plan: Plan) -> Rows:
    """For people."""
    rows = plan.rows()
    out = Rows("target", "record", "what", "fields", title=f"{len(rows)} writes would be made (no call that writes was made)")
    for write in sorted(rows, key=lambda w: (w.target, w.entity, w.key)):
        fields = ", ".join(f"{name}={value}" for name, value in {**write.seeds, **write.values}.items())
        out.add_row(write.target, write.key, f"{write.kind} {write.id}", fields[:300])
    return out


async def dry_run(settings: Settings, config: str, say: Callable[[str, str], None]) -> Plan:
    """Read both systems, decide on everything, and answer what would be written. Its topics are deleted afterwards."""
    prefix = settings.kafka.prefix + SUFFIX
    given = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"prefix": prefix})})
    client = admin.client(given.kafka.bootstrap, given.kafka.client())
    await asyncio.to_thread(admin.delete, client, prefix)
    found = entities(given)
    _, codec = await asyncio.to_thread(ready, given, found)
    environment = {**os.environ, "ACCORD_KAFKA__PREFIX": prefix}
    roles = [Role("dry-run-producers", ("run", "producers", "--config", config)), Role("dry-run-streams", ("run", "streams", "--config", config))]
    supervisor = Supervisor(roles, given.run.state_dir / "logs", environment, SystemClock(), say)
    running = asyncio.create_task(supervisor.run())
    try:
        return await asyncio.to_thread(_collect, given, prefix, codec)
    finally:
        await supervisor.stop()
        await running
        await asyncio.to_thread(admin.delete, client, prefix)


def _collect(settings: Settings, prefix: str, codec: Codec) -> Plan:
    """Until nothing has moved for a while on any topic that leads to a write."""
    topics = [f"{prefix}{name}" for s in SYSTEMS for name in (f"write.{s}", f"write.{s}.backfill")]
    flow = [*topics, f"{prefix}observation", f"{prefix}observation.backfill", f"{prefix}claim.backfill"]
    plan, seen, clock = Plan(), False, SystemClock()
    writes = Table(settings.kafka.bootstrap, flow, settings.kafka.client())
    for record in writes.load():
        _take(plan, record, topics, codec)
    last = clock.monotonic()
    while not seen or clock.monotonic() - last < QUIET_S:
        records = writes.follow(LOOK_S)  # empty also where only the end of a partition was reached
        for record in records:
            _take(plan, record, topics, codec)
        seen, last = seen or bool(records), clock.monotonic() if records else last
    writes.close()
    return plan


def _take(plan: Plan, record: Record, topics: list[str], codec: Codec) -> None:
    if record.topic in topics and record.value is not None:
        plan.take(codec.decode(record.value))
