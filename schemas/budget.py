"""How the workers of one system share its calls at once: what they say to each other on `budget.<system>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """What one worker wants of a system's calls at once, and what it holds. Counts run since it started; `used_at` epoch ms."""

    system: str
    worker: str
    live: int
    backfill: int
    holding: int
    adopted: int = 0
    answered: int = 0
    refused: int = 0
    used: int = 0
    daily: int = 0
    used_at: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """Calls at once of one worker, by lane."""

    live: int = 0
    backfill: int = 0

    @property
    def slots(self) -> int:
        return self.live + self.backfill


@dataclass(frozen=True, slots=True)
class Allotment:
    """How a system's calls at once are shared. Who isn't named in `shares` has none; a lower `term` is an older owner's word."""

    system: str
    owner: str
    term: int
    number: int
    limit: int
    shares: Mapping[str, Share]
    used: int
    daily: int
    until: int
