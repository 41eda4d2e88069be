"""The audit trail's process."""

from __future__ import annotations

import asyncio

from accord.config import Settings
from accord.kafka.consumer import GATHERED, GroupConsumer
from ops.audit.follow import follow
from ops.audit.store import AuditStore
from ops.database import engine
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities


def trail(settings: Settings) -> AuditStore:
    """The audit trail's database: the configuration's, or SQLite in the state directory."""
    return AuditStore(engine(settings.run.audit_url, settings.run.state_dir / "audit.db"))


async def audit(settings: Settings, stop: asyncio.Event) -> None:
    """The audit trail into its database."""
    found = entities(settings)
    topics, codec = ready(settings, found, SENDS["audit"])
    store = trail(settings)
    await store.open()
    consumer = GroupConsumer(settings.kafka.bootstrap, f"{topics.prefix}audit", {**settings.kafka.client(), **GATHERED})
    try:
        await follow(consumer, topics.name("audit"), codec, store, stop)
    finally:
        await store.close()
