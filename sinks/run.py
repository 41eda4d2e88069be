"""A sink put together: group, topics, transactions and the loop, for one target."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from prometheus_client import CollectorRegistry

from accord.clock import Clock
from accord.kafka.producer import TransactionalWriter
from schemas.topics import Topics
from sinks.feed import KafkaFeed
from sinks.intake import Encoder
from sinks.journal import KafkaJournal
from sinks.ledger import Ledger
from sinks.metrics import Metrics
from sinks.retry import Policy
from sinks.target import Target
from sinks.worker import Limits, Worker

#: A call lives no longer than the client waits for it, plus what the target may go on with. NetSuite saves may take minutes.
CALL_S = 130.0


@dataclass(frozen=True, slots=True)
class Options:
    """`call_s`: how long records are left alone that a sink which died may have had under way."""

    call_s: float = CALL_S
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, str] = field(default_factory=dict)


def group_of(topics: Topics, system: str) -> str:
    """Name of the consumer group of a sink (for lag)."""
    return f"{topics.prefix}sink.{system}"


async def serve(
    target: Target, *, bootstrap: str, codec: Encoder, topics: Topics, clock: Clock, rng: Random, metrics: CollectorRegistry, stop: asyncio.Event, options: Options
) -> None:  # fmt: skip
    """Run until `stop` is set; then finish the calls under way, commit and leave the group within five seconds.

    Any number of these may run beside each other; Kafka shares the partitions among them. Raises Fatal where only a person can help.
    """
    system = target.system
    writer = TransactionalWriter(bootstrap, f"{group_of(topics, system)}.{os.getpid()}.{uuid.uuid4().hex[:8]}", options.settings)
    journal = KafkaJournal(writer)
    source = KafkaFeed(
        bootstrap, group_of(topics, system), clock,
        topics=[topics.name(f"write.{system}", lane) for lane in ("live", "backfill")],
        state=[topics.name(f"{kind}.{system}") for kind in ("settled", "parked")],
        tables=[topics.name("link"), topics.name(f"parked.{system}")], settings=options.settings,
    )  # fmt: skip
    ledger = Ledger(
        system, size=target.size, parallel=target.parallel, calls=target.calls, policy=options.policy, rng=rng, call_s=options.call_s
    )
    worker = Worker(target, ledger, source, journal, codec, topics, clock, Metrics(system, metrics), options.limits)
    await asyncio.get_running_loop().run_in_executor(None, journal.start)
    waiting = asyncio.create_task(_stop_when(stop, worker))
    try:
        await worker.run()
        journal.close()
    finally:
        waiting.cancel()


async def _stop_when(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.stop()
