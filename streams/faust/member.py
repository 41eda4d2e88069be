"""A member of the consumer group on librdkafka. Everything here runs in one thread, the only one that touches the consumer."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from accord.kafka.consumer import settings
from accord.kafka.records import Partition, headers_of
from streams.faust import metrics
from streams.faust.batch import Batch
from streams.faust.lag import Lag
from streams.stage import Message

POLL_S = 0.2
COMMITTED_S = 30  # a dead worker's transaction keeps its offsets unknown for up to 10 s


class Assignment(NamedTuple):
    """Where to read on, and what a transaction needs to prove that it is from this generation."""

    positions: Mapping[Partition, int]
    group: Any


class Member:
    """`on_assign` answers the generation that the fetched batches will carry; it and `on_revoke` run inside `poll` and may block it.

    Eager protocol, range assignment: a rebalance revokes everything, then partition p of every topic comes to the same worker.
    """

    def __init__(
        self, bootstrap: str, group: str, backfill: Collection[str],
        on_assign: Callable[[Assignment], int], on_revoke: Callable[[], None],
        extra: Mapping[str, str] | None = None, fetch: int = 1_000, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._consumer = Consumer({**settings(bootstrap, group, extra), "enable.partition.eof": True})
        self._backfill, self._fetch, self._monotonic = frozenset(backfill), fetch, monotonic
        self._on_assign, self._on_revoke = on_assign, on_revoke
        self._generation, self._rebalances = 0, 0
        self._lag, self._paused, self._closing = Lag(), False, False
        self._mine: list[Partition] = []
        self._numbers: dict[Partition, int] = {}

    def subscribe(self, topics: Collection[str]) -> None:
        self._consumer.subscribe(sorted(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def poll(self) -> list[Batch]:
        """What there is, live partitions first; waits up to 0.2 s for the first record.

        `consume(n, t)` alone would wait the whole t for n records.
        """
        first = self._consumer.poll(POLL_S)
        if first is None:
            self._lanes()
            return []
        before = self._rebalances
        rest = self._consumer.consume(self._fetch - 1, 0)
        messages = [first, *rest] if before == self._rebalances else rest  # a rebalance in between: `first` will be fetched again
        by_partition = self._sorted(messages)
        self._lanes()
        order = sorted(by_partition, key=lambda p: (p.topic in self._backfill, p))
        return [self._batch(p, by_partition[p]) for p in order]

    def _batch(self, where: Partition, messages: list[Message]) -> Batch:
        number = self._numbers.get(where, 0)
        self._numbers[where] = number + 1
        metrics.LAG.labels(where.topic, str(where.partition)).set(max(self.end(where) - messages[-1].offset - 1, 0))
        return Batch(where, self._generation, number, messages)

    def close(self) -> None:
        """Leave the group, at once instead of after the session's time-out. What was handled must be committed by now."""
        self._closing = True
        self._consumer.close()

    def end(self, partition: Partition) -> int:
        """The end of the partition as the last fetch saw it."""
        return int(self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)[1])

    def _sorted(self, messages: Iterable[Any]) -> dict[Partition, list[Message]]:
        found: dict[Partition, list[Message]] = {}
        behind: set[Partition] = set()
        make, now = Message._make, self._monotonic()
        for m in messages:
            where = Partition(m.topic(), m.partition())
            if (error := m.error()) is not None:
                if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 (a public name of librdkafka)
                    raise KafkaException(error)
                self._lag.ended(where)
                behind.discard(where)
                continue
            if where not in behind:
                behind.add(where)
                if where.topic not in self._backfill:
                    self._lag.seen(where, now)
            headers = m.headers()
            made = make((where.topic, where.partition, m.offset(), m.key(), m.value(), m.timestamp()[1], headers_of(headers) if headers else ()))
            found.setdefault(where, []).append(made)
        return found

    def _lanes(self) -> None:
        """Backfill waits while a live partition lags."""
        wait = self._lag.lagging(self._monotonic())
        if wait == self._paused:
            return
        backfill = [TopicPartition(*p) for p in self._mine if p.topic in self._backfill]
        if backfill:
            (self._consumer.pause if wait else self._consumer.resume)(backfill)
        self._paused = wait
        metrics.PAUSED.set(wait)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalances += 1
        if self._closing:
            return
        committed = consumer.committed(partitions, timeout=COMMITTED_S) if partitions else []
        failed = next((tp.error for tp in committed if tp.error), None)
        if failed is not None:
            raise KafkaException(failed)
        self._mine = [Partition(tp.topic, tp.partition) for tp in committed]
        positions = {Partition(tp.topic, tp.partition): max(tp.offset, 0) for tp in committed}
        self._numbers = {}
        self._generation = self._on_assign(Assignment(positions, consumer.consumer_group_metadata()))
        starts = [TopicPartition(tp.topic, tp.partition, tp.offset if tp.offset >= 0 else OFFSET_BEGINNING) for tp in committed]
        consumer.assign(starts)
        self._lag.assigned(p for p in self._mine if p.topic not in self._backfill)
        self._paused = False
        self._lanes()

    def _revoked(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._rebalances += 1
        if not self._closing:
            self._on_revoke()
            self._mine = []
