"""How far a group is behind, in records that it would be handed.

Offsets alone overstate it: the marker that ends a transaction takes one, and what a killed writer left behind (records of an aborted
transaction) takes more, until the next record comes. So where offsets say "behind", the records there are counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from accord.kafka import admin
from accord.kafka.records import Partition

#: More than this is told as it stands in the offsets: nobody needs it exactly.
EXACT_UP_TO = 5_000


def waiting(bootstrap: str, group: str, settings: Mapping[str, str] | None = None) -> dict[Partition, int]:
    """Records that wait, for each partition that the group reads."""
    client = admin.client(bootstrap, settings)
    read = admin.read_by(client, group)
    if not read:
        return {}
    offsets = admin.behind(client, group, read)
    unclear = {p: n for p, n in offsets.items() if 1 < n <= EXACT_UP_TO}
    counted = _count(bootstrap, {p: admin.log_ends(client, [p])[p] - n for p, n in unclear.items()}, settings) if unclear else {}
    return {p: 0 if n <= 1 else counted.get(p, n) for p, n in offsets.items()}


def _count(bootstrap: str, starts: Mapping[Partition, int], settings: Mapping[str, str] | None) -> dict[Partition, int]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "isolation.level": "read_committed",
            "enable.partition.eof": True, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50, **(settings or {}),
        }
    )  # fmt: skip
    found, left = dict.fromkeys(starts, 0), set(starts)
    consumer.assign([TopicPartition(p.topic, p.partition, offset) for p, offset in starts.items()])
    while left:
        for message in consumer.consume(1_000, 0.2):
            where = Partition(str(message.topic()), int(message.partition() or 0))
            error = message.error()
            if error is None:
                found[where] += 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (a public name of librdkafka)
                left.discard(where)
            else:
                raise KafkaException(error)
    consumer.close()
    return found
