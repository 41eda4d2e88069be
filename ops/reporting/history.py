"""Every change of a status, once: (entity, key, from, to, at).

A change is found by comparing with the last one that stands here before that offset, not with the entity's table: so a rebuild from a
compacted topic, which has forgotten what was in between, adds nothing and takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ops.reporting.batch import Told
from ops.reporting.tables import HISTORY, STATUS

Row = dict[str, Any]


async def keep(connection: AsyncConnection, told: Sequence[Told], upsert: Any, chunks: Any) -> None:
    """`told`: of entities that have a status, in order."""
    known: dict[tuple[str, str], list[Row]] = {}
    for keys in chunks(sorted({t.key for t in told})):
        found = await connection.execute(select(HISTORY).where(HISTORY.c.key.in_(keys)).order_by(HISTORY.c.topic_offset))
        for row in found.mappings():
            known.setdefault((row["entity"], row["key"]), []).append(dict(row))
    new = list(changes(told, known))
    if new:
        await connection.execute(upsert(HISTORY).on_conflict_do_nothing(), new)


def changes(told: Sequence[Told], known: Mapping[tuple[str, str], Sequence[Row]]) -> Iterator[Row]:
    """The rows to add. `known`: those that stand, by record, in order."""
    rows = {record: list(found) for record, found in known.items()}
    for each in told:
        mine = rows.setdefault((each.entity, each.key), [])
        before = [row for row in mine if row["topic_offset"] < each.offset]
        was = before[-1]["to_status"] if before else None
        now = None if each.golden is None else each.golden.get(STATUS)
        if was == now or any(row["topic_offset"] == each.offset for row in mine):
            continue
        row = {"entity": each.entity, "key": each.key, "topic_offset": each.offset, "from_status": was, "to_status": now, "at": each.at}
        mine.insert(len(before), row)
        yield row
