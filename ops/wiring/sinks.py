"""The sinks, each paced by its part of its system's limits."""

from __future__ import annotations

import asyncio
from random import Random

from prometheus_client import REGISTRY

from accord.clock import Clock, SystemClock
from accord.config import Settings
from ops.wiring import clients
from ops.wiring.budget import Budget, budget
from ops.wiring.home import at_home
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities
from ops.wiring.shares import writing
from schemas.ids import System
from sinks import clients as sink_clients
from sinks.run import Options, serve
from sinks.target import Target


async def sink(settings: Settings, system: System, stop: asyncio.Event) -> None:
    """The writer of one system."""
    found = entities(settings)
    topics, codec = ready(settings, found, SENDS["sink"])
    clock = SystemClock()
    await at_home(settings, system, topics, codec, clock)
    owned: set[int] = set()

    def own(partitions: frozenset[int]) -> None:
        owned.clear()
        owned.update(partitions)

    part = await budget(settings, system, "sink", lambda limit: writing(limit, owned), topics, codec, clock)
    options = Options(call_s=settings.run.call_s, settings=settings.kafka.client(), pace=part.pace, owned=own)
    async with asyncio.TaskGroup() as group:
        beside = group.create_task(part.member.run())
        await serve(
            target(settings, system, part, clock), bootstrap=settings.kafka.bootstrap, codec=codec, topics=topics, clock=clock, rng=Random(),
            metrics=REGISTRY, stop=stop, options=options,
        )  # fmt: skip
        beside.cancel()


def target(settings: Settings, system: System, part: Budget, clock: Clock) -> Target:
    """One system as a target, within its part of the limits."""
    if system == "salesforce":
        org = clients.salesforce(settings, clock, slots=part.limit, pace=part.pace)
        return sink_clients.salesforce(org, clock, calls=part.limit, bulk_from=settings.salesforce.bulk_from)
    return sink_clients.netsuite(clients.netsuite(settings, clock, slots=part.limit, pace=part.pace), calls=part.limit)
