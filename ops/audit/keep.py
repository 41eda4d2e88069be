"""How long the audit trail's rows are kept: now and then it is looked for old ones, and a step says on the topic itself that they go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from accord.clock import Clock, epoch_ms
from accord.errors import Rejected
from accord.kafka import headers
from accord.kafka.records import Record
from ops.audit.shortened import STEP
from ops.audit.store import AuditStore
from schemas.events import Audit

LOG = structlog.get_logger(__name__)
DAY_MS = 24 * 60 * 60 * 1000
#: How often old rows are looked for.
LOOK_MS = 60 * 60 * 1000
#: A batch that is older than this is read again, or late: what belongs to its rows may not be here yet.
LATE_MS = 60 * 60 * 1000


class Keeper:
    """Keeps `days` whole days. `tell` puts a step on the topic, blocking; the rows go when it is read from there, as at every rebuild."""

    def __init__(self, store: AuditStore, days: int, clock: Clock, tell: Callable[[Audit], None]) -> None:
        self._store, self._days, self._clock, self._tell = store, days, clock, tell
        self._next_ms, self._late = 0, True

    async def look(self, read: Sequence[Record]) -> None:
        """After each batch; nothing where it isn't time, or where we are behind. An empty one says neither: at the start nothing has come yet."""
        now_ms = epoch_ms(self._clock.now())
        if read:
            self._late = any(record.timestamp < now_ms - LATE_MS for record in read)
        if not self._days or now_ms < self._next_ms or self._late:
            return
        self._next_ms = now_ms + LOOK_MS
        try:
            detail = await self._store.due((now_ms // DAY_MS - self._days) * DAY_MS)
        except Rejected as error:
            LOG.critical("audit trail is not shortened", code=error.code, why=str(error))
            return
        if detail:
            await asyncio.to_thread(self._tell, step(now_ms, self._days, detail))


def step(now_ms: int, days: int, detail: str) -> Audit:
    """The step that lets rows go."""
    trail = headers.correlation_of(headers.of_event(f"audit:{STEP}:{now_ms}"))
    return Audit(trail, now_ms, STEP, "", "", "", "", "", "", f"rows are kept for {days} days", detail, 0)
