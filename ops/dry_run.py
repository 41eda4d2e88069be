"""What would be written, without a call that writes: everything is read anew, on topics that are thrown away afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rich.table import Table as Rows

from accord.config import Settings
from accord.kafka import admin
from ops.anew import Plan, read_anew

SUFFIX = "dry-run."


def table(plan: Plan) -> Rows:
    """For people."""
    rows = plan.rows()
    out = Rows("target", "record", "what", "fields", title=f"{len(rows)} writes would be made (no call that writes was made)")
    for write in sorted(rows, key=lambda w: (w.target, w.entity, w.key)):
        fields = ", ".join(f"{name}={value}" for name, value in {**write.seeds, **write.values}.items())
        out.add_row(write.target, write.key, f"{write.kind} {write.id}", fields[:300])
    return out


def aside(settings: Settings, suffix: str = SUFFIX) -> Settings:
    """The same, on topics of its own."""
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"prefix": settings.kafka.prefix + suffix})})


async def dry_run(settings: Settings, config: str, say: Callable[[str, str], None]) -> Plan:
    """Read both systems, decide on everything, and answer what would be written. Its topics are deleted afterwards."""
    given = aside(settings)
    client = admin.client(given.kafka.bootstrap, given.kafka.client())
    await asyncio.to_thread(admin.delete, client, given.kafka.prefix)
    try:
        return await read_anew(given, config, say)
    finally:
        await asyncio.to_thread(admin.delete, client, given.kafka.prefix)
