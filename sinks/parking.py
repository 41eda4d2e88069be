"""Writes that wait: for which record, since when, until when; who is free when a link appears; who waits for each other."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from schemas.events import Link, Parked
from schemas.ids import Ref
from sinks.checks import check_of
from sinks.refs import Index

#: Not waiting for a record but for time: asked for again at `until`.
RETRYING = "retrying"
#: Returned to a person; kept only so that the change of the record it named tries it again.
INACTIVE = frozenset({"inactive_item"})


class Slot(NamedTuple):
    """A parked write and the partition it belongs to."""

    parked: Parked
    partition: int


class Parking:
    """Everything parked for one target. Writes of all partitions are known (cycles cross them); only `own` ones are ever released."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._slots: dict[str, Slot] = {}
        self._waiters: dict[str, dict[str, None]] = {}
        self._folded: dict[str, set[str]] = {}
        self._own: frozenset[int] = frozenset()
        self._told: set[str] = set()

    def assign(self, partitions: Collection[int]) -> None:
        """From now on exactly these partitions are ours."""
        self._own = frozenset(partitions)

    def put(self, parked: Parked, partition: int) -> None:
        """Let a write wait (an older one of the same record no more)."""
        self.remove(parked.key)
        self._slots[parked.key] = Slot(parked, partition)
        if parked.waits_for:
            self._waiters.setdefault(parked.waits_for, {})[parked.key] = None

    def remove(self, key: str) -> Slot | None:
        """End the waiting of a record."""
        slot = self._slots.pop(key, None)
        self._told.discard(key)
        if slot is not None and (waiters := self._waiters.get(slot.parked.waits_for)) is not None:
            waiters.pop(key, None)
            if not waiters:
                del self._waiters[slot.parked.waits_for]
        return slot

    def folded(self, loser: str, winner: str) -> None:
        """What waits for the loser waits for the winner."""
        self._folded.setdefault(winner, set()).add(loser)

    def released_by(self, link: Link, links: Index) -> tuple[Slot, ...]:
        """Our parked writes that waited for this record, now that its link is this one."""
        names = {link.key, *(str(Ref(link.entity, s, i)) for s, i in link.ids.items()), *self._folded.get(link.key, ())}
        keys = [k for name in names for k in self._waiters.get(name, ())]
        return tuple(slot for k in keys if (slot := self._slots[k]).partition in self._own and free(slot.parked, self._target, links))

    def released_already(self, links: Index, key: str = "") -> tuple[Slot, ...]:
        """Ours (or this one) that are free by the links as they stand: what appeared while nobody looked."""
        slots = self.own() if not key else tuple(s for s in (self._slots.get(key),) if s and s.partition in self._own)
        return tuple(s for s in slots if s.parked.waits_for and free(s.parked, self._target, links))

    def due(self, now_ms: int) -> tuple[Slot, ...]:
        """Ours that waited for time, and it has come."""
        return tuple(s for s in self.own() if s.parked.code == RETRYING and s.parked.until <= now_ms)

    def overdue(self, now_ms: int) -> tuple[Slot, ...]:
        """Ours that waited longer than they should; each is named once by this process."""
        late = [s for s in self.own() if s.parked.code != RETRYING and s.parked.until <= now_ms and s.parked.key not in self._told]
        self._told.update(s.parked.key for s in late)
        return tuple(late)

    def ages(self, now_ms: int) -> tuple[float, int]:
        """(seconds that the oldest of ours has waited, how many wait longer than they should)."""
        mine = self.own()
        oldest = min((s.parked.since for s in mine), default=now_ms)
        return max(now_ms - oldest, 0) / 1000, sum(s.parked.code != RETRYING and s.parked.until <= now_ms for s in mine)

    def cycle(self, key: str, links: Index) -> tuple[str, ...]:
        """Keys that wait for each other in a ring, from `key` on; empty = no ring."""
        ring, at = [key], key
        while (slot := self._slots.get(at)) is not None and slot.parked.waits_for:
            at = links.key_of(slot.parked.waits_for) or slot.parked.waits_for
            if at == key:
                return tuple(ring)
            if at in ring:
                return ()
            ring.append(at)
        return ()

    def get(self, key: str) -> Parked | None:
        slot = self._slots.get(key)
        return slot.parked if slot else None

    def own(self) -> tuple[Slot, ...]:
        return tuple(s for s in self._slots.values() if s.partition in self._own)

    def __len__(self) -> int:
        return len(self.own())


def free(parked: Parked, target: str, links: Index) -> bool:
    """Is what this write waits for there?"""
    key = links.key_of(parked.waits_for)
    link = links.link(key) if key else None
    if link is None or link.standing == "deleted" or not link.ids.get(target):
        return False
    check = check_of(parked.check)
    if check is not None:
        return check.holds(link.facts)
    return parked.code not in INACTIVE or (link.standing == "active" and link.facts.get("inactive") != "true")
