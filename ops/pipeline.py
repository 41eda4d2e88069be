"""A running pipeline seen from outside: what its compacted topics hold, how far its groups are, and small requests put into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from accord.config import Settings
from accord.errors import Rejected
from accord.kafka import admin, headers
from accord.kafka.codec import Codec
from accord.kafka.consumer import read_to_end
from accord.kafka.lag import waiting
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Partition
from accord.links import LinkIndex
from ops.wiring.kafka import codec_of
from ops.wiring.mapping import entities
from producers.outbox import PART
from producers.runner import confirmation, paused
from schemas.events import Audit, Handling, Link, Notice, Outcome, Parked, Position, ReadRequest, Record
from schemas.ids import SYSTEMS, Ref, parse_ref
from schemas.topics import PARTITIONS, Topics
from streams.stages.marks import OWN, complete

#: Records in one transaction of a person's command: far below what a transaction may take in its ten seconds.
TRANSACTION = 2_000


class Lag(NamedTuple):
    """How far one group is on one topic."""

    group: str
    topic: str
    records: int


class Act(NamedTuple):
    """What a person does: who, why, when (epoch ms)."""

    by: str
    why: str
    at: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline by its configuration. Reads are of committed records only."""

    bootstrap: str
    extra: Mapping[str, str]
    topics: Topics
    codec: Codec

    @classmethod
    def of(cls, settings: Settings) -> Pipeline:
        kafka = settings.kafka
        return cls(kafka.bootstrap, kafka.client(), Topics(kafka.prefix), codec_of(settings, entities(settings)))

    def table(self, topic: str) -> dict[str, Any]:
        """A compacted topic as it stands: key -> event."""
        return self.many([topic])[topic]

    def many(self, topics: Sequence[str], starts: Mapping[Partition, int] | None = None) -> dict[str, dict[str, Any]]:
        """Compacted topics as they stand, or what came into them from these offsets on, read at the same time: topic -> key -> event."""
        out: dict[str, dict[str, Any]] = {self.topics.name(topic): {} for topic in topics}
        for record in read_to_end(self.bootstrap, *out, extra=self.extra, starts=starts):
            key, found = (record.key or b"").decode(), out[record.topic]
            if record.value is None:
                found.pop(key, None)
            else:
                found[key] = self.codec.decode(record.value)
        return {topic: out[self.topics.name(topic)] for topic in topics}

    def loaded(self) -> set[str]:
        """Name ("entity:system") of each first load that has passed through all partitions to the matcher."""
        marks: dict[int, Sequence[str]] = {}
        for record in read_to_end(self.bootstrap, self.topics.name("claims"), extra=self.extra):
            if record.key == OWN and record.value is not None:
                marks[record.partition] = self.codec.decode(record.value).marks
        passed = [set(complete(marks.get(p, ()), PARTITIONS)) for p in range(PARTITIONS)]
        return set.intersection(*passed)

    def links(self) -> LinkIndex:
        index = LinkIndex()
        for key, link in self.table("link").items():
            index.put(key, link)
        return index

    def record(self, name: str) -> Record:
        """The state of a record, by its key or by the address of either side. Raises Rejected where there is none."""
        key = self.key_of(name)
        found: Record | None = self.table("record").get(key)
        if found is None:
            raise Rejected(f"no record {key!r}; names look like customer:salesforce:0018d00000AbcDe", code="unknown_record")
        return found

    def key_of(self, name: str) -> str:
        """The entity key behind any name of a record."""
        try:
            parse_ref(name)
        except ValueError as error:
            raise Rejected(str(error), code="bad_name") from error
        return self.links().key_of(name) or name

    def parked(self) -> list[Parked]:
        return [p for table in self.many([f"parked.{s}" for s in SYSTEMS]).values() for p in table.values()]

    def lags(self) -> list[Lag]:
        """All groups of this pipeline, topic by topic."""
        client = admin.client(self.bootstrap, self.extra)
        return [lag for group in admin.groups(client, self.topics.prefix) for lag in self.lags_of(group)]

    def lags_of(self, group: str) -> Iterator[Lag]:
        """One group, by its full name, topic by topic."""
        by_topic: dict[str, int] = {}
        for partition, records in waiting(self.bootstrap, group, self.extra).items():
            by_topic[partition.topic] = by_topic.get(partition.topic, 0) + records
        yield from (Lag(group, topic, records) for topic, records in sorted(by_topic.items()))

    def ask(self, requests: Sequence[ReadRequest]) -> None:
        """Put read requests into the pipeline."""
        with self.writer("refresh") as writer:
            for request in requests:
                address = str(Ref(request.entity, request.system, request.record_id))
                topic = f"read.{request.system}"
                trail = headers.of_event(f"person:{address}")
                writer.send(self.topics.name(topic), address.encode(), self.codec.encode(topic, request), headers=trail)

    def release(self, parked: Parked, act: Act) -> None:
        """Let reconcile decide again about a record that waits, and take it from the list; with a line on the audit trail."""
        outcome = Outcome(parked.target, parked.key, parked.entity, parked.sequence, "released", event_id=parked.event_id)
        self._unpark(parked, "released", act, {"outcome": outcome})

    def discard(self, parked: Parked, act: Act) -> None:
        """Give a waiting write up: only a change of the record brings it back. Notices take it that a person is at it."""
        if not act.why:
            raise Rejected("say why nobody need try it again", code="no_reason")
        self._unpark(parked, "discarded", act, {"handling": Handling(parked.key, act.by, f"discarded: {act.why}", act.at)})

    def _unpark(self, parked: Parked, word: str, act: Act, besides: Mapping[str, Any]) -> None:
        key, trail = parked.key.encode(), headers.of_event(f"person:{parked.key}:{parked.sequence}:{act.at}")
        text = f"{act.by} {word} it after {max(act.at - parked.since, 0) // 1000} s for {parked.waits_for or 'time'}" + (f": {act.why}" if act.why else "")
        step = Audit(headers.correlation_of(trail), act.at, word, parked.target, parked.entity, parked.key, "", parked.event_id, parked.code, text, "", 0)
        with self.writer("release") as writer:
            for topic, event in besides.items():
                writer.send(self.topics.name(topic), key, self.codec.encode(topic, event), headers=trail)
            writer.send(self.topics.name(f"parked.{parked.target}"), key, None, headers=trail)
            writer.send(self.topics.name("audit"), step.correlation_id.encode(), self.codec.encode("audit", step), headers=trail)

    def handle(self, notice: Notice, by: str, note: str, now_ms: int) -> None:
        """Tell the notices that a person is at it, with a line on the audit trail."""
        key, trail = notice.key.encode(), headers.of_event(f"person:{notice.key}:{now_ms}")
        text = f"{by} is at it" + (f": {note}" if note else "")
        step = Audit(headers.correlation_of(trail), now_ms, "handled", notice.system, notice.entity, notice.key, "", "", notice.code, text, "", 0)
        with self.writer("handle") as writer:
            writer.send(self.topics.name("handling"), key, self.codec.encode("handling", Handling(notice.key, by, note, now_ms)), headers=trail)
            writer.send(self.topics.name("audit"), step.correlation_id.encode(), self.codec.encode("audit", step), headers=trail)

    def confirm(self, source: str, now_ms: int, until_ms: int) -> None:
        """Let the deletions of a stopped source through until then, with a line on the audit trail. Raises Rejected for a name that is none."""
        names = sorted({*(n for n in self.table("position") if PART not in n), *(f"reader.{s}" for s in SYSTEMS)})
        if source not in names:
            raise Rejected(f"no source {source!r}; there are {', '.join(n for n in names if not n.endswith('.confirmed'))}", code="unknown_source")
        key, trail = confirmation(source), headers.of_event(f"person:{source}:{now_ms}")
        step = Audit(
            headers.correlation_of(trail), now_ms, "confirmed", "", "", source, "", "", "mass_delete", f"a person let deletions through until {until_ms}", "", 0
        )  # fmt: skip
        with self.writer("confirm") as writer:
            writer.send(self.topics.name("position"), key.encode(), self.codec.encode("position", Position(key, str(until_ms), now_ms)), headers=trail)
            writer.send(self.topics.name("audit"), step.correlation_id.encode(), self.codec.encode("audit", step), headers=trail)

    def hold(self, entity: str, now_ms: int, *, go_on: bool = False) -> None:
        """Hold the backfill of an entity wherever it runs, or let it go on; with a line on the audit trail."""
        key, trail = paused(entity), headers.of_event(f"person:backfill:{entity}:{now_ms}")
        word = "resumed" if go_on else "paused"
        step = Audit(headers.correlation_of(trail), now_ms, word, "", entity, key, "", "", "backfill", f"a person {word} the backfill", "", 0)
        value = None if go_on else self.codec.encode("position", Position(key, word, now_ms))
        with self.writer("hold") as writer:
            writer.send(self.topics.name("position"), key.encode(), value, headers=trail)
            writer.send(self.topics.name("audit"), step.correlation_id.encode(), self.codec.encode("audit", step), headers=trail)

    def stood(self, positions: Mapping[str, str], now_ms: int) -> None:
        """Keep how far comparisons have come."""
        with self.writer("reconcile") as writer:
            for name, text in positions.items():
                position = self.codec.encode("position", Position(name, text, now_ms))
                writer.send(self.topics.name("position"), name.encode(), position, headers=headers.of_event(f"{name}:{now_ms}"))

    def mend(self, requests: Sequence[ReadRequest], again: Sequence[tuple[Record, str]], steps: Sequence[tuple[str, str, str, str, str]], now_ms: int) -> None:
        """Have records read, or decided on, again, because they differ. `steps`: (key, system, entity, code, message) of each difference, for the audit trail."""
        for first in range(0, len(requests), TRANSACTION):
            self.ask(requests[first : first + TRANSACTION])
        with self.writer("reconcile") as writer:
            for record, target in again:
                outcome = Outcome(target, record.key, record.entity, record.sequence.get(target, 0), "released")
                trail = headers.of_event(f"drift:{record.key}:{now_ms}")
                writer.send(self.topics.name("outcome"), record.key.encode(), self.codec.encode("outcome", outcome), headers=trail)
            for key, system, entity, code, message in steps:
                step = Audit(
                    headers.correlation_of(headers.of_event(f"drift:{key}:{now_ms}")), now_ms, "drift", system, entity, key, "", "", code, message, "", 0
                )
                writer.send(self.topics.name("audit"), step.correlation_id.encode(), self.codec.encode("audit", step))

    def writer(self, what: str) -> Open:
        """A transaction of a person's command; a second one of the same name fences the first."""
        return Open(TransactionalWriter(self.bootstrap, f"{self.topics.prefix}ops.{what}", self.extra))


class Open:
    """One transaction of a person's command."""

    def __init__(self, writer: TransactionalWriter) -> None:
        self._writer = writer
        self.send = writer.send

    def __enter__(self) -> Self:
        self._writer.start()
        self._writer.begin()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._writer.commit()
        self._writer.close()


def sides(link: Link) -> list[ReadRequest]:
    """Read both sides of a record again, because a person asked."""
    return [ReadRequest(link.entity, system, link.objects.get(system, ""), ident, "person") for system, ident in link.ids.items()]
