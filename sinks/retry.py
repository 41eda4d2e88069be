"""When a write is tried again: full jitter, a bound in the lane, then it is parked. Pure; the Random is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds. `bound_s`: how long a write may be tried in its lane before it is parked as `retrying`, to be asked for after `parked_s`."""

    base_s: float = 0.2
    cap_s: float = 20.0
    bound_s: float = 90.0
    parked_s: float = 300.0


def wait(attempt: int, policy: Policy, rng: Random, asked_s: float | None = None) -> float:
    """Seconds before attempt `attempt + 1`: the other side's own word (`asked_s`), plus full jitter so that many don't come at once."""
    spread = rng.uniform(0.0, min(policy.cap_s, policy.base_s * 2.0 ** min(attempt, 16)))
    return (asked_s or 0.0) + max(spread, 0.001)


def next_try(attempt: int, since: float, now: float, policy: Policy, rng: Random, asked_s: float | None = None) -> float | None:
    """Monotonic time of the next attempt in the lane; None = the bound is reached, park it."""
    at = now + wait(attempt, policy, rng, asked_s)
    return at if at - since <= policy.bound_s else None
