"""Every step of every change as a row, sealed in a chain. A step read twice leaves one row, so the audit topic may be read again at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Executable, Index, Integer, MetaData, String, Table, Text, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ops.audit import erased
from ops.audit.chain import Head, Seal, Verdict, Walk, paired, sealed, subject
from schemas.events import Audit

METADATA = MetaData()
STEPS = Table(
    "audit_step",
    METADATA,
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("correlation_id", String(200), index=True),
    Column("at", BigInteger, index=True),
    Column("step", String(40)),
    Column("system", String(20)),
    Column("entity", String(40)),
    Column("key", String(200), index=True),
    Column("record_id", String(200), index=True),
    Column("event_id", String(200), index=True),
    Column("code", String(80)),
    Column("message", Text),
    Column("detail", Text),
    Column("duration_ms", Integer),
    Index("ix_audit_step_entity_code", "entity", "code"),
)

SEALS = Table(
    "audit_seal",
    METADATA,
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64)),
    Column("subject", String(64)),
    Column("link", String(64)),
)
#: What was erased, so that a row of it that comes later is known by a look. `verify` doesn't believe it: it goes by the rows.
ERASED = Table("audit_erased", METADATA, Column("name", String(200), primary_key=True), Column("at", BigInteger))
#: Rows that a walk along the chain holds at once.
PAGE = 5_000


class AuditStore:
    """Rows of the audit topic, one for each of its records."""

    def __init__(self, db: AsyncEngine) -> None:
        self._db = db

    async def open(self) -> None:
        async with self._db.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def close(self) -> None:
        await self._db.dispose()

    async def add(self, steps: Sequence[tuple[int, int, Audit]]) -> None:
        """Store steps as (partition, offset, step), each with its seal; one that is there already stays as it is.

        A step that says that a record was erased takes the record's rows away, and what comes of it later (from another partition, or at a
        rebuild) is sealed and not stored.
        """
        upsert = insert_sqlite if self._db.dialect.name == "sqlite" else insert_postgresql
        rows = {(p, o): {"topic_partition": p, "topic_offset": o, **_row(a)} for p, o, a in steps}
        async with self._db.execution_options(writes=True).begin() as connection:
            new = list(sealed(sorted(rows.items(), key=lambda item: item[0]), await _heads(connection), erased.name_of))
            if new:
                await connection.execute(upsert(STEPS).on_conflict_do_nothing(), [dict(row) for row, _ in new])
                await connection.execute(SEALS.insert(), [_seal_row(seal) for _, seal in new])
                await _erase(connection, [row for row, _ in new], upsert(ERASED).on_conflict_do_nothing())

    async def verify(self, noted: Mapping[int, Head]) -> Verdict:
        """Walk along all rows and seals, a page at a time. `noted`: heads of an earlier walk, which must still be in the chain."""
        async with self._db.connect() as connection:
            told = await connection.execute(select(STEPS).where(STEPS.c.step == erased.STEP))
            walk = Walk(noted, {subject(name) for row in told for name in erased.names(dict(row._mapping))})  # noqa: SLF001 (SQLAlchemy's documented way)
            partitions = {p for t in (STEPS, SEALS) for p in await connection.scalars(select(t.c.topic_partition).distinct())}
            for partition in sorted(partitions):
                after: int | None = -1
                while after is not None:
                    after = await _page(connection, walk, partition, after)
        return walk.end()

    async def trace(self, ident: str, limit: int = 500) -> list[dict[str, Any]]:
        """Everything that happened to a record (id, key, or address), an event or a correlation id, oldest first."""
        found = or_(STEPS.c.correlation_id == ident, STEPS.c.key == ident, STEPS.c.record_id == ident, STEPS.c.event_id == ident)
        async with self._db.connect() as connection:
            keys = {r.key for r in await connection.execute(select(STEPS.c.key).where(found).distinct()) if r.key}
            wider = or_(found, STEPS.c.key.in_(keys)) if keys else found
            rows = await connection.execute(select(STEPS).where(wider).order_by(STEPS.c.at, STEPS.c.topic_partition, STEPS.c.topic_offset).limit(limit))
            return [dict(r._mapping) for r in rows]  # noqa: SLF001 (SQLAlchemy's documented way)


def _row(step: Audit) -> dict[str, Any]:
    return {c.name: getattr(step, c.name) for c in STEPS.columns if hasattr(step, c.name)}


def _seal_row(seal: Seal) -> dict[str, Any]:
    return {"topic_partition": seal.partition, "topic_offset": seal.offset, "digest": seal.digest, "subject": seal.subject, "link": seal.link}


async def _erase(connection: AsyncConnection, new: Sequence[Mapping[str, Any]], remember: Executable) -> None:
    """Take away the rows of what is erased by now, if these new ones say so or are of it."""
    said = [{"name": name, "at": row["at"]} for row in new for name in erased.names(row)]
    if said:
        await connection.execute(remember, said)
    about = sorted({erased.name_of(row) for row in new} | {each["name"] for each in said})
    for first in range(0, len(about), erased.MOST):
        known = await connection.execute(select(ERASED).where(ERASED.c.name.in_(about[first : first + erased.MOST])))
        for condition in erased.rows_of(STEPS, {row.name: row.at for row in known}):
            await connection.execute(delete(STEPS).where(condition))


async def _heads(connection: AsyncConnection) -> dict[int, Head]:
    """The newest seal of each partition."""
    newest = select(SEALS.c.topic_partition.label("p"), func.max(SEALS.c.topic_offset).label("o")).group_by(SEALS.c.topic_partition).subquery()
    found = await connection.execute(select(SEALS).join(newest, and_(SEALS.c.topic_partition == newest.c.p, SEALS.c.topic_offset == newest.c.o)))
    return {r.topic_partition: Head(r.topic_offset, r.link) for r in found}


async def _page(connection: AsyncConnection, walk: Walk, partition: int, after: int) -> int | None:
    """Walk along rows and seals beyond this offset, up to where a page of either ends. Answers that offset, None = it was the last page."""
    ends = []
    for table in (STEPS, SEALS):
        within = select(table.c.topic_offset).where(table.c.topic_partition == partition, table.c.topic_offset > after)
        offset = await connection.scalar(within.order_by(table.c.topic_offset).offset(PAGE - 1).limit(1))
        ends += [offset] if offset is not None else []
    last = min(ends) if ends else None
    rows = [((r["topic_partition"], r["topic_offset"]), r) for r in await _between(connection, STEPS, partition, after, last)]
    seals = [Seal(*r.values()) for r in await _between(connection, SEALS, partition, after, last)]
    for row, seal in paired(rows, seals):
        walk.step(row, seal)
    return last


async def _between(connection: AsyncConnection, table: Table, partition: int, after: int, last: int | None) -> list[dict[str, Any]]:
    wanted = select(table).where(table.c.topic_partition == partition, table.c.topic_offset > after).order_by(table.c.topic_offset)
    found = await connection.execute(wanted if last is None else wanted.where(table.c.topic_offset <= last))
    return [dict(r._mapping) for r in found]  # noqa: SLF001 (SQLAlchemy's documented way)
