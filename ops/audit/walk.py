"""A walk along the audit trail in its database, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ops.audit import erased, shortened
from ops.audit.chain import Head, Pair, Seal, Verdict, Walk, paired, subject
from ops.audit.tables import SEALS, STEPS, WORDS

#: Rows that a walk along the chain holds at once.
PAGE = 5_000


async def verify(connection: AsyncConnection, noted: Mapping[int, Head]) -> Verdict:
    """Along all rows and seals. `noted`: heads of an earlier walk, which must still be in the chain."""
    walk = Walk(noted, *gone(await words(connection)))
    for partition in await partitions(connection):
        after: int | None = -1
        while after is not None:
            pairs, after = await page(connection, partition, after)
            for row, seal in pairs:
                walk.step(row, seal)
    return walk.end()


async def words(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Rows that say that others are gone."""
    return [dict(row._mapping) for row in await connection.execute(select(STEPS).where(WORDS))]  # noqa: SLF001 (SQLAlchemy's documented way)


def gone(said: Iterable[Mapping[str, Any]]) -> tuple[set[str], dict[int, set[Head]]]:
    """What these rows call erased (subjects), and up to where they say that each partition was cut off. Pure."""
    subjects: set[str] = set()
    cuts: dict[int, set[Head]] = defaultdict(set)
    for row in said:
        subjects |= subjects_of(row)
        for partition, head in shortened.cuts(row).items():
            cuts[partition].add(head)
    return subjects, dict(cuts)


def subjects_of(row: Mapping[str, Any]) -> set[str]:
    """What this row calls erased."""
    return {subject(name) for name in erased.names(row)} | shortened.subjects(row)


async def partitions(connection: AsyncConnection) -> list[int]:
    return sorted({p for t in (STEPS, SEALS) for p in await connection.scalars(select(t.c.topic_partition).distinct())})


async def page(connection: AsyncConnection, partition: int, after: int) -> tuple[list[Pair], int | None]:
    """Rows and seals beyond this offset, side by side, up to where a page of either ends; and that offset, None = it was the last page."""
    ends = []
    for table in (STEPS, SEALS):
        within = select(table.c.topic_offset).where(table.c.topic_partition == partition, table.c.topic_offset > after)
        offset = await connection.scalar(within.order_by(table.c.topic_offset).offset(PAGE - 1).limit(1))
        ends += [offset] if offset is not None else []
    last = min(ends) if ends else None
    rows = [((r["topic_partition"], r["topic_offset"]), r) for r in await _between(connection, STEPS, partition, after, last)]
    seals = [Seal(*r.values()) for r in await _between(connection, SEALS, partition, after, last)]
    return list(paired(rows, seals)), last


async def _between(connection: AsyncConnection, table: Table, partition: int, after: int, last: int | None) -> list[dict[str, Any]]:
    wanted = select(table).where(table.c.topic_partition == partition, table.c.topic_offset > after).order_by(table.c.topic_offset)
    found = await connection.execute(wanted if last is None else wanted.where(table.c.topic_offset <= last))
    return [dict(r._mapping) for r in found]  # noqa: SLF001 (SQLAlchemy's documented way)
