"""One Salesforce object as a feed: by SystemModstamp for polling and snapshots, by id for the reader."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from accord.pace import Lane
from accord.reads import Children, SalesforceRead
from accord.salesforce import soql
from accord.salesforce.rest import BATCH, Salesforce
from accord.salesforce.rows import flat, stamp_ms
from producers.feed import Batch, Named, Row, encoded

SYSTEM_FIELDS = ("Id", "SystemModstamp", "LastModifiedById")
PAGE = 2000
#: With children a page is smaller: each parent's children come along.
PARENTS = 200
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


class SalesforceFeed:
    """`page`: rows of one batch, 0 = by whether there are children."""

    system = "salesforce"

    def __init__(self, org: Salesforce, read: SalesforceRead, *, page: int = 0) -> None:
        self.entity, self.object = read.entity, read.object
        self._org, self._read = org, read
        self._fields = tuple(dict.fromkeys((*SYSTEM_FIELDS, *read.fields)))
        self._page = page or (PARENTS if read.children else PAGE)

    async def batch(self, since_ms: int, since_id: str, *, first: bool = False, lane: Lane = "live") -> Batch:
        """Rows in order of (SystemModstamp, Id). Deleted ones stand in the recycle bin with a new stamp, so they come by themselves."""
        account = (await self._org.token()).org_id
        conditions = [self._read.where, soql.after(soql.After(since_ms, since_id)) if since_ms else ""]
        asked = soql.select(
            self.object,
            (*self._fields, *(() if first else ("IsDeleted",))),
            children=self._read.children if first else living(self._read.children),
            where=conditions,
            order="SystemModstamp, Id",
            limit=self._page,
        )
        at_ms, found = await self._all(asked, deleted=not first, lane=lane)
        rows = [self.row(r) for r in found]
        last = rows[-1] if rows else None
        return Batch(account, at_ms, rows, len(rows) >= self._page, last.stamp_ms if last else since_ms, last.id if last else since_id)

    async def named(self, ids: Sequence[str]) -> Named:
        """Rows by id. Gone: in the recycle bin, or found nowhere although the object itself can be read (the query would fail if not)."""
        asked = [i for i in dict.fromkeys(ids) if _ID.fullmatch(i)]
        merged: dict[str, str] = {}
        at_ms, rows, gone = self._org.server.now_ms(), [], []
        for n in range(0, len(asked), BATCH):
            part = asked[n : n + BATCH]
            statement = soql.select(self.object, self._fields, children=self._read.children, where=[self._read.where, soql.among("Id", part)])
            started, found = await self._all(statement)
            at_ms = min(at_ms, started)
            rows += [self.row(r) for r in found]
            absent = [i for i in part if i[:15] not in {r["Id"][:15] for r in found}]
            deleted = await self._deleted(absent)
            gone += [i for i in absent if i[:15] not in deleted or deleted[i[:15]]["IsDeleted"]]
            merged |= {i: str(into) for i in gone if (into := deleted.get(i[:15], {}).get("MasterRecordId"))}
        return Named(at_ms, rows, gone, merged)

    async def _deleted(self, absent: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """What the recycle bin, too, knows of these, by id of 15 characters."""
        if not absent:
            return {}
        names = ("Id", "IsDeleted", "MasterRecordId") if self._read.merges else ("Id", "IsDeleted")
        _, found = await self._all(soql.select(self.object, names, where=[soql.among("Id", absent)]), deleted=True)
        return {r["Id"][:15]: r for r in found}

    async def readable(self) -> None:
        """Ask for one record with every field. Raises Fatal where one of them, or the object, is hidden from us."""
        await self._all(soql.select(self.object, self._fields, children=self._read.children, limit=1))

    async def count(self) -> int:
        """How many records there are."""
        return await self._org.count(self.object, self._read.where)

    async def _all(self, statement: str, *, deleted: bool = False, lane: Lane = "live") -> tuple[int, list[Mapping[str, Any]]]:
        out: list[Mapping[str, Any]] = []
        at_ms = 0
        async for page in self._org.pages(statement, deleted=deleted, lane=lane):
            at_ms = page.at_ms
            out += page.rows
        return at_ms, out

    async def sighted(self) -> None:
        """The recycle bin proves a deletion; an object or field that is hidden is refused by name."""

    def row(self, found: Mapping[str, Any]) -> Row:
        """A row of the answer; its body has the names that were asked for."""
        body = encoded(flat(found, self._fields, self._read.children))
        gone = bool(found.get("IsDeleted")) and not self._read.hint  # a deleted line still names its document
        return Row(found["Id"], self.object, stamp_ms(found["SystemModstamp"]), body, gone, found.get("LastModifiedById") or "")


def living(children: Sequence[Children]) -> tuple[Children, ...]:
    """A query that sees the recycle bin sees it in its sub-queries too."""
    return tuple(replace(c, filters=(*c.filters, "IsDeleted = false")) for c in children)
