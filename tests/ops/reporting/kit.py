"""Golden records as the pipeline would tell them, and stores to put them into."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import select, text

from accord.kafka.records import Headers, Partition, Record
from ops.database import engine
from ops.reporting.batch import batch
from ops.reporting.migrate import migrate
from ops.reporting.store import ReportStore
from ops.reporting.tables import HISTORY, tables
from schemas.topics import Topics
from tests.streams.mapping.builders import entities

TOPICS = Topics("t.")
PARTITIONS = 2
START = datetime(2026, 11, 1, tzinfo=UTC)
#: For columns that these tests say nothing about.
EMPTY = {"stage": "", "lines": []}


#: What the examples are about; all entities would only be slower.
FEW = ("customer", "item", "order")


def shipped(*names: str) -> dict[str, Mapping[str, Any]]:
    return {name: entities()[name].schema for name in names or entities()}


class Log:
    """Golden topics in memory. `tell` gives a record that has passed through here an offset of its own; a value is the record itself."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.values: dict[bytes, dict[str, Any]] = {}
        self._ends: dict[Partition, int] = {}

    def tell(self, key: str, golden: Mapping[str, Any] | None, *, minutes: int | None = None, headers: Headers = ()) -> None:
        """`minutes`: after START; one for each record otherwise. None = a tombstone."""
        entity = key.partition(":")[0]
        place = Partition(TOPICS.name(f"entity.{entity}"), crc32(key.encode()) % PARTITIONS)
        offset = self._ends.get(place, 0)
        self._ends[place] = offset + 1
        value = None if golden is None else f"{len(self.values)}".encode()
        if value is not None:
            self.values[value] = {**EMPTY, **golden, "key": key}
        at = START + timedelta(minutes=len(self.records) if minutes is None else minutes)
        self.records.append(Record(place.topic, place.partition, offset, key.encode(), value, int(at.timestamp() * 1000), headers))

    def by_partition(self) -> list[Record]:
        """As a reader that begins anew gets them: partition by partition."""
        return sorted(self.records, key=lambda r: (r.topic, r.partition, r.offset))

    def compacted(self) -> list[Record]:
        """What compaction leaves."""
        last = {(r.topic, r.key): r for r in self.records}
        return [r for r in self.by_partition() if last[r.topic, r.key] is r]


@asynccontextmanager
async def opened(url: str, schemas: Mapping[str, Mapping[str, Any]] | None = None):
    """A store whose tables are as the mapping wants them."""
    made = tables(shipped(*FEW) if schemas is None else schemas)
    db = engine(url, Path("unused"))
    try:
        await migrate(db, made)
        yield ReportStore(db, made)
    finally:
        await db.dispose()


async def put(store: ReportStore, log: Log, records: Sequence[Record] | None = None, *, size: int = 1_000) -> None:
    """Store what the log has and the store hasn't."""
    wanted = log.records if records is None else records
    places = sorted({Partition(r.topic, r.partition) for r in wanted})
    positions = await store.positions(places) if places else {}
    left = [r for r in wanted if r.offset >= positions[Partition(r.topic, r.partition)]]
    for first in range(0, len(left), size):
        found = batch(left[first : first + size], positions, TOPICS, log.values.__getitem__, store.check)
        await store.apply(found)
        positions |= {p: end for p, (_, end) in found.moves.items()}


async def dump(store: ReportStore, *, history: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in order."""
    wanted = [*store.tables.metadata.tables.values(), *([HISTORY] if history else [])]
    async with store._db.connect() as connection:
        return {t.name: sorted((tuple(r) for r in await connection.execute(select(t))), key=repr) for t in wanted}


async def rows(store: ReportStore, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of a table, by its key."""
    found = store.tables.metadata.tables[table]
    async with store._db.connect() as connection:
        return [tuple(r) for r in await connection.execute(select(*(found.c[c] for c in columns)).order_by(*found.primary_key.columns))]


async def scalar(store: ReportStore, sql: str) -> Any:
    async with store._db.connect() as connection:
        return (await connection.execute(text(sql))).scalar()


def run(coroutine: Any) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 120))


D = Decimal


def day(number: int, month: int = 11) -> date:
    return date(2026, month, number)
