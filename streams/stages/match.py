"""Stage 3: claims of one match value meet in one partition and are answered there."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

from accord.errors import Rejected
from schemas.events import Claim, Claims, Mark, Match
from streams.match import answer, opened, passed, take
from streams.stage import Headers, Message, Out
from streams.stages.desk import Desk, trail
from streams.stages.marks import OWN, complete
from streams.stages.shelf import Plain, Shelf


class MatchStage(Plain):
    """Holds who claims each match value, and whose snapshots have passed."""

    name = "match"

    def __init__(self, desk: Desk, *, partitions: int) -> None:
        self._desk, self._partitions = desk, partitions
        self.inputs = (desk.topics.name("claim"),)
        self.inputs_backfill = (desk.topics.name("claim", "backfill"),)
        self.state = desk.topics.name("claims")
        self._shelf: Shelf[Claims] = Shelf(desk.codec.decode)
        self.load, self.drop = self._shelf.load, self._shelf.drop

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
            outs += self._mark(partition, store, event, headers) if isinstance(event, Mark) else self._claim(partition, store, event, headers)
        return outs

    def _claim(self, partition: int, store: MutableMapping[bytes, Claims], claim: Claim, headers: Headers) -> list[Out]:
        marks = store.get(OWN, Claims("")).marks
        key = claim.value.encode()
        state, matches = take(claim, store.get(key), opened=opened(claim.entity, complete(marks, self._partitions)))
        return [*self._keep(partition, store, key, state, headers), *self._told(matches, headers)]

    def _mark(self, partition: int, store: MutableMapping[bytes, Claims], mark: Mark, headers: Headers) -> list[Out]:
        marks, done = passed(store.get(OWN, Claims("")).marks, mark)
        outs = self._keep(partition, store, OWN, Claims("", (), marks), headers)
        if not done or not opened(mark.entity, complete(marks, self._partitions)):
            return outs
        for key, state in [(k, s) for k, s in store.items() if s.entity == mark.entity]:
            new, matches = answer(key.decode(), state, "backfill")
            outs += [*self._keep(partition, store, key, new, headers), *self._told(matches, headers)]
        return outs

    def _keep(self, partition: int, store: MutableMapping[bytes, Claims], key: bytes, state: Claims, headers: Headers) -> list[Out]:
        if store.get(key) == state:
            return []
        empty = not state.claims and not state.marks
        if empty:
            store.pop(key, None)
        else:
            store[key] = state
        return [self._desk.out("claims", key.decode(), None if empty else state, headers, partition=partition)]

    def _told(self, matches: Sequence[Match], headers: Headers) -> list[Out]:
        return [self._desk.out("observation", m.key, m, headers, lane=m.lane) for m in matches]
