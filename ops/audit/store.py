"""Every step of every change as a row, sealed in a chain. A step read twice leaves one row, so the audit topic may be read again at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ops.audit import cut, erased, walk
from ops.audit.chain import Head, Seal, Verdict, sealed
from ops.audit.tables import CUTS, ERASED, METADATA, OF_WORDS, SEALS, STEPS
from schemas.events import Audit


class AuditStore:
    """Rows of the audit topic, one for each of its records."""

    def __init__(self, db: AsyncEngine) -> None:
        self._db = db

    async def open(self) -> None:
        async with self._db.begin() as connection:
            await connection.run_sync(METADATA.create_all)
            await connection.run_sync(OF_WORDS.create, checkfirst=True)

    async def close(self) -> None:
        await self._db.dispose()

    async def add(self, steps: Sequence[tuple[int, int, Audit]]) -> None:
        """Store steps as (partition, offset, step), each with its seal; one that is there already stays as it is.

        A step that says that a record was erased takes the record's rows away, and what comes of it later (from another partition, or at a
        rebuild) is sealed and not stored. One that says that the trail is shortened cuts off its beginning.
        """
        upsert = insert_sqlite if self._db.dialect.name == "sqlite" else insert_postgresql
        rows = {(p, o): {"topic_partition": p, "topic_offset": o, **_row(a)} for p, o, a in steps}
        async with self._db.execution_options(writes=True).begin() as connection:
            new = list(sealed(sorted(rows.items(), key=lambda item: item[0]), await _heads(connection), erased.name_of))
            if new:
                await connection.execute(upsert(STEPS).on_conflict_do_nothing(), [dict(row) for row, _ in new])
                await connection.execute(SEALS.insert(), [_seal_row(seal) for _, seal in new])
                await _erase(connection, [row for row, _ in new], upsert(ERASED).on_conflict_do_nothing())
                await cut.follow(connection, [row for row, _ in new])

    async def due(self, until_ms: int) -> str:
        """What a step `shortened` must say so that rows of before then go; empty = there are none. Raises Rejected where rows were touched."""
        async with self._db.connect() as connection:
            return await cut.due(connection, until_ms)

    async def verify(self, noted: Mapping[int, Head]) -> Verdict:
        """Walk along all rows and seals. `noted`: heads of an earlier walk, which must still be in the chain."""
        async with self._db.connect() as connection:
            return await walk.verify(connection, noted)

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
    """The newest seal of each partition, also where it was cut off."""
    newest = select(SEALS.c.topic_partition.label("p"), func.max(SEALS.c.topic_offset).label("o")).group_by(SEALS.c.topic_partition).subquery()
    found = await connection.execute(select(SEALS).join(newest, and_(SEALS.c.topic_partition == newest.c.p, SEALS.c.topic_offset == newest.c.o)))
    cuts = {r.topic_partition: Head(r.topic_offset, r.link) for r in await connection.execute(select(CUTS))}
    return cuts | {r.topic_partition: Head(r.topic_offset, r.link) for r in found}
