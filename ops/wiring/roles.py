"""Each role as something to run until it is told to stop."""

from __future__ import annotations

import asyncio
from random import Random

from prometheus_client import REGISTRY

from accord.clock import SystemClock, epoch_ms
from accord.config import Settings
from accord.kafka.consumer import GroupConsumer
from accord.pace import Pace
from ops.audit.follow import follow
from ops.audit.store import AuditStore, engine
from ops.wiring import clients
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities
from ops.wiring.stages import stages
from schemas.ids import System
from schemas.topics import PARTITIONS
from sinks import clients as sink_clients
from sinks.run import Options, serve
from sinks.target import Target
from streams.faust.app import worker

#: Of NetSuite's concurrent calls, so many are kept for reading while writing goes on.
READING = 1


def streams(settings: Settings) -> None:
    """A streams worker in this process. Faust owns the loop and the signals."""
    found = entities(settings)
    topics, codec = ready(settings, found)
    clock = SystemClock()
    made = stages(found, topics, codec, lambda: epoch_ms(clock.now()), margin_ms=int(settings.run.margin_s * 1000))
    worker(made, app_id=f"{topics.prefix}streams", bootstrap=settings.kafka.bootstrap, partitions=PARTITIONS, settings=settings.kafka.settings)


async def sink(settings: Settings, system: System, stop: asyncio.Event) -> None:
    """The writer of one system."""
    found = entities(settings)
    topics, codec = ready(settings, found)
    clock = SystemClock()
    options = Options(settings=settings.kafka.settings)
    await serve(
        target(settings, system, clock), bootstrap=settings.kafka.bootstrap, codec=codec, topics=topics, clock=clock, rng=Random(),
        metrics=REGISTRY, stop=stop, options=options,
    )  # fmt: skip


def target(settings: Settings, system: System, clock: SystemClock) -> Target:
    """One system as a target, paced by what belongs to us of its limits."""
    if system == "salesforce":
        calls = settings.salesforce.slots
        return sink_clients.salesforce(clients.salesforce(settings, clock, slots=calls, pace=Pace(calls, clock)), calls=calls)
    calls = max(1, settings.netsuite.concurrency - READING)
    return sink_clients.netsuite(clients.netsuite(settings, clock, slots=calls, pace=Pace(calls, clock)), calls=calls)


async def audit(settings: Settings, stop: asyncio.Event) -> None:
    """The audit trail into its database."""
    found = entities(settings)
    topics, codec = ready(settings, found)
    store = AuditStore(engine(settings.run.audit_url, settings.run.state_dir))
    await store.open()
    consumer = GroupConsumer(settings.kafka.bootstrap, f"{topics.prefix}audit", settings.kafka.settings)
    try:
        await follow(consumer, topics.name("audit"), codec, store, stop)
    finally:
        await store.close()
