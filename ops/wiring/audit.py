"""The audit trail's process."""

from __future__ import annotations

import asyncio

from accord.clock import SystemClock
from accord.config import Settings
from accord.kafka.consumer import GATHERED, GroupConsumer
from ops.audit.follow import follow
from ops.audit.keep import Keeper
from ops.audit.store import AuditStore
from ops.database import engine
from ops.pipeline import Pipeline
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities
from schemas.events import Audit


def trail(settings: Settings) -> AuditStore:
    """The audit trail's database: the configuration's, or SQLite in the state directory."""
    return AuditStore(engine(settings.run.audit_url, settings.run.state_dir / "audit.db"))


def told(pipeline: Pipeline, step: Audit) -> None:
    """A step of the trail's own, on its topic."""
    with pipeline.writer("audit") as writer:
        writer.send(pipeline.topics.name("audit"), step.correlation_id.encode(), pipeline.codec.encode("audit", step))


async def audit(settings: Settings, stop: asyncio.Event) -> None:
    """The audit trail into its database."""
    found = entities(settings)
    topics, codec = ready(settings, found, SENDS["audit"])
    store = trail(settings)
    await store.open()
    pipeline = Pipeline(settings.kafka.bootstrap, settings.kafka.client(), topics, codec)
    keeper = Keeper(store, settings.run.audit_days, SystemClock(), lambda step: told(pipeline, step))
    consumer = GroupConsumer(settings.kafka.bootstrap, f"{topics.prefix}audit", {**settings.kafka.client(), **GATHERED})
    try:
        await follow(consumer, topics.name("audit"), codec, store, keeper, stop)
    finally:
        await store.close()
