"""The golden topics into the database, batch by batch."""

from __future__ import annotations

import asyncio
import time

from prometheus_client import Counter, Histogram
from sqlalchemy.exc import InterfaceError, OperationalError

from accord.errors import Transient
from accord.kafka.codec import Codec
from accord.kafka.follower import Follower
from accord.kafka.records import Offset, Partition
from ops.reporting.batch import Batch, batch
from ops.reporting.store import ReportStore
from schemas.topics import Topics

POLL_S, MOST = 0.5, 1_000
RECORDS = Counter("accord_reporting_records_total", "Golden records stored, by what they did", ["entity", "kind"])
UNREADABLE = Counter("accord_reporting_unreadable_total", "Golden records that could not be stored", ["code"])
COMMIT = Histogram("accord_reporting_commit_seconds", "Time one batch took in the database", buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10))


async def follow(follower: Follower, positions: dict[Partition, int], topics: Topics, codec: Codec, store: ReportStore, stop: asyncio.Event) -> None:
    """Until stopped. Raises Transient while the database doesn't answer: the process ends, and the next one reads on from what was stored."""
    while not stop.is_set():
        records = await asyncio.to_thread(follower.poll, POLL_S, MOST)
        found = batch(records, positions, topics, codec.decode, store.check)
        begun = time.monotonic()
        try:
            await (store.apply(found) if records else store.stand(positions))
        except (OperationalError, InterfaceError, OSError) as error:
            raise Transient(f"the reporting database doesn't answer: {error}", code="database_down") from error
        if records:
            COMMIT.observe(time.monotonic() - begun)
            count(found)
            positions |= {p: end for p, (_, end) in found.moves.items()}
            await asyncio.to_thread(follower.show, [Offset(p.topic, p.partition, end) for p, (_, end) in found.moves.items()])


def count(found: Batch) -> None:
    for told in found.told:
        RECORDS.labels(told.entity, "ended" if told.golden is None else "told").inc()
    for bad in found.unreadable:
        UNREADABLE.labels(bad.code).inc()
