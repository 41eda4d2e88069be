"""Demand to shares: live before backfill but for one slot, even where there is not enough, what nobody wants ready for whoever has least. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.events import Demand, Share


def divide(limit: int, demands: Mapping[str, Demand], first: Sequence[str], first_backfill: Sequence[str], *, backfills_turn: bool = False) -> dict[str, Share]:
    """Shares that add up to `limit` (none where nobody is there). `first`, `first_backfill`: all workers, by who is served first in that lane.
    `backfills_turn`: it has waited long enough to have a slot for a while even where there are only one or two.
    """
    own = kept(limit, demands, backfills_turn=backfills_turn)
    live = fill(limit - own, {w: d.live for w, d in demands.items()}, first)
    rest = limit - sum(live.values())
    backfill = fill(max(for_backfill(limit, rest), own), {w: d.backfill for w, d in demands.items()}, first_backfill)
    for _ in range(rest - sum(backfill.values()) if demands else 0):
        live[min(first, key=lambda w: (not _full(w, demands, live, backfill), live[w] + backfill[w]))] += 1
    return {w: Share(live[w], backfill[w]) for w in first}


def _full(worker: str, demands: Mapping[str, Demand], live: Mapping[str, int], backfill: Mapping[str, int]) -> bool:
    """Would its next live call wait for a backfill call of its own to end? Another's free slot comes within some milliseconds, that takes a whole call."""
    return backfill[worker] > 0 and live[worker] <= demands[worker].live


def kept(limit: int, demands: Mapping[str, Demand], *, backfills_turn: bool = False) -> int:
    """One slot for the backfill, where there are more than two or it is its turn: pollers alone can fill all of them for ever, and a first load would never end."""
    return 1 if (limit > 2 or backfills_turn) and any(d.backfill for d in demands.values()) else 0


def for_backfill(limit: int, rest: int) -> int:
    """Of what live leaves, one slot stays free for the next live call, where there are more than two: it need not wait for a slow call to end.

    Not beside two or more that live wants: a wish stands for a second or two, most calls are shorter, so those are free for each other meanwhile.
    """
    spare = 1 if limit > 2 and limit - rest < 2 and rest > 1 else 0
    return max(0, min(rest - spare, max(1, limit - 1)))


def fill(slots: int, wants: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    """Evenly up to what each wants: slot by slot, round by round."""
    out = dict.fromkeys(order, 0)
    hungry = [w for w in order if wants[w] > 0]
    while slots > 0 and hungry:
        for worker in hungry[:slots]:
            out[worker] += 1
        slots -= min(slots, len(hungry))
        hungry = [w for w in hungry if out[w] < wants[w]]
    return out
