"""Reading: a member of a group, a compacted topic to its end, a table that is loaded and then followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from accord.errors import Transient
from accord.kafka import admin
from accord.kafka.records import Offset, Partition, Record, failure, record_of, to_native

#: For a reader that nobody waits for by the millisecond: what comes in within `fetch.wait.max.ms` comes at once, not record by record.
GATHERED = {"fetch.min.bytes": "65536"}
LOAD_WAIT_S = 60.0  # an open transaction of a dead writer holds the end of a topic for up to 10 s
OnChange = Callable[[list[Partition]], None]


def settings(bootstrap: str, group: str, extra: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Settings of a member that commits by itself, in transactions."""
    return {
        "bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest",
        "isolation.level": "read_committed", "partition.assignment.strategy": "range", "session.timeout.ms": 6_000,
        "heartbeat.interval.ms": 1_000, "max.poll.interval.ms": 60_000, "fetch.wait.max.ms": 500, "queued.max.messages.kbytes": 32_768,
        **(extra or {}),
    }  # fmt: skip


class GroupConsumer:
    """A member of a consumer group. Call it from one thread; `on_assign` and `on_revoke` run inside `poll`.

    Reading starts at the committed offset, or at the beginning where there is none.
    """

    def __init__(self, bootstrap: str, group: str, extra: Mapping[str, str] | None = None) -> None:
        self._consumer = Consumer(settings(bootstrap, group, extra))
        self._generation = 0

    def subscribe(self, topics: Sequence[str], on_assign: OnChange, on_revoke: OnChange) -> None:
        """`on_revoke` is told too when the partitions were lost (its commits would be refused)."""

        def assigned(_: Consumer, partitions: list[TopicPartition]) -> None:
            self._generation += 1
            on_assign([Partition(tp.topic, tp.partition) for tp in partitions])

        def revoked(_: Consumer, partitions: list[TopicPartition]) -> None:
            self._generation += 1
            on_revoke([Partition(tp.topic, tp.partition) for tp in partitions])

        self._consumer.subscribe(sorted(topics), on_assign=assigned, on_revoke=revoked, on_lost=revoked)

    def poll(self, wait_s: float, limit: int = 500) -> list[Record]:
        """Up to `limit` records; returns as soon as there is one."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        generation = self._generation
        rest = self._consumer.consume(limit - 1, 0) if limit > 1 else []
        before = [first] if generation == self._generation else []  # a rebalance ran in between: it will be fetched again
        return [record_of(message) for message in (*before, *rest)]

    def committed(self, partitions: Collection[Partition]) -> list[Offset]:
        """Offsets with their metadata; waits for offsets of a transaction that is still open."""
        found = self._consumer.committed([TopicPartition(p.topic, p.partition) for p in partitions], timeout=30)
        return [Offset(tp.topic, tp.partition, tp.offset, tp.metadata or "") for tp in found]

    def seek(self, offset: Offset) -> None:
        """Read on from there."""
        self._consumer.seek(TopicPartition(offset.topic, offset.partition, offset.offset))

    def pause(self, partitions: Collection[Partition]) -> None:
        self._consumer.pause([TopicPartition(p.topic, p.partition) for p in partitions])

    def resume(self, partitions: Collection[Partition]) -> None:
        self._consumer.resume([TopicPartition(p.topic, p.partition) for p in partitions])

    def end(self, partition: Partition) -> int:
        """The last stable offset as the last fetch saw it; -1001 before the first."""
        return int(self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)[1])

    def group(self) -> Any:
        """What `TransactionalWriter.offsets` needs: the generation that this member belongs to."""
        return self._consumer.consumer_group_metadata()

    def commit(self, offsets: Sequence[Offset]) -> None:
        """Outside a transaction, synchronously. Transient where the coordinator has moved or the broker is away: it comes again."""
        try:
            self._consumer.commit(offsets=to_native(offsets), asynchronous=False)
        except KafkaException as error:
            raise Transient(f"offsets could not be committed: {error.args[0].str()}", code="kafka") from error

    def close(self) -> None:
        """Leave the group; `on_revoke` runs first."""
        self._consumer.close()


class Table:
    """A compacted topic of which every process holds all partitions: `load` reads to the end, `follow` what comes later. No group."""

    def __init__(self, bootstrap: str, topics: Collection[str], extra: Mapping[str, str] | None = None, partitions: Collection[int] | None = None) -> None:
        self._admin = admin.client(bootstrap, extra)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "auto.offset.reset": "earliest",
                "isolation.level": "read_committed", "enable.partition.eof": True, "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": 32_768, **(extra or {}),
            }
        )  # fmt: skip
        counts = admin.partition_counts(self._admin, topics)
        self.partitions = [Partition(t, p) for t in sorted(topics) for p in range(counts[t]) if partitions is None or p in partitions]

    def load(
        self, wait_s: float = LOAD_WAIT_S, *, starts: Mapping[Partition, int] | None = None, ends: Mapping[Partition, int] | None = None
    ) -> Iterator[Record]:
        """Everything up to the end that the log has now. Transient where an open transaction keeps it unreadable for `wait_s`.

        `starts`, `ends`: offsets between which it is enough (the last of a batch may lie beyond).

        Until the end-of-partition mark, because control records and compaction leave holes before the end; or until a record at the end or
        beyond it, because a log that is written to all the time never comes to such a mark.
        """
        last = {p: min(end, (ends or {}).get(p, end)) for p, end in admin.log_ends(self._admin, self.partitions).items()}
        left = set(self.partitions)
        self._consumer.assign([TopicPartition(p.topic, p.partition, (starts or {}).get(p, OFFSET_BEGINNING)) for p in self.partitions])
        deadline = time.monotonic() + wait_s
        while left:
            messages = self._consumer.consume(5_000, 0.05)
            for message in messages:
                if (end := _end_of(message)) is None:
                    record = record_of(message)
                    yield record
                    end = Partition(record.topic, record.partition), record.offset + 1
                if end[1] >= last[end[0]]:
                    left.discard(end[0])
            if messages:
                deadline = time.monotonic() + wait_s
            elif time.monotonic() > deadline:
                raise Transient(f"{sorted(left)} can't be read to the end: a transaction is open there", code="open_transaction")

    def follow(self, wait_s: float, limit: int = 5_000) -> list[Record]:
        """What has come since, at once when there is something."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(limit, 0)]
        return [record_of(message) for message in messages if _end_of(message) is None]

    def close(self) -> None:
        self._consumer.close()


class Tail:
    """The one partition of a topic from near its end on. No group. Call it from one thread."""

    def __init__(self, bootstrap: str, topic: str, records: int, extra: Mapping[str, str] | None = None) -> None:
        """`records`: how many before the end it begins."""
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "auto.offset.reset": "earliest",
                "enable.partition.eof": True, "fetch.wait.max.ms": 500, **(extra or {}),
            }
        )  # fmt: skip
        self._end = admin.log_ends(admin.client(bootstrap, extra), [Partition(topic, 0)])[Partition(topic, 0)]
        self._consumer.assign([TopicPartition(topic, 0, max(0, self._end - records))])
        self._caught_up = False

    def read(self, wait_s: float, limit: int = 5_000) -> tuple[list[Record], bool]:
        """What there is, as soon as there is something, and whether all has been read that stood there when it began.

        A log that is written to twice in a second or more never comes to an end-of-partition mark.
        """
        first = self._consumer.poll(wait_s)
        if first is None:
            return [], self._caught_up
        messages = [first, *self._consumer.consume(limit, 0)]
        out = [record_of(m) for m in messages if _end_of(m) is None]
        self._caught_up = self._caught_up or len(out) < len(messages) or out[-1].offset + 1 >= self._end
        return out, self._caught_up

    def close(self) -> None:
        self._consumer.close()


def read_to_end(
    bootstrap: str,
    *topics: str,
    extra: Mapping[str, str] | None = None,
    partitions: Collection[int] | None = None,
    starts: Mapping[Partition, int] | None = None,
) -> Iterator[Record]:
    """All committed records that these topics hold now, or from these offsets on, each partition in its order. One call for many: each
    costs some tenths of a second.
    """
    table = Table(bootstrap, topics, extra, partitions)
    try:
        yield from table.load(starts=starts)
    finally:
        table.close()


def _end_of(message: Message) -> tuple[Partition, int] | None:
    """The partition that ends here and the next offset, where the message is that mark."""
    error = message.error()
    if error is None:
        return None
    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 (a public name of librdkafka)
        raise failure(error)
    return Partition(str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
