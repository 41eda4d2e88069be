"""What travels between our code and librdkafka, so that no room above needs to know the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from accord.errors import Transient

#: The broker is away, or too slow: nobody need change anything.
AWAY = frozenset({KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError.REQUEST_TIMED_OUT})  # noqa: SLF001 (public names of librdkafka)
Headers = tuple[tuple[str, bytes], ...]


class Record(NamedTuple):
    """A record as read. `timestamp`: epoch ms. `value` None = a tombstone."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers = ()


class Partition(NamedTuple):
    topic: str
    partition: int


class Offset(NamedTuple):
    """The next record to read of a partition, with what a commit says beside it. `offset` negative = none committed."""

    topic: str
    partition: int
    offset: int
    metadata: str = ""


def passing(error: KafkaError) -> bool:
    """Does it end by itself, without anybody changing anything?"""
    return error.retriable() or error.code() in AWAY


def failure(error: KafkaError) -> Transient | KafkaException:
    """What to raise where reading met this: Transient where the broker is away, all else is a crash that tells where it was."""
    return Transient(f"Kafka can't be read: {error.str()}", code="kafka") if passing(error) else KafkaException(error)


def record_of(message: Message) -> Record:
    """Raises where the message is an error (`failure`)."""
    if (error := message.error()) is not None:
        raise failure(error)
    headers = message.headers()
    return Record(
        str(message.topic()), int(message.partition() or 0), int(message.offset() or 0), _bytes(message.key()), _bytes(message.value()),
        message.timestamp()[1], () if headers is None else headers_of(headers),
    )  # fmt: skip


def headers_of(raw: Any) -> Headers:
    """Header values that are null become empty bytes."""
    return tuple((name, value or b"") for name, value in (raw.items() if isinstance(raw, Mapping) else raw))


def to_native(offsets: Sequence[Offset]) -> list[TopicPartition]:
    return [TopicPartition(o.topic, o.partition, o.offset, o.metadata) for o in offsets]


def _bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
