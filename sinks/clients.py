"""The two systems' clients (accord.salesforce, accord.netsuite) as the targets need them, one for each lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.clock import Clock
from accord.errors import Rejected, Transient
from accord.netsuite.faults import missing
from accord.netsuite.rest import NetSuite as NetSuiteRest
from accord.pace import Lane
from accord.salesforce.bulk import Bulk, cell
from accord.salesforce.rest import Result
from accord.salesforce.rest import Salesforce as SalesforceRest
from sinks.netsuite import EXTERNAL_ID, NetSuite
from sinks.rows import ROWS, Record, Row
from sinks.salesforce import IDENTITY, KEY, Salesforce

LANES: tuple[Lane, ...] = ("live", "backfill")
#: Rows of one bulk job: what Salesforce itself takes at once. A larger one would hold its records from newer writes for longer.
BULK_ROWS = 10_000


def salesforce(rest: SalesforceRest, clock: Clock, *, calls: int = 4, bulk_from: int = 0) -> Salesforce:
    """The org as a target, `calls` collection calls at a time; from `bulk_from` rows of the backfill on by bulk jobs (0 = never)."""
    bulk = Bulk(rest, clock)
    return Salesforce({lane: SalesforceLane(rest, bulk, lane, bulk_from if lane == "backfill" else 0) for lane in LANES}, calls=calls)


def netsuite(rest: NetSuiteRest, *, calls: int, keys: Mapping[str, str] | None = None) -> NetSuite:
    """The account as a target. `keys`: record type -> custom field that carries our key, where it isn't `externalId`."""
    return NetSuite({lane: NetSuiteLane(rest, lane) for lane in LANES}, calls=calls, keys=keys)


class SalesforceLane:
    """Collection calls of one lane, or bulk jobs where enough rows wait."""

    def __init__(self, rest: SalesforceRest, bulk: Bulk, lane: Lane, bulk_from: int) -> None:
        self._rest, self._bulk, self._lane, self._bulk_from = rest, bulk, lane, bulk_from

    def now_ms(self) -> int:
        return self._rest.server.now_ms()

    def latest_ms(self) -> int:
        return self._rest.server.latest_ms()

    def most(self, waiting: int) -> int:
        return min(waiting, BULK_ROWS) if self._by_job(waiting) else ROWS

    async def settle(self) -> None:
        await self._bulk.settle()

    async def create(self, object_: str, records: Sequence[Record]) -> Sequence[Row]:
        if self._by_job(len(records)) and flat(records):
            return await self._job(object_, "insert", records, (KEY,) if KEY in records[0] else IDENTITY[object_])
        return await self._rows(self._rest.create_all([_typed(object_, r) for r in records], lane=self._lane), len(records))

    async def update(self, object_: str, records: Sequence[Record]) -> Sequence[Row]:
        if self._by_job(len(records)) and flat(records):
            named = [{"Id": r["id"], **{n: v for n, v in r.items() if n != "id"}} for r in records]
            return await self._job(object_, "update", named, ("Id",))
        return await self._rows(self._rest.update_all([_typed(object_, r) for r in records], lane=self._lane), len(records))

    async def upsert(self, object_: str, key: str, records: Sequence[Record]) -> Sequence[Row]:
        if self._by_job(len(records)) and flat(records):
            return await self._job(object_, "upsert", records, (key,))
        typed = [_typed(object_, r) for r in records]
        return await self._rows(self._rest.upsert_all(object_, key, typed, lane=self._lane), len(records))

    async def delete(self, object_: str, ids: Sequence[str]) -> Sequence[Row]:  # noqa: ARG002 (an id names its object)
        return await self._rows(self._rest.delete_all(ids, lane=self._lane), len(ids))

    async def query(self, soql: str) -> Sequence[Record]:
        return [row async for page in self._rest.pages(soql, lane=self._lane) for row in page.rows]

    def _by_job(self, rows: int) -> bool:
        return 0 < self._bulk_from <= rows

    async def _job(self, object_: str, operation: str, records: Sequence[Record], key: Sequence[str]) -> Sequence[Row]:
        """One bulk job; a row that stands in none of its results may have been written all the same."""
        found = await self._bulk.ingest(object_, operation, records, key_fields=key)
        lost = Transient(f"a bulk {operation} of {object_} says nothing of this row", code="bulk_row", ambiguous=True)
        answers = [found.get(tuple(cell(r[n]) for n in key)) for r in records]
        return [Row("", lost) if a is None else Row(a.id, a.error()) for a in answers]

    async def _rows(self, call: Any, count: int) -> Sequence[Row]:
        results: Sequence[Result] = await call
        if len(results) != count:
            raise Transient(f"Salesforce answered {len(results)} rows to {count}", ambiguous=True)
        return [Row(r.id, r.error()) for r in results]


def flat(records: Sequence[Record]) -> bool:
    """Has every record plain values only? A parent named by its key, or a list, has no place in a CSV cell."""
    return not any(isinstance(v, Mapping | list) for r in records for v in r.values())


class NetSuiteLane:
    """Record calls of one lane."""

    def __init__(self, rest: NetSuiteRest, lane: Lane) -> None:
        self._rest, self._lane = rest, lane

    def now_ms(self) -> int:
        return self._rest.server.now_ms()

    def latest_ms(self) -> int:
        return self._rest.server.latest_ms()

    async def create(self, type_: str, body: Mapping[str, Any]) -> str:
        return await self._rest.create(type_, body, lane=self._lane)

    async def update(self, type_: str, id_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        await self._rest.update(type_, id_, body, options=parameters, lane=self._lane)

    async def transform(self, type_: str, id_: str, target: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
        return await self._rest.transform(type_, id_, target, body, options=parameters, lane=self._lane)

    async def attach(self, type_: str, id_: str, other: str, other_id: str, body: Mapping[str, Any]) -> None:
        await self._rest.attach(type_, id_, other, other_id, body, lane=self._lane)

    async def delete(self, type_: str, id_: str) -> None:
        await self._rest.delete(type_, id_, lane=self._lane)

    async def get(self, type_: str, id_: str, fields: Sequence[str] = ()) -> Mapping[str, Any] | None:
        try:
            return await self._rest.get(type_, id_, fields=fields, lane=self._lane)
        except Rejected as error:
            if missing(error):
                return None
            raise

    async def sighted(self) -> None:
        await self._rest.sighted()

    async def find(self, type_: str, field: str, value: str) -> str | None:
        if field == EXTERNAL_ID:
            return await self._rest.id_of(type_, value, lane=self._lane)
        found = await self._rest.find(type_, f'{field} IS "{value}"', limit=2, lane=self._lane)
        if len(found) > 1:
            raise Rejected(f"{len(found)} records of type {type_} carry the key {value}; merge them", code="ambiguous_key", field=field)
        return found[0] if found else None


def _typed(object_: str, record: Record) -> dict[str, Any]:
    return {"attributes": {"type": object_}, **record}
