"""How many calls may be under way at once, and how many a day: shared by everything in this process that talks to one system."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from accord.clock import Clock, epoch_ms

Lane = Literal["live", "backfill"]
#: Refusals within this many seconds are one event: calls that were under way together are refused together.
REFUSAL_S = 1.0
#: Share of the daily calls that stays for people and other programs; the backfill leaves three times as much.
RESERVE = 0.1
#: Out of daily calls, one call is let through in so many seconds: only an answer tells that the rolling use has fallen.
PROBE_S = 60.0
#: Where live callers fill every slot, one backfill call goes first after so long without any: the pollers are in the process of the first load.
OVERDUE_S = 2.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """The pure part. `window`: calls at once now, between 1 and `ceiling`; `used` of `daily` calls (0 = no such limit)."""

    ceiling: int
    window: float
    refused_at: float = -1e9
    used: int = 0
    daily: int = 0

    @classmethod
    def of(cls, ceiling: int) -> Gauge:
        return cls(ceiling, float(ceiling))


def answered(gauge: Gauge) -> Gauge:
    """One more call went through: grow by one slot in a whole window of answers."""
    return gauge if gauge.window >= gauge.ceiling else replace(gauge, window=min(gauge.window + 1 / gauge.window, float(gauge.ceiling)))


def refused(gauge: Gauge, now: float) -> Gauge:
    """The system said "too many at once": halve, once for all calls that were under way together."""
    if now - gauge.refused_at < REFUSAL_S:
        return gauge
    return replace(gauge, window=max(1.0, gauge.window / 2), refused_at=now)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Calls at once that this process may make, and how many of them for the backfill."""

    slots: int
    backfill: int

    @classmethod
    def whole(cls, slots: int) -> Allowance:
        """All of them for both lanes; the backfill leaves one slot free for live calls where there is more than one."""
        return cls(slots, min(slots, max(1, slots - 1)))


def free(gauge: Gauge, lane: Lane, running: int, running_backfill: int, allowed: Allowance) -> int:
    """How many more calls of this lane may start."""
    slots = min(int(gauge.window), allowed.slots) - running
    return max(0, slots if lane == "live" else min(slots, allowed.backfill - running_backfill))


def spent(gauge: Gauge, lane: Lane) -> bool:
    """Is this lane's part of the daily calls used up?"""
    reserve = RESERVE * (1 if lane == "live" else 3)
    return gauge.daily > 0 and gauge.daily - gauge.used <= gauge.daily * reserve


class Pace:
    """`async with pace.slot(lane)` around each call; `refused()` after a refusal, `usage()` with what the system says about the day.

    Live callers are served before backfill, except before one call that is overdue. A slot is a call under way, so calls never queue inside the other system.
    `answers`, `refusals`: since the start. `listeners`: called when there may be more room, or more demand.
    """

    def __init__(self, ceiling: int, clock: Clock, *, alone: Callable[[], int] | None = None) -> None:
        """`ceiling`: the most calls at once that this process may make; `alone`: how many while nobody allots (default: all)."""
        self._gauge, self._clock = Gauge.of(ceiling), clock
        self._alone = alone or (lambda: ceiling)
        self._running: dict[Lane, int] = {"live": 0, "backfill": 0}
        self._wanted: dict[Lane, int] = {"live": 0, "backfill": 0}
        self._waiting: dict[Lane, deque[asyncio.Future[None]]] = {"live": deque(), "backfill": deque()}
        self._without_since: float | None = None
        self._allotted: tuple[Allowance, float] | None = None
        self._probed = -1e9
        self.answers = self.refusals = self.usage_ms = 0
        self.listeners: list[Callable[[], None]] = []

    @property
    def gauge(self) -> Gauge:
        return self._gauge

    @property
    def running(self) -> int:
        """Calls under way."""
        return sum(self._running.values())

    def demand(self, lane: Lane) -> int:
        """Calls under way, waiting, and announced: what this process would have under way now if it could."""
        return self._running[lane] + self._wanted[lane] + sum(1 for future in self._waiting[lane] if not future.done())

    def want(self, lane: Lane, calls: int) -> None:
        """Announce calls that will only be begun when there is room for them."""
        if self._wanted[lane] != calls:
            self._wanted[lane] = calls
            self._tell()

    def allowance(self) -> Allowance:
        """What holds now: the allotment while it is valid, else the share of one who is alone."""
        if self._allotted is not None and self._clock.monotonic() < self._allotted[1]:
            return self._allotted[0]
        return Allowance.whole(self._alone())

    def free(self, lane: Lane) -> int:
        """How many more calls of this lane may start now."""
        return free(self._gauge, lane, self.running, self._running["backfill"], self.allowance())

    def allot(self, allowance: Allowance, valid_s: float) -> None:
        """Keep to this share of the account's slots for the next seconds (decided by the owner of `budget.<system>`)."""
        self._allotted = (allowance, self._clock.monotonic() + valid_s)
        self.wake()

    def usage(self, used: int, daily: int) -> None:
        """The system's own count of calls today. May be called from any thread: who waits is let in when a call ends."""
        self._gauge = replace(self._gauge, used=used, daily=daily)
        self.usage_ms = epoch_ms(self._clock.now())

    def refused(self) -> None:
        """The system refused a call because too many were under way (429 and its like)."""
        self.refusals += 1
        self._gauge = refused(self._gauge, self._clock.monotonic())

    @asynccontextmanager
    async def slot(self, lane: Lane = "live") -> AsyncIterator[None]:
        """Hold one of the calls at once. Waits while there is none, or while the day's calls of this lane are used up."""
        while spent(self._gauge, lane) and self._clock.monotonic() - self._probed < PROBE_S:
            await self._clock.sleep(PROBE_S / 10)
        if spent(self._gauge, lane):
            self._probed = self._clock.monotonic()
        await self._enter(lane)
        try:
            yield
        except BaseException:
            self._leave(lane)
            raise
        self._gauge = answered(self._gauge)
        self.answers += 1
        self._leave(lane)

    async def _enter(self, lane: Lane) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(future)
        self._let_in()
        if not future.done():
            self._tell()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._leave(lane)
            raise

    def _leave(self, lane: Lane) -> None:
        self._running[lane] -= 1
        self.wake()

    def wake(self) -> None:
        """Let in whom there is room for."""
        self._let_in()
        self._tell()

    def _let_in(self) -> None:
        for waiting in self._waiting.values():
            while waiting and waiting[0].done():
                waiting.popleft()
        if self._overdue():
            self._next("backfill")
        for lane in self._waiting:
            while self._next(lane):
                pass

    def _next(self, lane: Lane) -> bool:
        """Let one in, if there is one and room for it."""
        if not self._waiting[lane] or not self.free(lane):
            return False
        future = self._waiting[lane].popleft()
        if not future.done():
            self._running[lane] += 1
            self._without_since = None if lane == "backfill" else self._without_since
            future.set_result(None)
        return True

    def _overdue(self) -> bool:
        """Have backfill calls waited so long while none was under way?"""
        now = self._clock.monotonic()
        if not self._waiting["backfill"] or self._running["backfill"]:
            self._without_since = None
        elif self._without_since is None:
            self._without_since = now
        return self._without_since is not None and now - self._without_since >= OVERDUE_S

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()
