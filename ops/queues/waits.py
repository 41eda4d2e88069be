"""Who waits for whom: the graph of parked writes, its rings named. Pure.

A write waits for one record only, so each record has at most one way out, and a ring is found by walking it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.events import Parked

#: (target, entity key): a record waits in each target apart.
Node = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Waits:
    """waiters: record -> writes that wait for it, oldest first. rings: keys that wait for each other, from the least on. roots: what everything hangs on."""

    waiters: dict[Node, tuple[Parked, ...]]
    rings: tuple[tuple[Node, ...], ...]
    roots: tuple[Node, ...]
    alone: tuple[Parked, ...]


def waits(parked: Iterable[Parked], key_of: Callable[[str], str | None]) -> Waits:
    """`key_of`: entity key of an address, as the links know it. `alone`: those that wait for time or a person, not for a record."""
    found = sorted(parked, key=lambda p: (p.since, p.key))
    way = {(p.target, p.key): (p.target, key_of(p.waits_for) or p.waits_for) for p in found if p.waits_for}
    waiters: dict[Node, tuple[Parked, ...]] = {}
    for p in found:
        if p.waits_for:
            node = way[p.target, p.key]
            waiters[node] = (*waiters.get(node, ()), p)
    rings = rings_of(way)
    roots = (*sorted(node for node in waiters if node not in way), *(ring[0] for ring in rings))
    return Waits(waiters, rings, roots, tuple(p for p in found if not p.waits_for))


def rings_of(way: dict[Node, Node]) -> tuple[tuple[Node, ...], ...]:
    """Every ring once. Each node is walked once."""
    rings, done = [], set[Node]()
    for start in sorted(way):
        path: dict[Node, None] = {}
        at: Node | None = start
        while at is not None and at not in done and at not in path:
            path[at] = None
            at = way.get(at)
        if at is not None and at in path:
            steps = list(path)
            ring = steps[steps.index(at) :]
            least = ring.index(min(ring))
            rings.append((*ring[least:], *ring[:least]))
        done.update(path)
    return tuple(sorted(rings))


def overdue(parked: Parked, now_ms: int) -> bool:
    """Waits longer than it should."""
    return parked.until <= now_ms
