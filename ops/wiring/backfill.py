"""A load that a person asked for, put together: the producers' sources and transactions, in a process of its own, within the same budgets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from accord.clock import Clock
from accord.config import Settings
from accord.errors import Rejected
from accord.netsuite.rest import NetSuite
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce.rest import Salesforce
from ops.drift.netsuite import NetSuiteCensus, counted
from ops.wiring import clients
from ops.wiring.budget import Budget, budget
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities, reads
from ops.wiring.producers import Room, both, room_of
from producers.backfill import Backfill, Slice, Subsidiary, of_netsuite, of_salesforce, rows_read
from producers.cursor import Cursor, text
from producers.poll import Poll, Rhythm
from producers.runner import paused, run
from producers.salesforce_snapshot import SalesforceSnapshot
from producers.source import Source
from producers.sources import netsuite_feed
from schemas.ids import SYSTEMS, System

#: A load that is held looks so often whether it still is.
LOOK_S = 2.0


@dataclass(slots=True)
class Progress:
    """One source under way. `total` 0 = unknown."""

    source: str
    rows: int = 0
    total: int = 0
    held: bool = False
    ended: bool = False


Read = SalesforceRead | NetSuiteRead


async def backfill(settings: Settings, entity: str, systems: Sequence[System], part: Slice, tell: Callable[[list[Progress]], None]) -> list[Progress]:
    """Read it all on the backfill lane; ends when everything is in Kafka. `tell` hears how far it is. Raises Rejected for what can't be asked."""
    found = entities(settings)
    wanted = [r for r in reads(found) if r.entity == entity and not r.hint and r.system in systems]
    if not wanted:
        raise Rejected(f"nothing is read of {entity!r} in {' or '.join(systems)}; there are {', '.join(found)}", code="unknown_entity")
    subsidiary = _subsidiary(settings, part.subsidiary) if part.subsidiary else None
    narrowed = [of_salesforce(r, part, subsidiary) if isinstance(r, SalesforceRead) else of_netsuite(r, part, subsidiary) for r in wanted]
    topics, codec = ready(settings, found)
    room = room_of(settings, topics, codec, reads(found))
    parts = [await budget(settings, system, "backfill", lambda _: 0, topics, codec, room.clock) for system in SYSTEMS]
    org, account = both(settings, parts, room.clock)
    try:
        return await _load(_Load(settings, room, part, org, account, tell), narrowed, parts)
    finally:
        org.close()
        account.close()


@dataclass(frozen=True, slots=True)
class _Load:
    settings: Settings
    room: Room
    part: Slice
    org: Salesforce
    account: NetSuite
    tell: Callable[[list[Progress]], None]


async def _load(load: _Load, narrowed: Sequence[Read], parts: Sequence[Budget]) -> list[Progress]:
    progress: list[Progress] = []
    async with asyncio.TaskGroup() as group:
        beside = [group.create_task(p.member.run()) for p in parts] + [group.create_task(load.room.bench.watch.run())]
        stored = await load.room.bench.positions.load()
        sources = []
        for read in narrowed:
            inner = _source(load, read)
            one = Progress(inner.name, rows_read(stored.get(inner.name)), await _total(load, read, inner))
            progress.append(one)
            sources.append((_held(load, read.entity, inner, one, lambda: load.tell(progress)), one))
        load.tell(progress)
        await asyncio.gather(*(_run(load, source, one, lambda: load.tell(progress)) for source, one in sources))
        for task in beside:
            task.cancel()
    return progress


async def _run(load: _Load, source: Source, one: Progress, tell: Callable[[], None]) -> None:
    ledger = load.room.ledger(source.name)
    await run(source, ledger, load.room.bench)
    await ledger.close()
    one.ended = True
    tell()


def _source(load: _Load, read: Read) -> Source:
    name = load.part.name(read.entity, read.system)
    if isinstance(read, SalesforceRead):
        return SalesforceSnapshot(load.org, read, load.room.clock, Rhythm(), name=name, marks=False, window=False)
    feed = netsuite_feed(clients.restlet(load.settings, load.account), load.account, read)
    return Poll(feed, load.room.clock, Rhythm(), name=name, marks=False, once=True, window=False)


def _held(load: _Load, entity: str, inner: Source, one: Progress, tell: Callable[[], None]) -> Backfill:
    def seen(rows: int) -> None:
        one.rows += rows
        tell()

    start = text(Cursor(since_ms=load.part.since_ms)) if load.part.since_ms and isinstance(inner, Poll) else None
    return Backfill(inner, load.room.clock, _looking(load, entity, one, tell), seen, start=start)


def _looking(load: _Load, entity: str, one: Progress, tell: Callable[[], None]) -> Callable[[], Awaitable[bool]]:
    """Is it held? Asked for every page, looked up every two seconds."""
    looked = -1e9

    async def held() -> bool:
        nonlocal looked
        clock: Clock = load.room.clock
        if clock.monotonic() - looked >= LOOK_S / 2:
            looked, before = clock.monotonic(), one.held
            one.held = paused(entity) in await load.room.bench.positions.load()
            if one.held != before:
                tell()
        return one.held

    return held


async def _total(load: _Load, read: Read, source: Source) -> int:
    """As the system counts them; NetSuite's SuiteQL knows no filter of a search."""
    if isinstance(source, SalesforceSnapshot):
        return await source.count()
    if isinstance(read, SalesforceRead) or not counted(read) or load.part.subsidiary or load.part.where:
        return 0
    return await NetSuiteCensus(load.account, read).count(load.part.since_ms)


def _subsidiary(settings: Settings, code: str) -> Subsidiary:
    known = settings.reference.get("subsidiaries", {})
    if code not in known:
        raise Rejected(f"no subsidiary {code!r} in the configuration; there are {', '.join(known) or 'none'}", code="unknown_subsidiary")
    given = known[code]
    id_, shown = (given["id"], given.get("text", code)) if isinstance(given, dict) else (given, code)
    stores = tuple(name for name, store in settings.stores.items() if store.get("subsidiary") == code)
    return Subsidiary(str(shown), str(id_), stores)
