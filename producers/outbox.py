"""What a page becomes in Kafka: changes, read requests, marks, the audit step "read", and the position, as encoded records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from accord.errors import Rejected
from accord.kafka.headers import correlation_of, of_event
from accord.kafka.records import Headers, Record
from accord.reads import NetSuiteRead, SalesforceRead
from producers.source import Page
from schemas.events import Audit, Change, DeadLetter, Mark, Position, ReadRequest
from schemas.ids import Ref
from schemas.topics import Topics, change_topic

#: Key of marks; no record address looks like it.
MARKS = b"~marks"
#: Between the name of a source and that of one part of its position.
PART = "#"


class Encoder(Protocol):
    """Typed events to bytes (accord.kafka.codec). `topic`: without prefix."""

    def encode(self, topic: str, event: Any) -> bytes: ...


class Out(NamedTuple):
    """A record on its way. `partition` None = by the key."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class Outbox:
    """Knows topic names and encodings. Not for several threads at once."""

    def __init__(
        self, codec: Encoder, topics: Topics, reads: Iterable[SalesforceRead | NetSuiteRead], now_ms: Callable[[], int], *, partitions: int
    ) -> None:  # fmt: skip
        """`now_ms`: for the audit trail only. `partitions`: of every change topic."""
        self._codec, self._topics, self._now_ms, self._partitions = codec, topics, now_ms, partitions
        self._objects: dict[tuple[str, str], str] = {}
        self._by_entity: dict[tuple[str, str], str] = {}
        for read in reads:
            object_ = read.object if isinstance(read, SalesforceRead) else read.type
            self._objects[read.system, object_.lower()] = object_
            if not read.hint:
                self._by_entity.setdefault((read.system, read.entity), object_)

    def topic(self, system: str, entity: str, object_: str = "") -> str:
        """Bare change topic of a record. A record type that is read under another name (an inventoryitem by `item`) goes there."""
        return change_topic(system, self._objects.get((system, object_.lower())) or self._by_entity.get((system, entity), object_))

    def records(self, source: str, page: Page) -> list[Out]:
        """All records of one transaction; marks after the changes, the position last."""
        out = [out for change in page.changes for out in self.change(change, page.lane)]
        out += [self._request(request) for request in page.requests]
        out += [self._mark(mark, p) for mark in page.marks for p in range(self._partitions)]
        out += [self.position(f"{source}{PART}{name}", text) for name, text in page.parts.items()]
        if page.position is not None:
            out.append(self.position(source, page.position))
        return out

    def position(self, source: str, position: str) -> Out:
        """Where a source stands."""
        event = Position(source, position, self._now_ms())
        return Out(self._topics.name("position"), source.encode(), self._codec.encode("position", event))

    def change(self, change: Change, lane: str, headers: Headers = ()) -> tuple[Out, Out]:
        """A change and its step on the audit trail. `headers`: of the trail that it goes on with; its own trail where there are none."""
        topic, trail = self.topic(change.system, change.entity, change.object), headers or of_event(change.event_id)
        message = f"{change.kind} ({lane})" + (f": {change.reason}" if change.reason else "")
        step = self.step(trail, change.system, change.entity, change.record_id, event_id=change.event_id, message=message, detail=change.body)
        return Out(self._topics.name(topic, lane), _address(change), self._codec.encode(topic, change), trail), step

    def step(
        self, headers: Headers, system: str, entity: str, record_id: str, *, event_id: str = "", code: str = "", message: str = "", detail: str = ""
    ) -> Out:  # fmt: skip
        """The audit step "read"."""
        correlation = correlation_of(headers)
        event = Audit(correlation, self._now_ms(), "read", system, entity, "", record_id, event_id, code, message, detail, 0)
        return Out(self._topics.name("audit"), correlation.encode(), self._codec.encode("audit", event), headers)

    def dead(self, record: Record, error: Rejected) -> Out:
        """An input that can't be decoded, whole, with the reason."""
        letter = DeadLetter(record.topic, record.partition, record.offset, record.key, record.value, error.code, str(error), "reader", self._now_ms())
        return Out(self._topics.name("deadletter"), record.key or b"", self._codec.encode("deadletter", letter), record.headers)

    def _request(self, request: ReadRequest) -> Out:
        topic = f"read.{request.system}"
        key = str(Ref(request.entity, request.system, request.record_id)).encode()
        return Out(self._topics.name(topic), key, self._codec.encode(topic, request), of_event(f"{key.decode()}:{request.reason}:{request.since}"))

    def _mark(self, mark: Mark, partition: int) -> Out:
        topic = self.topic(mark.system, mark.entity)
        return Out(self._topics.name(topic, "backfill"), MARKS, self._codec.encode(topic, mark), (), partition)


def _address(change: Change) -> bytes:
    return str(Ref(change.entity, change.system, change.record_id)).encode()


def positions(records: Iterable[tuple[bytes | None, bytes | None]], decode: Callable[[bytes], Any]) -> Mapping[str, str]:
    """Newest position of each source, from the records of the topic in order."""
    out: dict[str, str] = {}
    for key, value in records:
        name = (key or b"").decode()
        if value is None:
            out.pop(name, None)
        else:
            out[name] = decode(value).position
    return out


def held(positions: Mapping[str, str], source: str) -> str | None:
    """The position of a source as it was stored; where it has parts they follow as JSON in a second line."""
    prefix = source + PART
    parts = {name.removeprefix(prefix): text for name, text in positions.items() if name.startswith(prefix)}
    head = positions.get(source)
    return head if head is None or not parts else f"{head}\n{msgspec.json.encode(parts).decode()}"
