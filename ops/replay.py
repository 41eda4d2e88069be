"""Changes that the topics keep, sent through the pipeline once more in the backfill lane.

Registers know what is old, so nothing is written unless the mapping or ownership has changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from accord.errors import Rejected
from accord.kafka import admin, headers
from accord.kafka.consumer import Table
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Partition, Record
from ops.pipeline import TRANSACTION, Pipeline
from producers.outbox import MARKS
from schemas.events import Audit

#: Marks a change that was sent once more, so that the next replay doesn't multiply it.
REPLAYED = ("accord-replayed", b"1")
#: What begins so can be replayed: the rest is state, or was made of these.
CHANGES = "change."


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a stretch: an offset in each partition, or epoch ms; neither = open."""

    offset: int | None = None
    time_ms: int | None = None


OPEN = Bound()


@dataclass(frozen=True, slots=True)
class Span:
    """Which changes. `topics`: names without the prefix, none = all; `start` is within, `end` is not; `entity`: empty = all."""

    topics: Sequence[str] = ()
    start: Bound = OPEN
    end: Bound = OPEN
    entity: str = ""


@dataclass(slots=True)
class Stretch:
    """What was found in one topic; times in epoch ms."""

    records: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def take(self, record: Record) -> None:
        self.records += 1
        self.first_ms = min(self.first_ms or record.timestamp, record.timestamp)
        self.last_ms = max(self.last_ms, record.timestamp)


@dataclass(slots=True)
class Sent:
    """By topic, without the prefix."""

    topics: dict[str, Stretch] = field(default_factory=dict)

    @property
    def records(self) -> int:
        return sum(each.records for each in self.topics.values())


def bound(text: str) -> Bound:
    """A number is an offset, all else a time (ISO 8601, UTC where it doesn't say). Raises Rejected."""
    if not text:
        return OPEN
    if text.isdecimal():
        return Bound(offset=int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected(f"{text!r} is neither an offset nor a time like 2026-11-01T08:00", code="bad_bound") from error
    return Bound(time_ms=int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


def replay(pipeline: Pipeline, span: Span, now_ms: int, *, dry: bool = False) -> Sent:
    """Send them again, with a line on the audit trail; `dry`: only count. Raises Rejected for a topic that can't be replayed."""
    sent = Sent()
    found = _kept(pipeline, span, sent)
    if dry:
        for _ in found:
            pass
        return sent
    writer = TransactionalWriter(pipeline.bootstrap, f"{pipeline.topics.prefix}ops.replay", pipeline.extra)
    writer.start()
    try:
        while batch := list(islice(found, TRANSACTION)):
            writer.begin()
            for r in batch:
                target = pipeline.topics.name(pipeline.topics.bare(r.topic), "backfill")
                writer.send(target, r.key, r.value, partition=r.partition, headers=(*r.headers, REPLAYED))
            writer.commit()
        writer.begin()
        trail = headers.of_event(f"person:replay:{now_ms}")
        step = Audit(headers.correlation_of(trail), now_ms, "replayed", "", span.entity, "replay", "", "", "", told(span, sent), "", 0)
        writer.send(pipeline.topics.name("audit"), step.correlation_id.encode(), pipeline.codec.encode("audit", step), headers=trail)
        writer.commit()
    finally:
        writer.close()
    return sent


def told(span: Span, sent: Sent) -> str:
    """The line on the audit trail."""
    where = ", ".join(span.topics) or "all topics"
    ends = [f"{word} {b.offset if b.offset is not None else b.time_ms}" for word, b in (("from", span.start), ("to", span.end)) if b != OPEN]
    return " ".join([f"{sent.records} changes of {where}", *ends])


def _kept(pipeline: Pipeline, span: Span, sent: Sent) -> Iterator[Record]:
    """The changes of the span, each once; what is counted is noted in `sent`."""
    client = admin.client(pipeline.bootstrap, pipeline.extra)
    names = _names(pipeline, span, client.list_topics(timeout=admin.TIMEOUT_S).topics)
    table = Table(pipeline.bootstrap, names, pipeline.extra)  # one consumer for all: each would take a second to begin
    prefix = pipeline.topics.prefix
    try:
        starts, ends = (_offsets(pipeline, table.partitions, b) for b in (span.start, span.end))
        for record in table.load(starts=starts, ends=ends) if names else ():
            if within(record, starts, ends) and of_entity(record, span.entity):
                sent.topics.setdefault(record.topic.removeprefix(prefix), Stretch()).take(record)
                yield record
    finally:
        table.close()


def within(record: Record, starts: Mapping[Partition, int], ends: Mapping[Partition, int]) -> bool:
    """A change, and of the stretch. Marks of first loads and what was itself a replay don't count."""
    where = Partition(record.topic, record.partition)
    inside = starts.get(where, 0) <= record.offset < ends.get(where, record.offset + 1)
    return inside and record.key != MARKS and record.value is not None and REPLAYED not in record.headers


def of_entity(record: Record, entity: str) -> bool:
    """Keys are addresses: customer:salesforce:001..."""
    return not entity or (record.key or b"").startswith(f"{entity}:".encode())


def _names(pipeline: Pipeline, span: Span, existing: Mapping[str, object]) -> list[str]:
    there = sorted(n for n in existing if n.startswith(pipeline.topics.name(CHANGES)))
    if not span.topics:
        if span.start.offset is not None or span.end.offset is not None:
            raise Rejected("an offset is one topic's own: say which by --topic", code="which_topic")
        return there
    wanted = [pipeline.topics.prefix + name.removeprefix(pipeline.topics.prefix) for name in span.topics]
    for name in wanted:
        if name not in there:
            known = ", ".join(n.removeprefix(pipeline.topics.prefix) for n in there)
            raise Rejected(f"{name} can't be replayed; these can: {known}. Golden records are read again by accord report rebuild", code="unknown_topic")
    return wanted


def _offsets(pipeline: Pipeline, partitions: Sequence[Partition], given: Bound) -> dict[Partition, int]:
    """Of each partition; empty = open."""
    if given.offset is not None:
        return dict.fromkeys(partitions, given.offset)
    if given.time_ms is None:
        return {}
    return admin.offsets_at(admin.client(pipeline.bootstrap, pipeline.extra), partitions, given.time_ms)
