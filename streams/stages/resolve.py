"""Stage 1: `change.*` and `learned` in, observations and read requests out; keyed by source record."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from accord.errors import Rejected
from schemas.events import Assigned, Change, Learned, Mark
from streams.resolve import Observe, Reading, Resolution, learn, resolve
from streams.stage import Headers, Message, Out
from streams.stages.desk import Desk, trail
from streams.stages.marks import hand_on
from streams.stages.shelf import Plain, Shelf

_BODY = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Source:
    """How one (system, object) is read: its mapping's `observe`, and whether its events are hints."""

    observe: Observe
    reading: Reading


class ResolveStage(Plain):
    """Holds which entity key each source record has."""

    name = "resolve"

    def __init__(self, desk: Desk, sources: Mapping[tuple[str, str, str], Source], change_topics: Sequence[str], *, partitions: int, margin_ms: int) -> None:
        """`sources`: by (system, entity, object in lower case); record types that are read under another name fall back to object ""."""
        self._desk, self._sources, self._partitions, self._margin_ms = desk, sources, partitions, margin_ms
        live = [*change_topics, "learned"]
        self.inputs = tuple(desk.topics.name(t) for t in live)
        self.inputs_backfill = tuple(desk.topics.name(t, "backfill") for t in change_topics)
        self.state = desk.topics.name("assigned")
        self._shelf: Shelf[Assigned] = Shelf(desk.codec.decode)
        self.load, self.drop = self._shelf.load, self._shelf.drop

    def handle(self, partition: int, batch: Sequence[Message]) -> Sequence[Out]:
        store = self._shelf.of(partition)
        outs: list[Out] = []
        for message in batch:
            outs += self._one(partition, store, message)
        return outs

    def _one(self, partition: int, store: MutableMapping[bytes, Assigned], message: Message) -> list[Out]:
        headers = trail(message.headers)
        lane = self._desk.topics.lane(message.topic)
        try:
            event = self._desk.codec.decode(message.value or b"")
            if isinstance(event, Mark):
                return hand_on(self._desk, "observation", event, partition, self._partitions, headers)
            key = message.key or b""
            resolution = learn(event, store.get(key), lane=lane) if isinstance(event, Learned) else self._resolve(event, store.get(key), lane)
        except Rejected as error:
            return [self._desk.dead(self.name, message, error.code, str(error))]
        except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            return [self._desk.dead(self.name, message, "mapping_bug", f"{type(error).__name__}: {error}")]
        return self._outs(partition, store, key, event, resolution, headers)

    def _resolve(self, change: Change, state: Assigned | None, lane: str) -> Resolution:
        exact = change.system, change.entity, change.object.lower()
        source = self._sources.get(exact) or self._sources[change.system, change.entity, ""]
        body: dict[str, Any] = _BODY.decode(change.body) if change.body else {}
        return resolve(change, body, state, source.observe, source.reading, lane=lane, margin_ms=self._margin_ms)

    def _outs(self, partition: int, store: MutableMapping[bytes, Assigned], key: bytes, event: Any, found: Resolution, headers: Headers) -> list[Out]:
        desk, outs = self._desk, []
        if found.state:
            store[key] = found.state
            outs.append(desk.out("assigned", key.decode(), found.state, headers, partition=partition))
        observation = found.observation
        if observation:
            outs.append(desk.out("observation", observation.key, observation, headers, lane=observation.lane))
        if found.match:
            outs.append(desk.out("observation", found.match.key, found.match, headers, lane=found.match.lane))
        request = found.request
        if request:
            address = f"{request.entity}:{request.system}:{request.record_id}"
            outs.append(desk.out(f"read.{request.system}", address, request, headers))
        if isinstance(event, Change):
            what = "observed" if observation else f"asks to read: {request.reason}" if request else found.note
            outs.append(
                desk.step(
                    headers,
                    "resolved",
                    system=event.system,
                    entity=event.entity,
                    key=observation.key if observation else "",
                    record_id=event.record_id,
                    event_id=event.event_id,
                    message=what,
                    detail=observation.fields if observation else None,
                )
            )
        return outs
