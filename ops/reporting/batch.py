"""Records of the golden topics as they were fetched, decoded: what to store and how far that goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accord.errors import Rejected
from accord.kafka.records import Partition, Record
from schemas.topics import Topics
from streams.stages.desk import ERASED

Golden = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One golden record; `golden` None = it has ended. `erased`: on request, its history too."""

    entity: str
    key: str
    offset: int
    at: datetime
    golden: Golden | None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that can't be stored: the others go on, and people can see it."""

    topic: str
    partition: int
    offset: int
    key: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """In the order of the topics. `moves`: partition -> (first offset that it was fetched from, next offset after it)."""

    told: Sequence[Told]
    unreadable: Sequence[Unreadable]
    moves: Mapping[Partition, tuple[int, int]]


def batch(
    records: Sequence[Record], positions: Mapping[Partition, int], topics: Topics, decode: Callable[[bytes], Golden], check: Callable[[Golden, str], None]
) -> Batch:
    """`check`: raises OverflowError for what the database can't hold."""
    told: list[Told] = []
    unreadable: list[Unreadable] = []
    ends: dict[Partition, int] = {}
    for record in records:
        ends[Partition(record.topic, record.partition)] = record.offset + 1
        entity, key = topics.bare(record.topic).partition(".")[2], (record.key or b"").decode(errors="replace")
        try:
            golden = None if record.value is None else decode(record.value)
            if golden is not None:
                check(golden, entity)
            told.append(Told(entity, key, record.offset, moment(record.timestamp), golden, ERASED in record.headers))
        except Rejected as error:
            unreadable.append(Unreadable(record.topic, record.partition, record.offset, key, error.code, str(error)))
        except OverflowError as error:
            unreadable.append(Unreadable(record.topic, record.partition, record.offset, key, "too_large", str(error)))
    return Batch(told, unreadable, {p: (positions[p], end) for p, end in ends.items()})


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
