"""One NetSuite search as a feed, through our RESTlet: by change stamp for polling and snapshots, by id for the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from accord.errors import Transient
from accord.netsuite.faults import TOO_MUCH
from accord.netsuite.restlet import LOADED_PAGE, PAGE, Asked, Found, Restlet, stamp, stamp_ms
from accord.pace import Lane
from accord.reads import NetSuiteRead
from producers.feed import Batch, Named, Row, encoded

#: Ids in one call.
NAMED = 200
#: A page that is too much even so is a record with too many lines: tell it instead of halving on.
SMALLEST = 5


class NetSuiteFeed:
    """`page`: rows of one batch, 0 = what the script can take."""

    system = "netsuite"

    def __init__(self, restlet: Restlet, read: NetSuiteRead, *, page: int = 0) -> None:
        self.entity, self.object = read.entity, read.type
        self._restlet, self._read = restlet, read
        self._page = page or (LOADED_PAGE if read.sublists else PAGE)
        self._asked = Asked(
            type="" if read.saved_search else read.type,
            search=read.saved_search,
            columns=read.columns,
            filters=read.filters,
            stamp_field=read.stamp_field,
            lines={"columns": list(read.lines.fields), "filters": list(read.lines.filters)} if read.lines else None,
            sublists={s.name: list(s.fields) for s in read.sublists} or None,
        )

    async def batch(self, since_ms: int, since_id: str, *, first: bool = False, lane: Lane = "live") -> Batch:  # noqa: ARG002 (deleted records don't appear)
        """Rows in order of (stamp, internal id)."""
        since = stamp(since_ms) if since_ms else ""
        found = await self._page_of(replace(self._asked, since=since, since_id=int(since_id or 0)), lane)
        at = stamp_ms(found.since) if found.since else since_ms
        rows = [self.row(r) for r in found.rows]
        return Batch(found.account, found.at_ms, rows, found.more, at, str(found.since_id or ""), found.search_hash)

    async def named(self, ids: Sequence[str]) -> Named:
        """Rows by id. Gone: absent even from a search without the mapping's filters, which the role could make."""
        rows: list[Row] = []
        gone: list[str] = []
        times: list[int] = []
        asked = list(dict.fromkeys(ids))
        for n in range(0, len(asked), NAMED):
            part = asked[n : n + NAMED]
            found = await self._page_of(replace(self._asked, ids=self._natives(part)), "live")
            wanted = set(part)
            here = [row for row in map(self.row, found.rows) if row.id in wanted]
            times.append(found.at_ms)
            rows += here
            gone += await self._gone([i for i in part if i not in {row.id for row in here}])
        return Named(min(times, default=0), rows, gone)

    async def _gone(self, absent: Sequence[str]) -> list[str]:
        if not absent or self._read.key:  # a price whose item can be read is gone when its row is
            return list(absent)
        found = await self._page_of(Asked(type=self.object, ids=absent, ids_only=True), "live")
        there = {str(r["id"]) for r in found.rows}
        return [i for i in absent if i not in there]

    def _natives(self, ids: Sequence[str]) -> list[str]:
        """Internal ids: the id of a keyed row begins with the one of its record."""
        return list(dict.fromkeys(i.partition("-")[0] for i in ids)) if self._read.key else list(ids)

    async def _page_of(self, asked: Asked, lane: Lane) -> Found:
        while True:
            try:
                return await self._restlet.page(replace(asked, page_size=PAGE if asked.ids_only else self._page), lane=lane)
            except Transient as error:
                if error.code not in TOO_MUCH or self._page <= SMALLEST:
                    raise
                self._page //= 2

    def row(self, found: Mapping[str, Any]) -> Row:
        """A row of the answer: values by column, `_type`, `lines`, and sublists under their names."""
        body = {**found["values"], "_type": found["type"], **(found.get("sublists") or {})}
        if self._read.lines:
            body["lines"] = found.get("lines") or []
        at = found.get("stamp")
        return Row(self._id(found), str(found["type"]), stamp_ms(at) if at else 0, encoded(body))

    def _id(self, found: Mapping[str, Any]) -> str:
        if not self._read.key:
            return str(found["id"])
        parts = [found["id"] if name == "internalid" else plain(found["values"].get(name)) for name in self._read.key]
        return "-".join(map(str, parts))


def plain(cell: Any) -> str:
    """The value of a cell: "x" or {"value", "text"}."""
    return str(cell.get("value", "")) if isinstance(cell, Mapping) else str(cell or "")
