"""Buckets and keys of one NetSuite record type, by SuiteQL: one aggregate for any number of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.netsuite.rest import PAGE, NetSuite
from accord.netsuite.restlet import stamp, stamp_ms
from accord.reads import NetSuiteRead
from ops.drift.buckets import FACTOR, PRIME, Bucket, Key, Range

#: Search type -> SuiteQL's table and, of a transaction, its type code. Source: NetSuite Records Browser and "Analytics Browser".
TRANSACTIONS = {
    "salesorder": "SalesOrd", "estimate": "Estimate", "invoice": "CustInvc", "customerpayment": "CustPymt", "creditmemo": "CustCred",
    "itemfulfillment": "ItemShip", "customerrefund": "CustRfnd", "returnauthorization": "RtnAuth",
}  # fmt: skip
STAMP = "TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS')"


class NetSuiteCensus:
    """Of the mapping's search filters it knows the type's own (`mainline`, item types); records beyond others are read once and left alone."""

    def __init__(self, account: NetSuite, read: NetSuiteRead) -> None:
        self._account, self._read = account, read
        kind = TRANSACTIONS.get(read.type)
        self._table = "transaction" if kind else read.type
        self._scope = [f"type = '{kind}'"] if kind else item_types(read.filters)

    async def buckets(self, ranges: Sequence[Range]) -> Sequence[Bucket]:
        """One call for all of them."""
        counts = f"COUNT(id) AS n, SUM(MOD(id * {FACTOR}, {PRIME})) AS h, MAX({STAMP}) AS newest FROM {self._table}"
        query = " UNION ALL ".join(f"SELECT {n} AS part, {counts}{self._where(within, [])}" for n, within in enumerate(ranges))
        rows, _ = await self._account.suiteql_page(query, lane="backfill")
        by_part = {int(row["part"]): row for row in rows}
        return [_bucket(by_part[n]) for n in range(len(ranges))]

    async def count(self, since_ms: int = 0) -> int:
        """Records changed at or after that; one call."""
        rows, _ = await self._account.suiteql_page(f"SELECT COUNT(id) AS n FROM {self._table}{self._where(Range(), _since(since_ms))}", lane="backfill")  # noqa: S608
        return int(rows[0]["n"])

    async def keys(self, within: Range, since_ms: int) -> Sequence[Key]:
        """Page by page behind the last id: an offset would slip while people work."""
        changed = _since(since_ms)
        out: list[Key] = []
        more = True
        while more:
            behind = [f"id > {int(out[-1].id)}"] if out else []
            query = f"SELECT id, {STAMP} AS stamp FROM {self._table}{self._where(within, [*changed, *behind])} ORDER BY id"  # noqa: S608
            rows, more = await self._account.suiteql_page(query, lane="backfill")
            out += [Key(str(r["id"]), stamp_ms(str(r["stamp"]))) for r in rows]
            more = more and len(rows) == PAGE
        return out

    def _where(self, within: Range, more: Sequence[str]) -> str:
        low = [f"id >= {int(within.low)}"] if within.low else []
        high = [f"id < {int(within.high)}"] if within.high else []
        given = [*self._scope, *low, *high, *more]
        return f" WHERE {' AND '.join(given)}" if given else ""


def _since(since_ms: int) -> list[str]:
    return [f"{STAMP} >= '{stamp(since_ms)}'"] if since_ms else []


def _bucket(row: Mapping[str, Any]) -> Bucket:
    return Bucket(int(row["n"]), stamp_ms(row["newest"]) if row.get("newest") else 0, int(row.get("h") or 0))


def item_types(filters: Sequence[Any]) -> list[str]:
    """`["type", "anyof", [...]]` of an item search; anything else is left to the reading of each record."""
    for one in filters:
        if isinstance(one, tuple) and len(one) == 3 and one[:2] == ("type", "anyof"):
            names = ", ".join(f"'{name}'" for name in one[2] if str(name).isalnum())
            return [f"itemtype IN ({names})"]
    return []


def counted(read: NetSuiteRead) -> bool:
    """One row, one record with a stamp of its own."""
    return read.mode == "poll" and not read.key and not read.query
