"""Reading where somebody else keeps the position: from given offsets on, with no group to share partitions with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from accord.errors import Fatal
from accord.kafka import admin
from accord.kafka.records import Offset, Partition, Record, record_of, to_native


class Follower:
    """`group`: only a name under which others can see how far it is. Call it from one thread."""

    def __init__(self, bootstrap: str, group: str, starts: Mapping[Partition, int], extra: Mapping[str, str] | None = None) -> None:
        """Fatal where a log ends before its start: it is another log than the one that was read."""
        ends = admin.log_ends(admin.client(bootstrap, extra), list(starts))
        beyond = [f"{p.topic} {p.partition} ends at {ends[p]}, read up to {start}" for p, start in starts.items() if start > ends[p]]
        if beyond:
            raise Fatal("topics were made anew since they were read:\n  " + "\n  ".join(beyond), code="other_log")
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest",
                "isolation.level": "read_committed", "fetch.wait.max.ms": 500, "queued.max.messages.kbytes": 32_768, **(extra or {}),
            }
        )  # fmt: skip
        self._consumer.assign([TopicPartition(p.topic, p.partition, start) for p, start in starts.items()])

    def poll(self, wait_s: float, limit: int) -> list[Record]:
        """Up to `limit` records; returns as soon as there is one."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        return [record_of(message) for message in (first, *(self._consumer.consume(limit - 1, 0) if limit > 1 else ()))]

    def show(self, offsets: Sequence[Offset]) -> None:
        """Let others see how far it is; nothing is read from there."""
        self._consumer.commit(offsets=to_native(offsets), asynchronous=True)

    def close(self) -> None:
        self._consumer.close()
