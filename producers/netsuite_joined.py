"""Rows of further NetSuite searches that go along with the rows of a page: open receipts of an item, members of a kit, its stock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from accord.netsuite.restlet import Asked, Found
from accord.reads import Joined
from producers.feed import encoded

#: Ids in one filter.
IDS = 500
Fetch = Callable[[Asked], Awaitable[Found]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


async def joined(fetch: Fetch, joins: Sequence[Joined], ids: Sequence[str]) -> dict[str, Rows]:
    """Name of each join -> internal id -> its rows, in an order of their own contents. `fetch`: one page."""
    out: dict[str, Rows] = {}
    for join in joins:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for n in range(0, len(ids), IDS):
            async for row in pages(fetch, _asked(join, ids[n : n + IDS])):
                id_ = row["id"] if join.on == "internalid" else plain(row["values"].get(join.on))
                found.setdefault(str(id_), []).append(row["values"])
        out[join.name] = {id_: sorted(rows, key=encoded) for id_, rows in found.items()}
    return out


async def pages(fetch: Fetch, asked: Asked) -> Any:
    """Every row of a search, page by page."""
    more = True
    while more:
        found = await fetch(asked)
        for row in found.rows:
            yield row
        asked, more = replace(asked, since=found.since, since_id=found.since_id), found.more


def _asked(join: Joined, ids: Sequence[str]) -> Asked:
    mine: list[Any] = [join.on, "anyof", list(ids)]
    filters = [list(join.filters), "and", mine] if join.filters else [mine]
    return Asked(type=join.type, columns=tuple(dict.fromkeys((join.on, *join.columns))), filters=filters)


def plain(cell: Any) -> str:
    """The value of a cell: "x" or {"value", "text"}."""
    return str(cell.get("value", "")) if isinstance(cell, Mapping) else str(cell or "")
