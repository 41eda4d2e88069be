"""Golden records into their tables. Rows and positions are one transaction: after a crash at any point both are as before, or both as after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from accord.errors import Transient
from accord.kafka.records import Partition
from ops.reporting import history
from ops.reporting.batch import Batch, Golden, Told
from ops.reporting.rows import addresses, head_row, list_rows, named, too_large
from ops.reporting.tables import ADDRESSES, HISTORY, POSITIONS, UNREADABLE, EntityTables, Tables

#: Values in one list of a statement; SQLite and asyncpg take some 32,000 parameters.
MOST = 5_000


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[n : n + MOST] for n in range(0, len(values), MOST))


def moved(partition: Partition, offset: int) -> Transient:
    return Transient(f"the position of {partition.topic} {partition.partition} is not {offset} any more: a rebuild, or a second process", code="moved")


class ReportStore:
    """The tables of one pipeline. One process at a time writes to them; a second one is told so."""

    def __init__(self, db: AsyncEngine, tables: Tables) -> None:
        self._db, self.tables = db, tables
        self._upsert: Any = insert_sqlite if db.dialect.name == "sqlite" else insert_postgresql

    def check(self, golden: Golden, entity: str) -> None:
        """Raises OverflowError for what this database can't hold."""
        if self._db.dialect.name == "sqlite":
            too_large(self.tables, golden, entity)

    async def positions(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Where to read on; 0 for what was never read."""
        async with self._db.begin() as connection:
            rows = [{"topic": p.topic, "topic_partition": p.partition, "next_offset": 0} for p in partitions]
            await connection.execute(self._upsert(POSITIONS).on_conflict_do_nothing(), rows)
            found = {Partition(r.topic, r.topic_partition): r.next_offset for r in await connection.execute(select(POSITIONS))}
        return {p: found[p] for p in partitions}

    async def stand(self, positions: Mapping[Partition, int]) -> None:
        """Raises Transient where a position is not ours any more: asked while nothing comes, when no batch would find it out."""
        async with self._db.connect() as connection:
            found = {Partition(r.topic, r.topic_partition): r.next_offset for r in await connection.execute(select(POSITIONS))}
        for partition, offset in positions.items():
            if found.get(partition) != offset:
                raise moved(partition, offset)

    async def apply(self, batch: Batch) -> None:
        """Store a batch. Raises Transient where the positions have been moved by somebody else: another process, or a rebuild."""
        async with self._db.begin() as connection:
            await self._advance(connection, batch.moves)
            if batch.unreadable:
                rows = [
                    {"topic": u.topic, "topic_partition": u.partition, "topic_offset": u.offset, "key": u.key, "code": u.code, "message": u.message}
                    for u in batch.unreadable
                ]
                await connection.execute(self._upsert(UNREADABLE).on_conflict_do_nothing(), rows)
            with_status = [t for t in batch.told if self.tables.entities[t.entity].has_status]
            if with_status:
                await history.keep(connection, with_status, self._upsert, chunks)
            last = {(t.entity, t.key): t for t in batch.told}
            if last:
                await self._put(connection, list(last.values()))
            for told in (t for t in batch.told if t.erased):
                await connection.execute(delete(HISTORY).where(HISTORY.c.entity == told.entity, HISTORY.c.key == told.key))
                await connection.execute(delete(UNREADABLE).where(UNREADABLE.c.key == told.key))

    async def _advance(self, connection: AsyncConnection, moves: Mapping[Partition, tuple[int, int]]) -> None:
        """First of all: it takes SQLite's lock on writing, and in PostgreSQL that on these rows."""
        for partition, (first, then) in moves.items():
            at = (POSITIONS.c.topic == partition.topic) & (POSITIONS.c.topic_partition == partition.partition)
            done = await connection.execute(update(POSITIONS).where(at, POSITIONS.c.next_offset == first).values(next_offset=then))
            if done.rowcount != 1:
                raise moved(partition, first)

    async def _put(self, connection: AsyncConnection, told: Sequence[Told]) -> None:
        changed = await self._address(connection, told)
        goldens = [(self.tables.entities[t.entity], t.golden) for t in told if t.golden is not None]
        known = await self._known(connection, sorted({a for tables, golden in goldens for a in named(tables, golden)}))
        for entity, tables in self.tables.entities.items():
            mine = [t for t in told if t.entity == entity]
            if mine:
                await self._entity(connection, tables, mine, known)
        for entity in {a.partition(":")[0] for a in changed}:
            await self._refer(connection, entity, sorted(a for a in changed if a.startswith(f"{entity}:")))

    async def _address(self, connection: AsyncConnection, told: Sequence[Told]) -> set[str]:
        """Bring the addresses of these records up to date; answers those that mean something else now."""
        old: dict[str, set[str]] = {}
        for keys in chunks([t.key for t in told]):
            for row in await connection.execute(select(ADDRESSES).where(ADDRESSES.c.key.in_(keys))):
                old.setdefault(row.key, set()).add(row.address)
        new = {t.key: addresses(t.entity, t.golden) if t.golden is not None else set() for t in told}
        moved = [key for key, found in new.items() if found != old.get(key, set())]
        for keys in chunks(moved):
            await connection.execute(delete(ADDRESSES).where(ADDRESSES.c.key.in_(keys)))
        rows = [{"address": address, "key": key} for key in moved for address in new[key]]
        if rows:
            await connection.execute(insert(ADDRESSES), rows)
        return {address for key in moved for address in new[key] ^ old.get(key, set())}

    async def _known(self, connection: AsyncConnection, wanted: Sequence[str]) -> dict[str, str]:
        """Of two keys that are about to be joined the smaller, whoever comes first."""
        out: dict[str, str] = {}
        for some in chunks(wanted):
            asked = select(ADDRESSES.c.address, func.min(ADDRESSES.c.key).label("key")).where(ADDRESSES.c.address.in_(some)).group_by(ADDRESSES.c.address)
            out |= {row.address: row.key for row in await connection.execute(asked)}
        return out

    async def _entity(self, connection: AsyncConnection, tables: EntityTables, told: Sequence[Told], known: Mapping[str, str]) -> None:
        head, keys = tables.head, [t.key for t in told]
        rows = [head_row(head, t, t.golden, known) for t in told if t.golden is not None]
        if rows:
            new = self._upsert(head.table)
            over = {c.name: new.excluded[c.name] for c in head.table.columns if c.name != "key"}
            await connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=over), rows)
        for shape in tables.lists:
            for some in chunks(keys):
                await connection.execute(delete(shape.table).where(shape.table.c.parent.in_(some)))
            children = [row for t in told if t.golden is not None for row in list_rows(shape, t.key, t.golden, known)]
            if children:
                await connection.execute(insert(shape.table), children)
        for some in chunks([t.key for t in told if t.golden is None]):
            await connection.execute(delete(head.table).where(head.table.c.key.in_(some)))

    async def _refer(self, connection: AsyncConnection, entity: str, changed: Sequence[str]) -> None:
        """Rows that were stored before the record that they name, or whose record has another key now."""
        for reference in self.tables.references():
            if reference.entity != entity:
                continue
            means = select(func.min(ADDRESSES.c.key)).where(ADDRESSES.c.address == reference.told).scalar_subquery()
            for some in chunks(changed):
                await connection.execute(update(reference.table).where(reference.told.in_(some)).values({reference.key: means}))

    async def forget(self, *, history_too: bool = False) -> None:
        """Drop every table that the topics can fill again. The history stays, unless it is to go too: compacted topics have forgotten it."""
        async with self._db.begin() as connection:
            await connection.run_sync(lambda sync: _drop(sync, history_too=history_too))


def _drop(connection: Connection, *, history_too: bool) -> None:
    there = MetaData()
    there.reflect(connection, only=lambda name, _: name.startswith("golden_"), resolve_fks=False)
    there.drop_all(connection)
    for table in (POSITIONS, ADDRESSES, UNREADABLE, *((HISTORY,) if history_too else ())):
        connection.execute(delete(table))
