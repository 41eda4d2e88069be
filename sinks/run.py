"""A sink put together: group, topics, transactions and the loop, for one target."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from prometheus_client import CollectorRegistry

from accord.clock import Clock
from accord.kafka.producer import TransactionalWriter
from accord.pace import Pace
from schemas.topics import Topics
from sinks.feed import KafkaFeed
from sinks.intake import Encoder
from sinks.journal import KafkaJournal
from sinks.ledger import Ledger
from sinks.limits import Limits
from sinks.metrics import Metrics
from sinks.rehearsal import Rehearsal, Say, Silence
from sinks.retry import Policy
from sinks.target import Target
from sinks.worker import Worker

#: A call lives no longer than the client waits for it, plus what the target may go on with. NetSuite saves may take minutes.
CALL_S = 130.0


@dataclass(frozen=True, slots=True)
class Options:
    """`call_s`: how long records are left alone that a sink which died may have had under way. `pace`: batches begin when it has room.

    `owned`: told which partitions are this worker's, whenever that changes.
    """

    call_s: float = CALL_S
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, str] = field(default_factory=dict)
    pace: Pace | None = None
    owned: Callable[[frozenset[int]], None] = lambda _: None


def group_of(topics: Topics, system: str) -> str:
    """Name of the consumer group of a sink (for lag)."""
    return f"{topics.prefix}sink.{system}"


async def serve(
    target: Target, *, bootstrap: str, codec: Encoder, topics: Topics, clock: Clock, rng: Random, metrics: CollectorRegistry, stop: asyncio.Event, options: Options
) -> None:  # fmt: skip
    """Run until `stop` is set; then finish the calls under way, commit and leave the group within five seconds.

    Any number of these may run beside each other; Kafka shares the partitions among them. Raises Fatal where only a person can help.
    """
    group = group_of(topics, target.system)
    journal = KafkaJournal(TransactionalWriter(bootstrap, f"{group}.{os.getpid()}.{uuid.uuid4().hex[:8]}", options.settings))
    source = _source(target, bootstrap, group, topics, clock, options)
    worker = Worker(
        target, _ledger(target, rng, options), source, journal, codec, topics, clock, Metrics(target.system, metrics, options.pace),
        options.limits, pace=options.pace, owned=options.owned,
    )  # fmt: skip
    await asyncio.get_running_loop().run_in_executor(None, journal.start)
    await _run(worker, stop)
    journal.close()


async def rehearse(
    target: Target, say: Say, *, bootstrap: str, codec: Encoder, topics: Topics, clock: Clock, rng: Random, stop: asyncio.Event, options: Options
) -> None:  # fmt: skip
    """`--dry-run`: say what would be written, until `stop` is set. Reads beside the real sinks, in a group of its own, and commits nothing."""
    group = f"{group_of(topics, target.system)}.dry-run.{uuid.uuid4().hex[:8]}"
    double = Rehearsal(target, say)
    source = _source(target, bootstrap, group, topics, clock, options)
    ledger = _ledger(double, rng, options)
    worker = Worker(double, ledger, source, Silence(codec, say), codec, topics, clock, Metrics(target.system, CollectorRegistry()), options.limits)
    await _run(worker, stop)


def _source(target: Target, bootstrap: str, group: str, topics: Topics, clock: Clock, options: Options) -> KafkaFeed:
    system = target.system
    return KafkaFeed(
        bootstrap, group, clock,
        topics=[topics.name(f"write.{system}", lane) for lane in ("live", "backfill")],
        state=[topics.name(f"{kind}.{system}") for kind in ("settled", "parked")],
        tables=[topics.name("link"), topics.name(f"parked.{system}")], settings=options.settings,
    )  # fmt: skip


def _ledger(target: Target, rng: Random, options: Options) -> Ledger:
    return Ledger(target.system, size=target.size, parallel=target.parallel, calls=target.calls, policy=options.policy, rng=rng, call_s=options.call_s)


async def _run(worker: Worker, stop: asyncio.Event) -> None:
    waiting = asyncio.create_task(_stop_when(stop, worker))
    try:
        await worker.run()
    finally:
        waiting.cancel()


async def _stop_when(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.stop()
