"""Who goes first in a lane where slots don't divide evenly, and when the next one does. Each lane has its own turns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

#: With more workers than slots, a slot is handed on after so long. Handing on costs some milliseconds in which nobody has it.
TURN_S = 1.5


@dataclass(frozen=True, slots=True)
class Turns:
    """`order`: who goes first. `since`: when the last turn was wholly given, monotonic. `due`: whose turn it is and who may not have it yet."""

    order: tuple[str, ...] = ()
    since: float = -1e9
    due: frozenset[str] = frozenset()


def among(turns: Turns, workers: Collection[str]) -> Turns:
    """Without who is gone; who is new goes last."""
    stay = tuple(w for w in turns.order if w in workers)
    return Turns((*stay, *(w for w in workers if w not in turns.order)), turns.since, turns.due & set(stay))


def turn(turns: Turns, wants: Mapping[str, int], target: Mapping[str, int], given: Mapping[str, int], now: float) -> Turns:
    """The turns as they stand now. `target`: slots by this order; `given`: what the workers were told last.

    A turn begins when it is given, not when it is decided: calls that last longer than a turn would end in the turn of their own worker each time.
    Where the other lane has all slots for now, turns stand still: nobody has had one.
    """
    if not any(target.values()):
        return turns
    due = frozenset(w for w in turns.due if given.get(w, 0) < min(wants[w], target[w]))
    if due:
        return replace(turns, due=due)
    if turns.due:
        return replace(turns, due=due, since=now)
    if now - turns.since < TURN_S:
        return turns
    short = _short(turns.order, wants, target)
    return replace(turns, order=tuple(sorted(turns.order, key=lambda w: w not in short)), due=short) if short else turns


def _short(order: Collection[str], wants: Mapping[str, int], target: Mapping[str, int]) -> frozenset[str]:
    """Who gets less than another although it wants more."""
    most = max((target[w] for w in order if wants[w] > 0), default=0)
    return frozenset(w for w in order if target[w] < min(most, wants[w]))
