"""A step of the story: do something in one system, then look at the other one's public API until it shows, and say how long it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from accord.clock import Clock
from ops.demo.seed import Seeds
from ops.demo.world import World
from ops.pipeline import Pipeline
from ops.sandbox.client import number
from ops.supervise import Supervisor

#: Between two looks: a tenth of what it has taken so far, for that tells latency well enough; a dozen chapters that look all the time would be the
#: account's heaviest user.
LOOK_S, LONGEST_LOOK_S = 0.03, 0.5
PATIENCE_S = 45.0
#: A look answers what it saw, or None while it isn't there yet.
Look = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table. `seconds`: from the moment that the change was made until the other side showed it."""

    name: str
    ok: bool
    seconds: float
    seen: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Journal:
    """What has been read of a system's journal: the last number, and the changes of each record."""

    last: int = 0
    by_record: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Stage:
    """What every chapter has at hand."""

    world: World
    seeds: Seeds
    pipeline: Pipeline
    supervisor: Supervisor
    clock: Clock
    config: str
    show: Callable[[Check], None]
    checks: list[Check] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    journals: dict[str, Journal] = field(default_factory=dict)

    async def see(self, name: str, look: Look, *, since: float | None = None, patience_s: float = PATIENCE_S) -> bool:
        """Look until it shows or patience ends; either way it becomes a line."""
        start = time.monotonic() if since is None else since
        deadline = time.monotonic() + patience_s
        seen = await look()
        while seen is None and time.monotonic() < deadline:
            await self.clock.sleep(min(LONGEST_LOOK_S, max(LOOK_S, (time.monotonic() - start) / 10)))
            seen = await look()
        check = Check(name, seen is not None, round(time.monotonic() - start, 2), seen or f"not seen within {patience_s:.0f} s")
        self.checks.append(check)
        self.show(check)
        return check.ok

    async def journal(self, system: str, record_id: str = "") -> int:
        """How many changes the system has accepted so far, in all or of one record, by its own journal."""
        read = self.journals.setdefault(system, Journal())
        entries = await self.world.control.journal(system, read.last)
        for entry in entries:
            if number(system, entry) > read.last:  # two chapters may have asked at once
                read.by_record[str(entry.get("record_id") or entry["id"])] += 1
        read.last = max([read.last, *(number(system, e) for e in entries)])
        return read.by_record[record_id] if record_id else read.by_record.total()


def now() -> float:
    """The moment a change is made."""
    return time.monotonic()
