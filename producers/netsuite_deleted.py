"""NetSuite's deletions: its deleted-record search for speed, and a comparison of id sets at a rhythm for what that does not track.

Source: OH/section_164155878349; only listed record types are tracked, and lines never. An id that is absent from a later set is only
asked for: the reader proves that it is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from accord.clock import Clock
from accord.netsuite.restlet import Asked, Restlet, stamp, stamp_ms
from accord.reads import NetSuiteRead
from producers.brake import Brake
from producers.cursor import horizon
from producers.feed import Row, change
from producers.netsuite_joined import plain
from producers.netsuite_poll import NetSuiteFeed
from producers.packed import pack_ids, unpack_ids
from producers.poll import STORE_MS, Rhythm, check_account
from producers.seen import Seen
from producers.source import Page, rest
from schemas.events import Change, ReadRequest

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Deletions:
    """Position: deletions before this stamp were read."""

    account: str = ""
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ids:
    """Position: the ids of one search, packed (producers.packed), as of `at`."""

    account: str = ""
    ids: str = ""
    at: int = 0


class DeletedRecords:
    """Source of the deleted records of all these reads. `census`: records known by entity, for the brake."""

    name = "netsuite.deleted"

    def __init__(self, restlet: Restlet, reads: Sequence[NetSuiteRead], clock: Clock, rhythm: Rhythm, census: Mapping[str, int]) -> None:
        self.brake = Brake(self.name)
        self._restlet, self._clock, self._rhythm, self._census = restlet, clock, rhythm, census
        self._feeds = [NetSuiteFeed(restlet, r) for r in reads if not r.key]
        self._seen = Seen()

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        held = Deletions() if position is None else msgspec.json.decode(position, type=Deletions)
        while True:
            async for page, moved_to in self._round(held):
                held = moved_to
                yield page
            async for sign in rest(self._clock, self._rhythm.poll_s):
                yield sign

    async def _round(self, held: Deletions) -> AsyncIterator[tuple[Page, Deletions]]:
        since, id_, began, more = (stamp(held.since_ms) if held.since_ms else ""), 0, 0, True
        while more:
            found = await self._restlet.deleted(since or _yesterday(self._clock), id_)
            check_account(self.name, held.account, found.account)
            began, more, since, id_ = began or found.at_ms, found.more, found.since, found.since_id
            rows = [(str(r["id"]), plain(r["values"].get("recordtype")), stamp_ms(r["stamp"])) for r in found.rows]
            fresh = [r for r in rows if self._seen.fresh(f"{r[1]}:{r[0]}", r[2], "gone")]
            changes = [c for id_of, type_, at in fresh for c in self._changes(id_of, type_, at, found.at_ms)]
            self.brake.admit(len(changes), found.at_ms, sum(self._census.values()))
            limit = horizon(began, int(self._rhythm.lag_s * 1000), int(self._rhythm.overlap_s * 1000))
            new = Deletions(found.account, limit if not more else min(limit, stamp_ms(since)))
            store = bool(changes) or new.since_ms - held.since_ms >= STORE_MS
            held = new if store else held
            yield Page(changes, position=msgspec.json.encode(held).decode() if store else None), held
            for id_of, type_, at in fresh:
                self._seen.note(f"{type_}:{id_of}", at, "gone")
        self._seen.forget(held.since_ms)

    def _changes(self, id_: str, type_: str, deleted_ms: int, at_ms: int) -> list[Change]:
        row = Row(id_, type_.lower(), deleted_ms, "", gone=True)
        return [change(feed, row, at_ms, reason="deleted record") for feed in self._feeds if covers(feed.object, type_)]


class IdSets:
    """Source that compares all ids of one search with those of an hour ago; what is absent goes to `read.netsuite`."""

    def __init__(self, restlet: Restlet, read: NetSuiteRead, clock: Clock, every_s: float, census: dict[str, int]) -> None:
        self.name = f"netsuite.{read.entity}.ids"
        self.brake = Brake(self.name)
        self._restlet, self._read, self._clock, self._every_s, self._census = restlet, read, clock, every_s, census

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        held = Ids() if position is None else msgspec.json.decode(position, type=Ids)
        known = unpack_ids(held.ids)
        while True:
            account, began, found = await self._all(held.account)
            absent = sorted(known - found)
            self.brake.admit(len(absent), began, len(known))
            self._census[self._read.entity] = len(found)
            requests = [ReadRequest(self._read.entity, "netsuite", self._read.type, id_, "absent from the set of ids") for id_ in absent]
            held, known = Ids(account, pack_ids(found) or "", began), found
            yield Page(requests=requests, position=msgspec.json.encode(held).decode())
            async for sign in rest(self._clock, self._every_s):
                yield sign

    async def _all(self, account: str) -> tuple[str, int, set[str]]:
        out: set[str] = set()
        asked = Asked(
            type="" if self._read.saved_search else self._read.type, search=self._read.saved_search, filters=self._read.filters, ids_only=True
        )  # fmt: skip
        began, more = 0, True
        while more:
            found = await self._restlet.page(asked, lane="backfill")
            check_account(self.name, account, found.account)
            began, more, account = began or found.at_ms, found.more, found.account
            out |= {str(r["id"]) for r in found.rows}
            asked = replace(asked, since_id=found.since_id)
        return account, began, out


def covers(searched: str, deleted: str) -> bool:
    """Does a search of this type show records of that one? The search type `item` stands for every kind of item."""
    a, b = searched.lower(), deleted.lower()
    return a == b or (a == "item" and b.endswith("item")) or a == "transaction"


def _yesterday(clock: Clock) -> str:
    """Where the first reading begins: what was deleted before the first snapshot can't be in it."""
    return stamp(int(clock.now().timestamp() * 1000) - DAY_MS)
