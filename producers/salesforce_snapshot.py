"""The first reading of an object whose later changes come as events: by REST, or by one Bulk API job where there are many records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from accord.clock import Clock
from accord.reads import SalesforceRead
from accord.salesforce import soql
from accord.salesforce.bulk import Bulk
from accord.salesforce.rest import Salesforce
from accord.salesforce.rows import stamp_ms, typed
from producers.cursor import horizon
from producers.feed import Row, change, encoded
from producers.poll import Poll, Rhythm, check_account
from producers.salesforce_poll import SYSTEM_FIELDS, SalesforceFeed
from producers.source import Page
from schemas.events import Mark, ReadRequest

#: From so many records on a Bulk job is cheaper than pages of 2,000: it takes a minute even for one row.
BULK_FROM = 50_000


@dataclass(frozen=True, slots=True)
class BulkPosition:
    """Where a snapshot by Bulk job stands. `at_ms`: server time when the job was made, which is the time of its rows."""

    account: str
    job: str
    at_ms: int
    locator: str = ""
    rows: int = 0
    done: bool = False


class SalesforceSnapshot:
    """A source that ends. `marks`: it is this entity's only snapshot of the system. `window`: ask for what changed meanwhile."""

    def __init__(
        self, org: Salesforce, read: SalesforceRead, clock: Clock, rhythm: Rhythm, *, name: str = "", marks: bool = True, window: bool = True, bulk_from: int = BULK_FROM, page: int = 10_000
    ) -> None:  # fmt: skip
        self.name = name or f"salesforce.{read.entity}.snapshot"
        self._org, self._read, self._clock, self._rhythm, self._marks = org, read, clock, rhythm, marks
        self._bulk_from, self._page, self._asks_window = bulk_from, page, window
        self._feed = SalesforceFeed(org, read)

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        by_bulk = '"job":' in position if position else await self._large()
        source = self._by_bulk(position) if by_bulk else self._by_rest().pages(position)
        async for page in source:
            yield page

    def _by_rest(self) -> Poll:
        return Poll(self._feed, self._clock, self._rhythm, name=self.name, marks=self._marks, once=True, window=self._asks_window)

    async def _large(self) -> bool:
        """Children can't be read by a Bulk query."""
        return not self._read.children and await self.count() >= self._bulk_from

    async def count(self) -> int:
        """How many records there are to read."""
        return await self._feed.count()

    async def _by_bulk(self, position: str | None) -> AsyncIterator[Page]:
        bulk, account = Bulk(self._org, self._clock), (await self._org.token()).org_id
        if position is None:
            at_ms = self._org.server.now_ms()
            fields = (*SYSTEM_FIELDS, *self._read.fields)
            job = await bulk.start_query(soql.select(self._read.object, fields, where=[self._read.where]))
            held = BulkPosition(account, job, at_ms)
            yield Page(position=msgspec.json.encode(held).decode(), lane="backfill")
        else:
            held = msgspec.json.decode(position, type=BulkPosition)
        check_account(self.name, held.account, account)
        types = await self._types()
        await bulk.wait(held.job, query=True)
        while not held.done:
            chunk = await bulk.chunk(held.job, held.locator, self._page)
            changes = [change(self._feed, self._row(cells, types), held.at_ms) for cells in chunk.rows]
            held = replace(held, locator=chunk.locator, rows=held.rows + len(changes), done=not chunk.locator)
            text = msgspec.json.encode(held).decode()
            yield Page(changes, self._window(held), self._mark(held), text, "backfill")

    def _mark(self, held: BulkPosition) -> tuple[Mark, ...]:
        return (Mark(self._read.entity, "salesforce", self.name, 0, 1),) if self._marks and held.done else ()

    def _window(self, held: BulkPosition) -> tuple[ReadRequest, ...]:
        """What changed while the job ran: its events may not have been subscribed to from the first moment on."""
        if not held.done or not self._asks_window:
            return ()
        since = horizon(held.at_ms, int(self._rhythm.lag_s * 1000), int(self._rhythm.overlap_s * 1000))
        return (ReadRequest(self._read.entity, "salesforce", self._read.object, "*", "changed during the snapshot", since=since),)

    async def _types(self) -> Mapping[str, str]:
        """Type of each field, as in describe; a parent's field by the object that the relationship points at."""
        own = await self._org.describe(self._read.object)
        out: dict[str, str] = {}
        for name in (*SYSTEM_FIELDS, *self._read.fields):
            relation, _, field = name.rpartition(".")
            described = own
            if relation:
                parent = next((f["referenceTo"][0] for f in own["fields"].values() if f.get("relationshipName") == relation), "")
                described = await self._org.describe(parent) if parent else {"fields": {}}
            out[name] = described["fields"].get(field, {}).get("type", "string")
        return out

    def _row(self, cells: Mapping[str, str], types: Mapping[str, str]) -> Row:
        body = encoded({name: typed(cells.get(name, ""), type_) for name, type_ in types.items()})
        return Row(cells["Id"], self._read.object, stamp_ms(cells["SystemModstamp"]), body, user=cells["LastModifiedById"])
