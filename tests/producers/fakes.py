"""A feed over a plain list, a ledger that keeps what it was given, and short ways to make rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from accord.errors import AccordError
from accord.kafka.records import Offset
from accord.pace import Lane
from producers.feed import Batch, Named, Row, encoded
from producers.outbox import Out
from producers.source import Page, Source
from tests.accord.manual_clock import ManualClock


def row(id_: int | str, stamp_ms: int, value: object = "x", *, gone: bool = False) -> Row:
    return Row(str(id_), "customer", stamp_ms, encoded({"value": value}), gone)


class FakeFeed:
    """Rows become visible when the test adds them; time is the clock's. `faults`: raised by the next calls, one each."""

    system, entity, object = "netsuite", "customer", "customer"

    def __init__(self, clock: ManualClock, *, page: int = 1000) -> None:
        self.clock, self.page = clock, page
        self.rows: dict[str, Row] = {}
        self.account, self.definition = "ACC", "v1"
        self.faults: list[AccordError] = []
        self.calls: list[tuple[int, str, Lane]] = []
        self.gone: set[str] = set()
        self.hold: asyncio.Event | None = None
        self.barred: AccordError | None = None

    def put(self, *rows: Row) -> None:
        self.rows |= {r.id: r for r in rows}

    async def batch(self, since_ms: int, since_id: str, *, first: bool = False, lane: Lane = "live") -> Batch:
        self.calls.append((since_ms, since_id, lane))
        if self.faults:
            raise self.faults.pop(0)
        at = self.clock.ms()
        ordered = sorted((r for r in self.rows.values() if not (first and r.gone)), key=lambda r: (r.stamp_ms, int(r.id)))
        found = [r for r in ordered if r.stamp_ms > since_ms or (r.stamp_ms == since_ms and int(r.id) > int(since_id or 0))]
        some = found[: self.page]
        last = some[-1] if some else None
        more = len(found) > self.page
        return Batch(self.account, at, some, more, last.stamp_ms if last else since_ms, last.id if last else since_id, self.definition)

    async def sighted(self) -> None:
        if self.barred:
            raise self.barred

    async def named(self, ids: Sequence[str]) -> Named:
        self.calls.append((0, ",".join(ids), "live"))
        if self.faults:
            raise self.faults.pop(0)
        at = self.clock.ms()
        found = [self.rows[i] for i in ids if i in self.rows]
        if self.hold is not None:
            await self.hold.wait()
        return Named(at, found, [i for i in ids if i in self.gone])


class Kept:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.started = 0
        self.commits: list[tuple[list[Out], list[Offset]]] = []
        self.faults: list[AccordError] = []

    async def start(self) -> None:
        self.started += 1

    async def commit(self, outs: Sequence[Out], offsets: Sequence[Offset] = (), group: Any = None) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.commits.append((list(outs), list(offsets)))


class Stored:
    """Positions in memory."""

    def __init__(self, positions: Mapping[str, str] | None = None) -> None:
        self.positions = dict(positions or {})

    async def load(self) -> Mapping[str, str]:
        return dict(self.positions)


async def take(source: Source, position: str | None, count: int) -> list[Page]:
    """The next pages that say something, and the state of the source as if they had been committed."""
    out: list[Page] = []
    async for page in source.pages(position):
        if not page.empty:
            out.append(page)
        if len(out) == count:
            break
    return out


async def rounds(source: Source, position: str | None, count: int) -> list[Page]:
    """So many pages, empty ones too."""
    out: list[Page] = []
    async for page in source.pages(position):
        out.append(page)
        if len(out) == count:
            break
    return out


def values(pages: Sequence[Page]) -> list[tuple[str, str]]:
    """(record id, body or kind) of all changes."""
    return [(c.record_id, c.body or c.kind) for p in pages for c in p.changes]
