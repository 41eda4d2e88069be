"""Which records of the two systems are the same? Claims of one match value meet in one place and are answered there. Pure.

Nobody is answered before the first snapshots of both sides have passed: until then "nobody else has this value" can't be known, and a
create would double what the other side already holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from schemas.events import Claim, Claimant, Claims, Mark, Match
from schemas.ids import SYSTEMS


def take(claim: Claim, state: Claims | None, *, opened: bool) -> tuple[Claims, list[Match]]:
    """One claim (or its withdrawal) arrives. Returns the new state of its value, and the answers that are due.

    A claimant is a key in one system: a record that is on both sides claims twice, so that a newcomer with its value is told of it and
    made nowhere. A withdrawal may make clear what was ambiguous: everybody is answered again.
    """
    old = state or Claims(claim.entity)
    others = [replace(c, answered=c.answered and not claim.withdrawn) for c in old.claims if (c.system, c.key) != (claim.system, claim.key)]
    if not claim.withdrawn:
        others.append(Claimant(claim.system, claim.key, answered=False))
    new = Claims(claim.entity, tuple(others))
    return answer(claim.value, new, claim.lane) if opened else (new, [])


def answer(value: str, state: Claims, lane: str) -> tuple[Claims, list[Match]]:
    """Answer everybody who waits. A pair of exactly one on each side is told of each other; more is ambiguous."""
    by_system = {s: [c.key for c in state.claims if c.system == s] for s in SYSTEMS}
    waiting = [c for c in state.claims if not c.answered]
    if not waiting:
        return state, []
    both = all(by_system.values())
    out: list[Match] = []
    if both and max(len(k) for k in by_system.values()) > 1:
        everybody = tuple(c.key for c in state.claims)
        out = [Match(c.key, state.entity, value, "", everybody, lane) for c in state.claims]
    elif both:
        (mine,), (theirs,) = by_system.values()
        out = [Match(mine, state.entity, value, theirs, (), lane), Match(theirs, state.entity, value, mine, (), lane)]
    else:
        out = [Match(c.key, state.entity, value, "", (), lane) for c in waiting]
    return Claims(state.entity, tuple(Claimant(c.system, c.key, answered=True) for c in state.claims)), out


def passed(marks: Sequence[str], mark: Mark) -> tuple[tuple[str, ...], bool]:
    """Count a mark: (all marks seen, has the last one of its system's snapshot just come)."""
    mine = f"{mark.entity}:{mark.system}:{mark.partition}"
    if mine in marks:
        return tuple(marks), False
    new = (*marks, mine)
    return new, sum(m.startswith(f"{mark.entity}:{mark.system}:") for m in new) == mark.partitions


def opened(entity: str, complete: Iterable[str]) -> bool:
    """Have the snapshots of both sides of this entity passed? `complete`: "entity:system" of each that has."""
    done = set(complete)
    return all(f"{entity}:{s}" in done for s in SYSTEMS)
