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
from producers.netsuite_joined import joined, plain

#: Ids in one call.
NAMED = 200
#: Parts the id of a keyed row: the record's internal id, then what tells its rows apart.
KEYED = "-"
#: A page that is too much even so is a record with too many lines: tell it instead of halving on.
SMALLEST = 5


class NetSuiteFeed:
    """`page`: rows of one batch, 0 = what the script can take."""

    system = "netsuite"

    def __init__(self, restlet: Restlet, read: NetSuiteRead, *, page: int = 0) -> None:
        self.entity, self.object = read.entity, read.type
        self._restlet, self._read, self._keyed = restlet, read, bool(read.key)
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
        rows = await self._rows(found.rows, lane)
        return Batch(found.account, found.at_ms, rows, found.more, at, str(found.since_id or ""), found.search_hash)

    async def named(self, ids: Sequence[str]) -> Named:
        """Rows by id. Gone: absent even from a search without the mapping's filters, which the role could make.

        Of a keyed read the id of a whole record asks for all of its rows; which of them are no more, that answer can't tell.
        """
        rows: list[Row] = []
        gone: list[str] = []
        times: list[int] = []
        asked = list(dict.fromkeys(ids))
        for n in range(0, len(asked), NAMED):
            part = asked[n : n + NAMED]
            at, found = await self._all(replace(self._asked, ids=self._natives(part)))
            whole = {i for i in part if self._keyed and KEYED not in i}
            wanted = set(part)
            here = [row for row in found if row.id in wanted or row.id.partition(KEYED)[0] in whole]
            times.append(at)
            rows += here
            gone += await self._gone([i for i in part if i not in whole and i not in {row.id for row in here}])
        if gone:
            await self.sighted()
        return Named(min(times, default=0), rows, gone)

    async def sighted(self) -> None:
        await self._restlet.sighted()

    async def _all(self, asked: Asked) -> tuple[int, list[Row]]:
        """Every row of a search, with the time at which the first page was asked for: one item alone may have many prices."""
        rows: list[Row] = []
        at, more = 0, True
        while more:
            found = await self._page_of(asked, "live")
            at, more = at or found.at_ms, found.more
            rows += await self._rows(found.rows, "live")
            asked = replace(asked, since=found.since, since_id=found.since_id)
        return at, rows

    async def _rows(self, found: Sequence[Mapping[str, Any]], lane: Lane) -> list[Row]:
        """Rows with what other searches say of them."""
        ids = list(dict.fromkeys(str(row["id"]) for row in found))
        more = await joined(lambda asked: self._page_of(asked, lane), self._read.joined, ids) if ids else {}
        return [self.row(row, {name: rows.get(str(row["id"]), ()) for name, rows in more.items()}) for row in found]

    async def _gone(self, absent: Sequence[str]) -> list[str]:
        if not absent or self._keyed:  # a price whose item can be read is gone when its row is
            return list(absent)
        found = await self._page_of(Asked(type=self.object, ids=absent, ids_only=True), "live")
        there = {str(r["id"]) for r in found.rows}
        return [i for i in absent if i not in there]

    def _natives(self, ids: Sequence[str]) -> list[str]:
        """Internal ids: the id of a keyed row begins with the one of its record."""
        return list(dict.fromkeys(i.partition(KEYED)[0] for i in ids)) if self._keyed else list(ids)

    async def _page_of(self, asked: Asked, lane: Lane) -> Found:
        while True:
            try:
                return await self._restlet.page(replace(asked, page_size=PAGE if asked.ids_only else self._page), lane=lane)
            except Transient as error:
                if error.code not in TOO_MUCH or self._page <= SMALLEST:
                    raise
                self._page //= 2

    def row(self, found: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Row:
        """A row of the answer: values by column, `_type`, `lines`, sublists and rows of other searches under their names."""
        sublists = {s.shown or s.name: (found.get("sublists") or {}).get(s.name, []) for s in self._read.sublists}
        body = {**found["values"], "_type": found["type"], **sublists, **(more or {})}
        if self._read.lines:
            body["lines"] = found.get("lines") or []
        at = found.get("stamp")
        return Row(self._id(found), str(found["type"]), stamp_ms(at) if at else 0, encoded(body))

    def _id(self, found: Mapping[str, Any]) -> str:
        if not self._keyed:
            return str(found["id"])
        parts = [found["id"] if name == "internalid" else plain(found["values"].get(name)) for name in self._read.key]
        return KEYED.join(map(str, parts))
