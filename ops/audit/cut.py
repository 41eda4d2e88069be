"""The beginning of the audit trail is cut off: what may go is looked at first, a row says so, and then it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from accord.errors import Rejected
from ops.audit import shortened
from ops.audit.chain import Head, Seal, Walk, digest, follows
from ops.audit.erased import MOST
from ops.audit.tables import CUTS, SEALS, STEPS
from ops.audit.walk import gone, page, partitions, subjects_of, words


async def due(connection: AsyncConnection, until_ms: int) -> str:
    """What a row must say (its `detail`) so that rows of before `until_ms` go, a page of each partition at the most; empty = there are none.

    It says of every partition where the chain begins, for the rows that said so before may be among those that go. Raises Rejected where that
    part of the trail is not as it was written: nobody's traces are swept away.
    """
    oldest = await connection.scalar(select(func.min(STEPS.c.at)))
    if oldest is None or oldest >= until_ms:
        return ""
    said = await words(connection)
    pages = {p: await page(connection, p, -1) for p in await partitions(connection)}
    walk = Walk({}, *gone(said))
    for pairs, _ in pages.values():
        for row, seal in pairs:
            walk.step(row, seal)
    verdict = walk.end()
    if verdict.count or not all([await _stands(connection, row) for row in said]):
        raise Rejected("the audit trail is not as it was written, so nothing of it is cut off: accord audit verify says more", code="touched")
    seals = shortened.ends({p: (pairs, last is not None) for p, (pairs, last) in pages.items()}, until_ms)
    if not seals:
        return ""
    cuts = verdict.cut | {p: Head(seal.offset, seal.link) for p, seal in seals.items()}
    going = [row for row in said if (head := cuts.get(row["topic_partition"])) and row["topic_offset"] <= head.offset]
    subjects = {subject for row in going for subject in subjects_of(row)}
    return shortened.detail(cuts, await _left(connection, subjects, cuts))


async def _stands(connection: AsyncConnection, row: Mapping[str, Any]) -> bool:
    """Is this row sealed, between the seal before it and the one after it? Somebody's own word, once believed here, would be said again by us."""
    place, c = (row["topic_partition"], row["topic_offset"]), SEALS.c
    here = select(SEALS).where(c.topic_partition == place[0])
    before = await connection.execute(here.where(c.topic_offset < place[1]).order_by(c.topic_offset.desc()).limit(1))
    after = await connection.execute(here.where(c.topic_offset >= place[1]).order_by(c.topic_offset).limit(2))
    seals = [Seal(*found) for found in [*before, *after]]
    own = next((seal for seal in seals if seal.place == place), None)
    joined = all(follows(seal, Head(last.offset, last.link)) for last, seal in pairwise(seals))
    return own is not None and own.digest == digest(row) and joined


async def _left(connection: AsyncConnection, subjects: set[str], cuts: Mapping[int, Head]) -> set[str]:
    """Those of which a seal stays."""
    c, asked, out = SEALS.c, sorted(subjects), set[str]()
    stays = or_(c.topic_partition.not_in(list(cuts)), *(and_(c.topic_partition == p, c.topic_offset > head.offset) for p, head in cuts.items()))
    for first in range(0, len(asked), MOST):
        out |= set(await connection.scalars(select(c.subject).where(c.subject.in_(asked[first : first + MOST]), stays).distinct()))
    return out


async def follow(connection: AsyncConnection, new: Iterable[Mapping[str, Any]]) -> None:
    """Cut off what these new rows say. A place whose seal is another one here was meant for another chain, as where the database was made anew."""
    for row in new:
        for partition, head in shortened.cuts(row).items():
            seal = and_(SEALS.c.topic_partition == partition, SEALS.c.topic_offset == head.offset)
            if await connection.scalar(select(SEALS.c.link).where(seal)) == head.link:
                await _cut(connection, partition, head)


async def _cut(connection: AsyncConnection, partition: int, head: Head) -> None:
    for table in (STEPS, SEALS):
        await connection.execute(delete(table).where(table.c.topic_partition == partition, table.c.topic_offset <= head.offset))
    await connection.execute(delete(CUTS).where(CUTS.c.topic_partition == partition))
    await connection.execute(CUTS.insert().values(topic_partition=partition, topic_offset=head.offset, link=head.link))
