"""How many calls at once a system bears from all of us: what it or the configuration says, corrected by what it refuses. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Refusals within this many seconds are one event: calls that were under way together are refused together.
REFUSAL_S = 1.0
#: One more slot is tried after so many seconds and answers: what the try may cost in refused calls stays far below one in a hundred.
HOLD_S, LONGEST_HOLD_S = 30.0, 600.0
HOLD_ANSWERS = 500


@dataclass(frozen=True, slots=True)
class Limit:
    """`now`: calls at once that are shared out, between 1 and `ceiling`. `changed`: monotonic. `answered`: since then."""

    ceiling: int
    now: int
    changed: float = -1e9
    hold_s: float = HOLD_S
    answered: int = 0

    @classmethod
    def of(cls, ceiling: int) -> Limit:
        return cls(ceiling, ceiling)


def refused(limit: Limit, at: float) -> Limit:
    """Somebody else uses a part of the account: a quarter less, and patience before the next try."""
    if at - limit.changed < REFUSAL_S:
        return limit
    less = max(1, min(limit.now - 1, limit.now * 3 // 4))
    return replace(limit, now=less, changed=at, answered=0, hold_s=min(2 * limit.hold_s, LONGEST_HOLD_S))


def answered(limit: Limit, calls: int, at: float) -> Limit:
    """So many more calls went through."""
    if limit.now >= limit.ceiling:
        return limit if limit.hold_s == HOLD_S else replace(limit, hold_s=HOLD_S)
    known = replace(limit, answered=limit.answered + calls)
    if known.answered < HOLD_ANSWERS or at - limit.changed < limit.hold_s:
        return known
    return replace(known, now=limit.now + 1, changed=at, answered=0)
