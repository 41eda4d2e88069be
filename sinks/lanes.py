"""The order of writes: one lane per record, one write of a record at a time, the newest wins, live before backfill."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from schemas.events import Write

LIVE = "live"
BACKFILL = "backfill"


class Place(NamedTuple):
    """Where a write stands in Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Item:
    """A write with its place. `group`: writes of one group may share one call. `headers`: passed on to what it causes."""

    write: Write
    place: Place
    group: str = ""
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def key(self) -> str:
        return self.write.key


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to send. `doubt`: an earlier call for this record may have done it: look before sending. `attempt` counts from 1."""

    item: Item
    attempt: int
    doubt: bool
    since: float


@dataclass(slots=True)
class _Lane:
    waiting: Item | None = None
    flying: Item | None = None
    urgent: bool = False
    due: float = 0.0
    attempts: int = 0
    first: float | None = None
    doubt: bool = False


class Lanes:
    """What waits and what is under way. Times are monotonic seconds; nothing here reads a clock."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._ready: dict[str, dict[str, dict[str, None]]] = {LIVE: {}, BACKFILL: {}}
        self._later: list[tuple[float, str]] = []

    def offer(self, item: Item, settled: int, *, due: float = 0.0, doubt: bool = False) -> tuple[Item, ...]:
        """Take a write in; return those that need no call any more (this one, or an older one that it replaces).

        A write whose sequence is not above `settled` (or above one that waits or is under way) is superseded, whatever its lane.
        """
        lane = self._lanes.get(item.key) or _Lane()
        if item.write.sequence <= max([settled, *(i.write.sequence for i in (lane.waiting, lane.flying) if i is not None)]):
            return (item,)
        self._lanes[item.key] = lane
        replaced = lane.waiting
        lane.urgent = lane.urgent or item.write.lane == LIVE
        lane.due = max(lane.due, due)
        lane.doubt = lane.doubt or doubt
        self._unready(item.key, lane)
        lane.waiting = item
        if lane.flying is None:
            self._queue(item.key, lane)
        return (replaced,) if replaced is not None else ()

    def take(self, now: float, size: Callable[[str, int], int], calls: Callable[[str], int], room: Callable[[str, str], int]) -> list[list[Ticket]]:
        """Batches of writes of one lane and group. `size(lane, waiting)`: writes of so many that one call takes; `calls(lane)`: how many
        calls may begin; `room(lane, group)`: how many of them that group bears.
        """
        self._wake(now)
        out: list[list[Ticket]] = []
        for name in (LIVE, BACKFILL):
            groups, left = self._ready[name], calls(name) - (len(out) if name == BACKFILL else 0)
            for group in list(groups):
                free = min(room(name, group), left)
                while free > 0 and (waiting := groups.get(group)):
                    out.append([self._launch(key, now) for key in list(waiting)[: size(name, len(waiting))]])
                    free, left = free - 1, left - 1
                if group in groups and (rest := groups.pop(group)):
                    groups[group] = rest  # to the end: no group waits for another for ever
        return out

    def ready(self, name: str) -> dict[str, int]:
        """How many writes of a lane could go now, by group."""
        return {group: len(waiting) for group, waiting in self._ready[name].items()}

    def finish(self, key: str) -> None:
        """The write under way is settled: the next one of the record may go."""
        lane = self._lanes.get(key)
        if lane is None:
            return
        if lane.waiting is None:
            del self._lanes[key]
            return
        lane.flying, lane.due, lane.attempts, lane.first, lane.doubt = None, 0.0, 0, None, False
        lane.urgent = lane.waiting.write.lane == LIVE
        self._queue(key, lane)

    def again(self, key: str, at: float, *, doubt: bool) -> tuple[Item, ...]:
        """The write under way must be tried again at `at`; if a newer one waits it goes in its stead (the old one is returned)."""
        lane = self._lanes.get(key)
        if lane is None or lane.flying is None:
            return ()
        old, lane.flying = lane.flying, None
        lane.due, lane.doubt = at, lane.doubt or doubt
        replaced = lane.waiting is not None
        if lane.waiting is None:
            lane.waiting = old
        self._queue(key, lane)
        return (old,) if replaced else ()

    def under_way(self, item: Item) -> bool:
        """Is exactly this write under way? (Its partition may have been taken away meanwhile.)"""
        lane = self._lanes.get(item.key)
        return lane is not None and lane.flying is item

    def drop(self, partitions: Collection[int]) -> None:
        """Forget what belongs to these partitions; answers that still come are ignored."""
        for key, lane in list(self._lanes.items()):
            item = lane.flying or lane.waiting
            if item is not None and item.place.partition in partitions:
                self._unready(key, lane)
                del self._lanes[key]

    def next_due(self) -> float | None:
        """When the next delayed write becomes ready."""
        return self._later[0][0] if self._later else None

    def flying(self, partitions: Collection[int] | None = None) -> int:
        """How many writes are under way (in these partitions)."""
        return sum(1 for i in self._flying() if partitions is None or i.place.partition in partitions)

    def depth(self, name: str) -> int:
        """How many records of a lane wait or are under way."""
        return sum(1 for lane in self._lanes.values() if (LIVE if lane.urgent else BACKFILL) == name)

    def __len__(self) -> int:
        return len(self._lanes)

    def _flying(self) -> Iterator[Item]:
        return (lane.flying for lane in self._lanes.values() if lane.flying is not None)

    def _queue(self, key: str, lane: _Lane) -> None:
        if lane.due > 0.0:
            heapq.heappush(self._later, (lane.due, key))
        else:
            self._enready(key, lane)

    def _wake(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            due, key = heapq.heappop(self._later)
            lane = self._lanes.get(key)
            if lane is not None and lane.waiting is not None and lane.flying is None and lane.due == due:
                self._enready(key, lane)

    def _enready(self, key: str, lane: _Lane) -> None:
        if lane.waiting is not None:
            self._ready[LIVE if lane.urgent else BACKFILL].setdefault(lane.waiting.group, {})[key] = None

    def _unready(self, key: str, lane: _Lane) -> None:
        if lane.waiting is None:
            return
        for groups in self._ready.values():
            waiting = groups.get(lane.waiting.group)
            if waiting is not None and key in waiting:
                del waiting[key]
                if not waiting:
                    del groups[lane.waiting.group]

    def _launch(self, key: str, now: float) -> Ticket:
        lane = self._lanes[key]
        item = lane.waiting
        if item is None:
            raise AssertionError(f"{key} is ready and has nothing to send")
        self._unready(key, lane)
        lane.waiting, lane.flying, lane.due = None, item, 0.0
        lane.attempts += 1
        lane.first = now if lane.first is None else lane.first
        return Ticket(item, lane.attempts, lane.doubt, lane.first)
