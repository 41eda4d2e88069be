"""The sinks, each paced by what belongs to us of its system's limits."""

from __future__ import annotations

import asyncio
from random import Random

from prometheus_client import REGISTRY

from accord.clock import SystemClock
from accord.config import Settings
from accord.pace import Pace
from ops.wiring import clients
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities
from schemas.ids import System
from sinks import clients as sink_clients
from sinks.run import Options, serve
from sinks.target import Target

#: Of NetSuite's concurrent calls, so many are kept for reading while writing goes on.
READING = 1


async def sink(settings: Settings, system: System, stop: asyncio.Event) -> None:
    """The writer of one system."""
    found = entities(settings)
    topics, codec = ready(settings, found)
    clock = SystemClock()
    options = Options(call_s=settings.run.call_s, settings=settings.kafka.settings)
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
