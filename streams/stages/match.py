"""Stage 3: claims of one match value meet in one partition and are answered there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from accord.errors import Rejected
from schemas.events import Claim, Claims, Mark, Match
from streams.match import answer, opened, take
from streams.stage import Headers, Message, Out
from streams.stages.desk import Desk, trail
from streams.stages.marks import OWN, complete, count


class MatchStage:
    """Holds who claims each match value, and whose snapshots have passed."""

    name = "match"

    def __init__(self, desk: Desk, *, partitions: int) -> None:
        self._desk, self._partitions = desk, partitions
        self.inputs = (desk.topics.name("claim"),)
        self.inputs_backfill = (desk.topics.name("claim", "backfill"),)
        self.state = desk.topics.name("claims")
        self.tables: tuple[str, ...] = ()
        self._claims: dict[int, dict[bytes, Claims]] = {}

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        store = self._claims.setdefault(partition, {})
        if value is None:
            store.pop(key, None)
        else:
            store[key] = self._desk.codec.decode(value)

    def drop(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            self._claims.pop(partition, None)

    def apply_table(self, topic: str, key: bytes, value: bytes | None) -> None:  # noqa: ARG002
        raise AssertionError(f"match follows no table, but got {topic}")

    def tick(self, partitions: Collection[int], now_ms: int) -> Sequence[Out]:  # noqa: ARG002
        return ()

    def handle(self, partition: int, batch: Sequence[Message]) -> Sequence[Out]:
        store = self._claims.setdefault(partition, {})
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

    def _claim(self, partition: int, store: dict[bytes, Claims], claim: Claim, headers: Headers) -> list[Out]:
        marks = store.get(OWN, Claims("")).marks
        key = claim.value.encode()
        state, matches = take(claim, store.get(key), opened=opened(claim.entity, complete(marks, self._partitions)))
        return [*self._keep(partition, store, key, state, headers), *self._told(matches, headers)]

    def _mark(self, partition: int, store: dict[bytes, Claims], mark: Mark, headers: Headers) -> list[Out]:
        marks, done = count(store.get(OWN, Claims("")).marks, mark)
        outs = self._keep(partition, store, OWN, Claims("", (), marks), headers)
        if not done or not opened(mark.entity, complete(marks, self._partitions)):
            return outs
        for key, state in [(k, s) for k, s in store.items() if s.entity == mark.entity]:
            new, matches = answer(key.decode(), state, "backfill")
            outs += [*self._keep(partition, store, key, new, headers), *self._told(matches, headers)]
        return outs

    def _keep(self, partition: int, store: dict[bytes, Claims], key: bytes, state: Claims, headers: Headers) -> list[Out]:
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
