"""Polling by keyset: the first snapshot from the beginning of time, then what has changed, never losing a late commit.

Rows up to now are emitted at once. Two windows are read: at each round a short one behind the newest reading, and at a rhythm the whole
overlap, where late commits turn up. The stored cursor follows the overlap only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import structlog

from accord.clock import Clock, epoch_ms
from accord.errors import Fatal
from accord.pace import Lane
from producers.brake import Brake
from producers.cursor import Cursor, horizon, moved, read, text, widened
from producers.feed import Batch, Feed, Row, change
from producers.seen import Seen
from producers.source import Page, rest
from producers.stir import Stirs
from schemas.events import Change, Mark, ReadRequest

LOG = structlog.get_logger(__name__)
#: (batch, its new rows, what goes to Kafka, the cursor behind it)
Step = tuple[Batch, list[Row], Page, Cursor]
#: A position that only time moved is stored this often.
STORE_MS = 30_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds. poll: between rounds; lag: how long an ordinary save takes; overlap: how far back is read again; sweep: how often."""

    poll_s: float = 5.0
    lag_s: float = 10.0
    overlap_s: float = 300.0
    sweep_s: float = 30.0


class Poll:
    """A source over one feed.

    marks: this feed's first snapshot ends its entity's. once: end after the snapshot (events follow). window: with `once`, ask for what
    changed meanwhile, because events may not be subscribed to yet. stirs: what must be read because of new rows. hint: the rows do
    nothing else; then there is no snapshot, for what was before is read anyhow.
    """

    def __init__(
        self, feed: Feed, clock: Clock, rhythm: Rhythm | None = None, *, name: str = "", marks: bool = True, once: bool = False,
        window: bool = True, stirs: Stirs | None = None, hint: bool = False,
    ) -> None:  # fmt: skip
        self.name = name or f"{feed.system}.{feed.entity}"
        self.brake = Brake(self.name)
        self._feed, self._clock, self._rhythm, self._marks, self._once = feed, clock, rhythm or Rhythm(), marks, once
        self._lag_ms = int(self._rhythm.lag_s * 1000)
        self._asks_window = once and window
        self._stirs, self._hint = stirs, hint
        self._seen = Seen()
        self._head_ms = 0
        self._swept = -1e9

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        cursor = self._from_now() if self._hint and position is None else read(position)
        cursor = replace(cursor, overlap_ms=max(cursor.overlap_ms, int(self._rhythm.overlap_s * 1000)))
        while not (self._once and cursor.done):
            changed = False
            reading = self._round(cursor) if cursor.done else self._snapshot(cursor)
            async for batch, fresh, page, moved_to in reading:
                changed = batch.definition != cursor.definition and cursor.done and not self._hint
                if changed:
                    break
                cursor = moved_to
                yield page
                for row in fresh:  # only now: what was not committed must be fresh again
                    self._seen.note(row.id, row.stamp_ms, row.content())
            if changed:
                LOG.warning("the search has changed: everything is read again", source=self.name)
                self._seen, cursor = Seen(), Cursor(account=cursor.account, overlap_ms=cursor.overlap_ms)
            elif not self._once:
                async for sign in rest(self._clock, self._rhythm.poll_s):
                    yield sign

    def _from_now(self) -> Cursor:
        now_ms = epoch_ms(self._clock.now())
        return Cursor(since_ms=horizon(now_ms, self._lag_ms, int(self._rhythm.overlap_s * 1000)), done=True, at=now_ms)

    async def _snapshot(self, cursor: Cursor) -> AsyncIterator[Step]:
        since, id_, began, more = cursor.since_ms, cursor.since_id, 0, True
        while more:
            batch = await self._batch(cursor, since, id_, lane="backfill", first=True)
            began, more = began or batch.at_ms, batch.more
            fresh = self._fresh(batch)
            limit = horizon(batch.at_ms, self._lag_ms, cursor.overlap_ms)
            known = replace(cursor, account=batch.account, definition=batch.definition, rows=cursor.rows + len(batch.rows), done=not more)
            cursor = moved(known, batch.since_ms, batch.since_id, limit, complete=not more, at_ms=batch.at_ms)
            changes = self._changes(fresh, batch.at_ms)
            end = () if more else self._window(began)
            yield batch, fresh, Page(changes, end, () if more else self._mark(), text(cursor), "backfill"), cursor
            since, id_ = batch.since_ms, batch.since_id
        self._head_ms = began
        LOG.info("snapshot read", source=self.name, rows=cursor.rows)

    def _mark(self) -> tuple[Mark, ...]:
        return (Mark(self._feed.entity, self._feed.system, self.name, 0, 1),) if self._marks else ()

    def _window(self, began_ms: int) -> tuple[ReadRequest, ...]:
        """What changed during a snapshot whose events may not have been subscribed to from its first moment on."""
        if not self._asks_window:
            return ()
        since = horizon(began_ms, self._lag_ms, int(self._rhythm.overlap_s * 1000))
        return (ReadRequest(self._feed.entity, self._feed.system, self._feed.object, "*", "changed during the snapshot", since=since),)

    async def _round(self, cursor: Cursor) -> AsyncIterator[Step]:
        head, began, more = self._head_ms, 0, True
        sweep = not head or self._clock.monotonic() - self._swept >= self._rhythm.sweep_s
        since, id_ = (cursor.since_ms, cursor.since_id) if sweep else (max(cursor.since_ms, head - self._lag_ms), "")
        while more:
            batch = await self._batch(cursor, since, id_, lane="live")
            began, more = began or batch.at_ms, batch.more
            fresh = self._fresh(batch)
            new = cursor
            if sweep:
                new = self._late(cursor, fresh, head - self._lag_ms, batch.at_ms)
                limit = horizon(began, self._lag_ms, new.overlap_ms)
                new = moved(new, batch.since_ms, batch.since_id, limit, complete=not more, at_ms=batch.at_ms)
            changes = self._changes(fresh, batch.at_ms)
            requests = self._stirs.of(fresh) if self._stirs else []
            store = bool(changes or requests) or new.at - cursor.at >= STORE_MS
            cursor, page = (new, Page(changes, requests, position=text(new))) if store else (cursor, Page())
            yield batch, fresh, page, cursor
            since, id_ = batch.since_ms, batch.since_id
        self._head_ms = began
        if sweep:
            self._swept = self._clock.monotonic()
            self._seen.forget(cursor.since_ms)

    def _late(self, cursor: Cursor, fresh: list[Row], read_ms: int, at_ms: int) -> Cursor:
        """A row that was stamped before what had been read, and is new all the same, was committed late. (One that was seen with that very
        stamp was not: a value that is worked out, as what remains of an invoice, changes without one.)
        """
        late = max((at_ms - r.stamp_ms for r in fresh if r.stamp_ms < read_ms and not self._seen.stamped(r.id, r.stamp_ms)), default=0)
        overlap = widened(cursor.overlap_ms, late)
        if overlap != cursor.overlap_ms:
            LOG.warning("late commits: looking further back", source=self.name, late_s=late / 1000, overlap_s=overlap / 1000)
        return replace(cursor, overlap_ms=overlap)

    async def _batch(self, cursor: Cursor, since_ms: int, since_id: str, *, lane: Lane, first: bool = False) -> Batch:
        batch = await self._feed.batch(since_ms, since_id, first=first, lane=lane)
        check_account(self.name, cursor.account, batch.account)
        return batch

    def _fresh(self, batch: Batch) -> list[Row]:
        return [r for r in batch.rows if self._seen.fresh(r.id, r.stamp_ms, r.content())]

    def _changes(self, rows: list[Row], at_ms: int) -> list[Change]:
        if self._hint:
            return []
        self.brake.admit(sum(r.gone for r in rows), at_ms)
        return [change(self._feed, r, at_ms) for r in rows]


def check_account(source: str, known: str, found: str) -> None:
    """Another org's or account's records must never be taken for the ones that we know."""
    if known and known != found:
        raise Fatal(
            f"{source}: this is account {found}, but the position was made with {known}: restore the credentials, "
            f"or start with another kafka.prefix for another pair of systems",
            code="another_account",
        )
