"""Every step of every change as a row. Writing the same step twice leaves one row, so the audit topic may be read again at any time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

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
        """Store steps as (partition, offset, step); one that is there already stays as it is."""
        upsert = insert_sqlite if self._db.dialect.name == "sqlite" else insert_postgresql
        rows = [{"topic_partition": p, "topic_offset": o, **_row(a)} for p, o, a in steps]
        async with self._db.begin() as connection:
            await connection.execute(upsert(STEPS).on_conflict_do_nothing(), rows)

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
