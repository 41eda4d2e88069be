"""The sinks, each paced by what belongs to us of its system's limits."""

from __future__ import annotations

import asyncio
from random import Random

import structlog
from prometheus_client import REGISTRY

from accord.clock import SystemClock
from accord.config import Settings
from accord.errors import Transient
from accord.pace import Pace
from ops.wiring import clients
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities
from ops.wiring.shares import writing
from schemas.ids import System
from sinks import clients as sink_clients
from sinks.run import Options, serve
from sinks.target import Target

LOG = structlog.get_logger(__name__)


async def sink(settings: Settings, system: System, stop: asyncio.Event) -> None:
    """The writer of one system."""
    found = entities(settings)
    topics, codec = ready(settings, found)
    clock = SystemClock()
    made = await target(settings, system, clock)
    options = Options(call_s=settings.run.call_s, settings=settings.kafka.settings)
    await serve(
        made, bootstrap=settings.kafka.bootstrap, codec=codec, topics=topics, clock=clock, rng=Random(),
        metrics=REGISTRY, stop=stop, options=options,
    )  # fmt: skip


async def target(settings: Settings, system: System, clock: SystemClock) -> Target:
    """One system as a target, paced by what belongs to us of its limits."""
    if system == "salesforce":
        calls = settings.salesforce.slots
        return sink_clients.salesforce(clients.salesforce(settings, clock, slots=calls, pace=Pace(calls, clock)), calls=calls)
    calls = writing(await concurrency(settings, clock))
    return sink_clients.netsuite(clients.netsuite(settings, clock, slots=calls, pace=Pace(calls, clock)), calls=calls)


async def concurrency(settings: Settings, clock: SystemClock) -> int:
    """NetSuite's calls at once: the configuration's, or less where the account itself says so (it answers administrators only)."""
    account = clients.netsuite(settings, clock, slots=1)
    try:
        limits = await account.governance()
    except Transient as error:
        LOG.warning("the account's limits can't be read now", why=str(error), concurrency=settings.netsuite.concurrency)
        limits = None
    finally:
        account.close()
    if limits is None:
        return settings.netsuite.concurrency
    return min(settings.netsuite.concurrency, limits.integration or limits.account)
