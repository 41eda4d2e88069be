"""The producers' process: every source and both readers as tasks of one loop; the first that ends badly ends all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from accord.clock import Clock, SystemClock, epoch_ms
from accord.config import Settings
from accord.kafka.codec import Codec
from accord.netsuite.rest import NetSuite
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce.pubsub import PubSub
from accord.salesforce.rest import Salesforce
from ops.wiring import clients
from ops.wiring.budget import Budget, budget
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities, reads
from ops.wiring.shares import reading
from producers.inlet import KafkaInlet
from producers.ledger import KafkaLedger, KafkaPositions
from producers.outbox import Outbox
from producers.poll import Rhythm
from producers.reader import Reader
from producers.rights import keep_readable
from producers.runner import Bench, run
from producers.salesforce_cdc import SalesforceCdc
from producers.salesforce_poll import SalesforceFeed
from producers.source import Source
from producers.sources import Rhythms, netsuite_feeds, netsuite_sources, salesforce_feeds, salesforce_sources
from producers.watch import Watch
from schemas.ids import SYSTEMS
from schemas.topics import PARTITIONS, Topics

#: Seconds between two looks at whether everything that comes as events may still be read: about a thousand calls a day.
RIGHTS_S = 300.0


@dataclass(frozen=True, slots=True)
class Room:
    """What sources and readers share."""

    settings: Settings
    topics: Topics
    codec: Codec
    clock: Clock
    bench: Bench

    def ledger(self, name: str) -> KafkaLedger:
        """A transactional writer of that name: a second instance fences the first."""
        return KafkaLedger(self.settings.kafka.bootstrap, f"{self.topics.prefix}producer.{name}", self.settings.kafka.client())


async def producers(settings: Settings, stop: asyncio.Event) -> None:
    """Run all until told to stop. Raises what ended the first of them."""
    found = entities(settings)
    wanted = reads(found)
    topics, codec = ready(settings, found, SENDS["producers"])
    room = room_of(settings, topics, codec, wanted)
    parts = [await budget(settings, system, "producers", reading, topics, codec, room.clock) for system in SYSTEMS]
    org, account = both(settings, parts, room.clock)
    pubsub = _pubsub(settings, org, room.clock)
    by_events = [SalesforceFeed(org, r) for r in wanted if isinstance(r, SalesforceRead) and r.mode != "poll"]
    sources, readers = _sources(settings, org, account, pubsub, wanted, room.clock), _readers(room, org, account, wanted)
    work = (
        [run(s, room.ledger(s.name), room.bench) for s in sources]
        + [r.run() for r in readers]
        + [room.bench.watch.run(), keep_readable(by_events, room.clock, RIGHTS_S)]
    )
    work += [part.member.run() for part in parts]
    try:
        await until(stop, work)
    finally:
        await pubsub.close()
        org.close()
        account.close()


def both(settings: Settings, parts: Sequence[Budget], clock: Clock) -> tuple[Salesforce, NetSuite]:
    """Both systems, each within its part of the limits."""
    of_salesforce, of_netsuite = parts
    return (
        clients.salesforce(settings, clock, slots=of_salesforce.limit, pace=of_salesforce.pace),
        clients.netsuite(settings, clock, slots=of_netsuite.limit, pace=of_netsuite.pace),
    )


async def until(stop: asyncio.Event, work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """All of them at once, until `stop`; then they are cancelled (a transaction that has begun is ended first)."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        group.create_task(_cancel(stop, tasks))


async def _cancel(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    await stop.wait()
    for task in tasks:
        task.cancel()


def room_of(settings: Settings, topics: Topics, codec: Codec, wanted: Sequence[SalesforceRead | NetSuiteRead]) -> Room:
    """What is shared, of what these reads need."""
    clock = SystemClock()
    outbox = Outbox(codec, topics, wanted, lambda: epoch_ms(clock.now()), partitions=PARTITIONS)
    positions = KafkaPositions(settings.kafka.bootstrap, topics, codec.decode, settings.kafka.client())
    return Room(settings, topics, codec, clock, Bench(outbox, positions, clock, Watch(clock), Random().random))


def _pubsub(settings: Settings, org: Salesforce, clock: Clock) -> PubSub:
    ca = settings.salesforce.ca_file
    return PubSub(settings.salesforce.pubsub, org.tokens, clock=clock, ca=ca.read_bytes() if ca else None)


def _sources(
    settings: Settings, org: Salesforce, account: NetSuite, pubsub: PubSub, wanted: Sequence[SalesforceRead | NetSuiteRead], clock: Clock
) -> list[Source]:
    of_salesforce = [r for r in wanted if isinstance(r, SalesforceRead)]
    of_netsuite = [r for r in wanted if isinstance(r, NetSuiteRead)]
    given = settings.netsuite
    rhythms = Rhythms(
        salesforce=Rhythm(poll_s=settings.salesforce.poll_s, lag_s=10.0, overlap_s=600.0, sweep_s=300.0),
        netsuite=Rhythm(poll_s=given.poll_s, lag_s=given.lag_s, overlap_s=given.overlap_s),
        prices_s=given.prices_s,
    )
    cdc = SalesforceCdc(pubsub, settings.salesforce.channel, [r for r in of_salesforce if r.mode != "poll"], clock, margin_s=settings.run.margin_s)
    restlet = clients.restlet(settings, account)
    return [cdc, *salesforce_sources(org, of_salesforce, clock, rhythms), *netsuite_sources(restlet, account, of_netsuite, clock, rhythms)]


def _readers(room: Room, org: Salesforce, account: NetSuite, wanted: Sequence[SalesforceRead | NetSuiteRead]) -> list[Reader]:
    restlet = clients.restlet(room.settings, account)
    feeds = {
        "salesforce": (salesforce_feeds(org, [r for r in wanted if isinstance(r, SalesforceRead)]), org.server.now_ms),
        "netsuite": (netsuite_feeds(restlet, account, [r for r in wanted if isinstance(r, NetSuiteRead)]), account.server.now_ms),
    }
    out = []
    for system, (found, server_ms) in feeds.items():
        name = f"reader.{system}"
        kafka = room.settings.kafka
        inlet = KafkaInlet(kafka.bootstrap, f"{room.topics.prefix}{name}", [room.topics.name(f"read.{system}")], kafka.client())
        out.append(Reader(system, found, inlet, room.ledger(name), room.bench, decode=room.codec.decode, server_ms=server_ms))
    return out
