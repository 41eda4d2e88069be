"""Stage 2: observations, answers and matches in; writes, links, golden records and read requests out; keyed by entity key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from accord.errors import Rejected
from accord.links import LinkIndex
from schemas.events import RETIRED, AssumedValue, Erasure, Link, Mark, Observation, Outcome, Part, ReadRequest, Record, Write
from schemas.ids import Ref, to_external
from streams.match import passed
from streams.reconcile import Ask, Decision, reconcile
from streams.reconcile.ended import ended
from streams.reconcile.erase import erase, kept
from streams.reconcile.registers import top
from streams.rules import Links, Read, Rules
from streams.stage import Headers, Message, Out
from streams.stages.desk import ERASED, Desk, trail
from streams.stages.due import Due
from streams.stages.leaning import Leaning, leans_on, look_again
from streams.stages.marks import OWN, hand_on
from streams.stages.shelf import Shelf
from streams.stages.told import Told


class Entity(Protocol):
    """What the mapping offers for one entity (streams.mapping)."""

    @property
    def rules(self) -> Rules: ...
    @property
    def hash(self) -> str: ...
    @property
    def render(self) -> Callable[[Ask, Record, Links], tuple[Sequence[Part], Mapping[str, str]]]: ...
    @property
    def golden(self) -> Callable[[Record, Read], Any]: ...


class ReconcileStage:
    """Holds every record of its partitions, and all links."""

    name = "reconcile"

    def __init__(self, desk: Desk, entities: Mapping[str, Entity], *, partitions: int) -> None:
        self._desk, self._entities, self._partitions = desk, entities, partitions
        names = ("observation", "outcome")
        self.inputs = tuple(desk.topics.name(t) for t in names)
        self.inputs_backfill = tuple(desk.topics.name(t, "backfill") for t in names)
        self.state = desk.topics.name("record")
        self.tables = (desk.topics.name("link"),)
        self._shelf: Shelf[Record] = Shelf(desk.codec.decode, lambda record: desk.codec.encode("record", record))
        self._told = Told()
        self._links = LinkIndex()
        self._due = Due()
        self._leaning = Leaning()
        self._early = frozenset(name for name, entity in entities.items() if any(rule.early for rule in entity.rules.fields.values()))

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        self._shelf.load(partition, key, value)
        record = self._shelf.of(partition).get(key)
        entity = self._entities.get(record.entity) if record else None
        if record is None:
            self._leaning.put((partition, key), frozenset())
        if record and entity:
            self._lean(partition, record, entity)
            for request in assumed_reads(record, entity.rules.margin_ms):
                if request.system in entity.rules.trace_free:
                    self._due.put(partition, request)

    def drop(self, partitions: Collection[int]) -> None:
        self._shelf.drop(partitions)
        self._told.drop(partitions)
        self._leaning.drop(partitions)

    def apply_table(self, topic: str, key: bytes, value: bytes | None) -> None:  # noqa: ARG002
        self._know(key.decode(), None if value is None else self._desk.codec.decode(value))

    def _know(self, key: str, link: Link | None) -> None:
        self._leaning.link(key, self._links.link(key), link)
        self._links.put(key, link)

    def _lean(self, partition: int, record: Record, entity: Entity) -> None:
        if record.entity in self._early:
            addresses = leans_on(entity.rules, reader(record, entity.rules.margin_ms), self._links)
            self._leaning.put((partition, record.key.encode()), addresses)

    def tick(self, partitions: Collection[int], now_ms: int) -> Sequence[Out]:
        due = self._due.take(now_ms, partitions, self._still_assumed)
        for partition, key in self._leaning.take(partitions):
            record = self._shelf.of(partition).get(key)
            due += look_again(record, self._entities[record.entity].rules) if record else []
        return [self._read(request, ()) for request in due]

    def handle(self, partition: int, batch: Sequence[Message]) -> Sequence[Out]:
        store = self._shelf.of(partition)
        outs: list[Out] = []
        for message in batch:
            headers = trail(message.headers)
            try:
                event = self._desk.codec.decode(message.value or b"")
            except Rejected as error:
                outs.append(self._desk.dead(self.name, message, error.code, str(error)))
                continue
            if isinstance(event, Mark):
                outs += self._mark(partition, store, event, headers)
            else:
                outs += self._event(partition, store, event, message, headers)
        return outs

    def _event(self, partition: int, store: MutableMapping[bytes, Record], event: Any, message: Message, headers: Headers) -> list[Out]:
        entity = self._entities.get(event.entity)
        if entity is None:
            return [self._desk.dead(self.name, message, "unknown_entity", f"no mapping for entity {event.entity!r}")]
        key = message.key or event.key.encode()
        if isinstance(event, Erasure):
            return self._erase(partition, store, entity, event, headers)
        record = store.get(key) or Record(key=key.decode(), entity=event.entity)
        try:
            decision = reconcile(record, event, entity.rules, self._links)
            outs = self._outs(partition, decision, entity, event, headers) if decision.changed else []
        except Exception as error:  # noqa: BLE001 (a bug met by one record must stop no other: the whole message is kept and the record read again)
            return self._poison(message, event, error)
        if decision.changed:
            store[key] = decision.record
            self._lean(partition, decision.record, entity)
        return outs

    def _poison(self, message: Message, event: Any, error: Exception) -> list[Out]:
        outs = [self._desk.dead(self.name, message, "reconcile_bug", f"{type(error).__name__}: {error}")]
        if isinstance(event, Observation) and event.source_id and event.kind == "event":
            request = ReadRequest(event.entity, event.system, event.object, event.source_id, "dead letter")
            outs.append(self._read(request, trail(message.headers)))
        return outs

    def _outs(self, partition: int, decision: Decision, entity: Entity, event: Any, headers: Headers) -> list[Out]:
        desk, record = self._desk, decision.record
        lane = getattr(event, "lane", "live")
        outs = [desk.out("record", record.key, record, headers, partition=partition)]
        if decision.link:
            self._know(record.key, decision.link)
            outs.append(desk.out("link", record.key, decision.link, headers))
        outs += [desk.out("claim", c.value, c, headers, lane=lane) for c in decision.claims]
        outs += [desk.out("learned", str(Ref(x.entity, x.system, x.record_id)), x, headers) for x in decision.learned]
        for key, forward in decision.forwards:
            if forward.entity not in self._entities:
                continue  # a document tells a timeline that isn't mirrored here
            topic = "outcome" if isinstance(forward, Outcome) else "observation"
            outs.append(desk.out(topic, key, forward, headers, lane=lane))
        for request in decision.reads:
            if request.entity not in self._entities:
                continue
            if request.if_assumed:
                self._due.put(partition, request)
            else:
                outs.append(self._read(request, headers))
        for ask in decision.asks:
            outs += self._ask(ask, record, entity, event, headers, lane)
        if not record.alias or decision.link:
            told = None if ended(record, entity.rules) else entity.golden(record, reader(record, entity.rules.margin_ms))
            golden = desk.out(f"entity.{record.entity}", record.key, told, headers)
            outs += [golden] if self._told.anew(partition, golden.key, golden.value) else []
        outs += [
            desk.step(headers, "noted", system=n.system, entity=record.entity, key=record.key, code=n.code, message=n.message or n.field)
            for n in decision.notes
        ]
        return outs

    def _ask(self, ask: Ask, record: Record, entity: Entity, event: Any, headers: Headers, lane: str) -> list[Out]:
        parts, options = entity.render(ask, record, self._links) if ask.kind != "withdraw" else ((), {})
        write = Write(
            target=ask.target,
            key=record.key,
            entity=record.entity,
            sequence=ask.sequence,
            kind=ask.kind,
            id=ask.id,
            values=ask.fields,
            seeds=ask.seeds,
            parts=tuple(p if p.key else replace(p, key=to_external(record.key)) for p in parts),
            stage=ask.stage,
            reasons=ask.reasons,
            mapping=entity.hash,
            options={**options, **instead(ask, record)},
            event_id=getattr(event, "event_id", ""),
            lane=lane,
        )
        told = {"fields": dict(ask.fields), "seeds": dict(ask.seeds), "reasons": {f: [r.rule, r.owner, r.event_id] for f, r in ask.reasons.items()}}
        return [
            self._desk.out(f"write.{ask.target}", record.key, write, headers, lane=lane),
            self._desk.step(
                headers, "decided", system=ask.target, entity=record.entity, key=record.key, record_id=ask.id, event_id=write.event_id,
                message=f"{ask.kind} {ask.sequence}", detail=told,
            ),
        ]  # fmt: skip

    def _read(self, request: ReadRequest, headers: Headers) -> Out:
        address = str(Ref(request.entity, request.system, request.record_id))
        return self._desk.out(f"read.{request.system}", address, request, headers)

    def _erase(self, partition: int, store: MutableMapping[bytes, Record], entity: Entity, asked: Erasure, headers: Headers) -> list[Out]:
        """Tombstones for all that stands under its key, and the word to those who hold something else of it."""
        desk, record = self._desk, store.get(asked.key.encode())
        why_not = "there is no such record" if record is None else kept(record, entity.rules.margin_ms)
        if record is None or why_not:
            return [desk.step(headers, "not_erased", entity=asked.entity, key=asked.key, code="kept", message=f"{asked.by} asked: {why_not}")]
        del store[asked.key.encode()]
        self._know(record.key, None)
        self._leaning.put((partition, record.key.encode()), frozenset())
        found, golden = erase(record, asked), desk.out(f"entity.{record.entity}", record.key, None, (*headers, ERASED))
        self._told.anew(partition, golden.key, None)
        return [
            desk.out("record", record.key, None, headers, partition=partition),
            desk.out("link", record.key, None, headers),
            golden,
            *(desk.out("claim", c.value, c, headers, lane=c.lane) for c in found.claims),
            *(desk.out("learned", str(Ref(x.entity, x.system, x.record_id)), x, headers) for x in found.learned),
            desk.step(headers, "erased", entity=record.entity, key=record.key, message=f"{asked.by}: {asked.why}", detail={"names": found.names}),
        ]

    def _mark(self, partition: int, store: MutableMapping[bytes, Record], mark: Mark, headers: Headers) -> list[Out]:
        old = store.get(OWN) or Record(key=OWN.decode(), entity="")
        marks, done = passed(old.marks, mark)
        if marks == tuple(old.marks):
            return []
        store[OWN] = replace(old, marks=marks)
        outs = [self._desk.out("record", OWN.decode(), store[OWN], headers, partition=partition)]
        return outs + (hand_on(self._desk, "claim", mark, partition, self._partitions, headers) if done else [])

    def _still_assumed(self, partition: int, request: ReadRequest) -> bool:
        record = self._shelf.of(partition).get(request.if_assumed.encode())
        entity = self._entities.get(request.entity)
        if record is None or entity is None:
            return False
        return any(r.record_id == request.record_id and r.system == request.system for r in assumed_reads(record, entity.rules.margin_ms))


def assumed_reads(record: Record, margin_ms: int) -> list[ReadRequest]:
    """One request for each system in which a value of this record is still assumed, due when the margin after the answer has passed."""
    out = []
    for system, registers in record.registers.items():
        slots = [top(r, margin_ms) for r in registers.values()]
        latest = [s.after for s in slots if isinstance(s, AssumedValue)]
        if latest and system in record.ids:
            object_, due = record.objects.get(system, ""), max(latest) + margin_ms + 1
            out.append(ReadRequest(record.entity, system, object_, record.ids[system], "assumed", due, if_assumed=record.key))
    return out


def reader(record: Record, margin_ms: int) -> Read:
    """(system, field) -> what counts there now."""

    def read(system: str, name: str) -> str | None:
        register = record.registers.get(system, {}).get(name)
        slot = top(register, margin_ms) if register else None
        return slot.value if slot else None

    return read


def instead(ask: Ask, record: Record) -> Mapping[str, str]:
    """A create in the place of records that are dead: the sink, which remembers the id of one, must not go by it."""
    dead = [id_ for system, _, id_ in (entry.partition(":") for entry in record.retired) if system == ask.target]
    dead += [record.ids[ask.target]] if ask.target in record.ids else []
    return {RETIRED: ",".join(dead)} if dead and ask.kind == "create" else {}
