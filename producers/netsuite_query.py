"""A SuiteQL query as a feed, for what no search shows as a whole (prices agreed with customers): read whole, or for some records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.errors import Fatal
from accord.netsuite.rest import PAGE, NetSuite
from accord.pace import Lane
from accord.reads import NetSuiteRead
from producers.feed import Batch, Named, Row, digest, encoded
from producers.netsuite_poll import KEYED

#: Ids in one call.
NAMED = 200


class QueryFeed:
    """Rows in order of the first column of the read's `key`, the internal id of the record that they belong to; all values are texts."""

    system = "netsuite"

    def __init__(self, account: NetSuite, read: NetSuiteRead) -> None:
        self.entity, self.object = read.entity, read.type
        self._account, self._read, self._id = account, read, read.key[0]
        self._query = f"SELECT * FROM ({read.query}) WHERE {self._id} {{}} ORDER BY {', '.join(read.key)}"  # noqa: S608 (the mapping's own text)
        self._definition = digest(self._query)

    async def batch(self, since_ms: int, since_id: str, *, first: bool = False, lane: Lane = "live") -> Batch:  # noqa: ARG002 (rows have no stamp)
        """A page ends with the last row of a record, for the next one begins behind its id."""
        at = self._account.server.now_ms()
        rows, more = await self._page(self._query.format("> ?"), [int(since_id or 0)], 0, lane)
        while more and len({row[self._id] for row in rows}) == 1:
            added, more = await self._page(self._query.format("> ?"), [int(since_id or 0)], len(rows), lane)
            rows += added
        if more:
            rows = [row for row in rows if row[self._id] != rows[-1][self._id]]
        last = str(rows[-1][self._id]) if rows else since_id
        return Batch(self._account.credentials.account, at, [self.row(r) for r in rows], more, 0, last, self._definition)

    async def named(self, ids: Sequence[str]) -> Named:
        """Rows by id; the id of a record alone asks for all of its rows."""
        at = self._account.server.now_ms()
        natives = list(dict.fromkeys(int(i.partition(KEYED)[0]) for i in ids))
        rows: list[Row] = []
        for n in range(0, len(natives), NAMED):
            some = natives[n : n + NAMED]
            where = f"IN ({', '.join('?' * len(some))})"
            rows += [self.row(found) async for found in self._account.suiteql(self._query.format(where), some)]
        wanted = set(ids)
        here = [row for row in rows if row.id in wanted or row.id.partition(KEYED)[0] in wanted]
        there = {row.id for row in here}
        gone = [i for i in ids if KEYED in i and i not in there]
        if gone:
            await self.sighted()
        return Named(at, here, gone)

    async def sighted(self) -> None:
        await self._account.sighted()

    def row(self, found: Mapping[str, Any]) -> Row:
        """Nulls are left out by NetSuite; here they are told."""
        body = {**dict.fromkeys(self._read.columns), **found}
        return Row(KEYED.join(str(body.get(name) or "") for name in self._read.key), self.object, 0, encoded(body))

    async def _page(self, query: str, params: list[int], offset: int, lane: Lane) -> tuple[list[Mapping[str, Any]], bool]:
        if offset % PAGE:
            raise Fatal(f"{self.entity}: a page of {offset % PAGE} rows although there are more", code="wrong_answer")
        return await self._account.suiteql_page(query, params, offset=offset, lane=lane)
