"""How much a sink holds in memory, and how patient it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Writes held in memory per lane; seconds without a word from the group after which no call is started (a frozen process that wakes up
    may have lost its partitions); seconds that a clean end waits for calls under way.
    """

    live: int = 5_000
    backfill: int = 12_000
    lease_s: float = 4.0
    finish_s: float = 4.0
    tick_s: float = 1.0
