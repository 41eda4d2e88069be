"""The topic `audit` into the database. The group's offset is committed after the rows; a row written twice is one row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from accord.errors import Rejected
from accord.kafka.codec import Codec
from accord.kafka.consumer import GroupConsumer
from accord.kafka.records import Offset, Partition, Record
from ops.audit.keep import Keeper
from ops.audit.store import AuditStore
from schemas.events import Audit

POLL_S = 0.5


def decoded(records: Sequence[Record], codec: Codec) -> list[tuple[int, int, Audit]]:
    """Steps of a batch. What can't be read becomes a step that says so: the trail has no holes."""
    out = []
    for record in records:
        try:
            step = codec.decode(record.value or b"")
        except Rejected as error:
            key = (record.key or b"").decode(errors="replace")
            step = Audit(key, record.timestamp, "unreadable", "", "", "", "", "", error.code, str(error), "", 0)
        out.append((record.partition, record.offset, step))
    return out


def ends(records: Sequence[Record]) -> list[Offset]:
    """Where to go on, for each partition of a batch."""
    last: dict[Partition, int] = {}
    for record in records:
        last[Partition(record.topic, record.partition)] = record.offset + 1
    return [Offset(p.topic, p.partition, offset) for p, offset in last.items()]


async def follow(consumer: GroupConsumer, topic: str, codec: Codec, store: AuditStore, keeper: Keeper, stop: asyncio.Event) -> None:
    """Until stopped. Polls on a thread; the database is written on the loop."""
    await asyncio.to_thread(consumer.subscribe, [topic], _ignore, _ignore)
    while not stop.is_set():
        records = await asyncio.to_thread(consumer.poll, POLL_S, 2_000)
        if records:
            await store.add(decoded(records, codec))
            await asyncio.to_thread(consumer.commit, ends(records))
        await keeper.look(records)
    await asyncio.to_thread(consumer.close)


def _ignore(_: list[Partition]) -> None:
    """Rows are written by (partition, offset): who owns a partition doesn't matter."""
