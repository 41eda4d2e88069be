"""Buckets and keys of one Salesforce object, by aggregate SOQL. Ranges of ids as in the Bulk API's PK chunking; SOQL has no hash function."""

from __future__ import annotations

from collections.abc import Sequence

from accord.reads import SalesforceRead
from accord.salesforce import soql
from accord.salesforce.rest import Salesforce
from accord.salesforce.rows import stamp_ms
from ops.drift.buckets import Bucket, Key, Range


class SalesforceCensus:
    """All calls on the backfill lane."""

    def __init__(self, org: Salesforce, read: SalesforceRead) -> None:
        self._org, self._read = org, read

    async def buckets(self, ranges: Sequence[Range]) -> Sequence[Bucket]:
        """A call for each."""
        return [await self._bucket(within) for within in ranges]

    async def _bucket(self, within: Range) -> Bucket:
        statement = soql.select(self._read.object, ("COUNT(Id)", "MAX(SystemModstamp)"), where=self._where(within))
        (row,) = (await self._org.query(statement, lane="backfill")).rows
        return Bucket(int(row["expr0"]), stamp_ms(row["expr1"]) if row["expr1"] else 0)

    async def keys(self, within: Range, since_ms: int) -> Sequence[Key]:
        since = f"SystemModstamp >= {soql.moment(since_ms)}" if since_ms else ""
        statement = soql.select(self._read.object, ("Id", "SystemModstamp"), where=[*self._where(within), since])
        return [Key(r["Id"], stamp_ms(r["SystemModstamp"])) async for page in self._org.pages(statement, lane="backfill") for r in page.rows]

    def _where(self, within: Range) -> list[str]:
        low = f"Id >= {soql.text(within.low)}" if within.low else ""
        high = f"Id < {soql.text(within.high)}" if within.high else ""
        return [self._read.where, low, high]
