"""Totals of mirrored documents as each system sums them up itself.

Salesforce's are added up here: an aggregate of SOQL gives currency fields in the org's own currency (SOQL Reference, "GROUP BY" and multiple
currencies). NetSuite groups: `foreigntotal` is in the document's currency, and the subsidiary stands on the main line.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from accord.netsuite.rest import NetSuite
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce import soql
from accord.salesforce.rest import Salesforce
from accord.salesforce.rows import flat
from ops.drift.netsuite import TRANSACTIONS
from ops.drift.totals import Amount, Group, summed
from schemas.ids import System
from streams.mapping import Reference
from streams.mapping.table import EntityTable

AMOUNTS = ("total", "amount")


def summable(table: EntityTable, read: SalesforceRead | NetSuiteRead) -> bool:
    """A document of NetSuite that has a date and an amount on both sides."""
    both = [name for name in (*AMOUNTS, "date") if name in table.fields and {"salesforce", "netsuite"} <= table.fields[name].native.keys()]
    return isinstance(read, NetSuiteRead) and read.type in TRANSACTIONS and "date" in both and len(both) > 1


async def of_salesforce(org: Salesforce, table: EntityTable, object_: str, since: str, reference: Reference) -> dict[Group, Amount]:
    """Of documents that NetSuite has too. `since`: ISO date."""
    names = {name: _column(table, name, "salesforce") for name in ("date", *AMOUNTS, "currency", "store", "netsuite_id")}
    names |= {"of_order": _path(table, "order", "Accord_Store__c"), "of_customer": _path(table, "customer", "Accord_Subsidiary__c")}
    asked = {name: column for name, column in names.items() if column}
    where = [f"{asked['date']} >= {since}", f"{asked['netsuite_id']} != null"]
    out = []
    async for page in org.pages(soql.select(object_, tuple(asked.values()), where=where), lane="backfill"):
        for row in page.rows:
            cells = flat(row, tuple(asked.values()))
            found = {name: cells[column] for name, column in asked.items()}
            total = next(found[name] for name in AMOUNTS if name in found)
            group = Group(table.entity, str(found["date"])[:7], str(found.get("currency") or ""), _subsidiary(found, reference))
            out.append((group, abs(Decimal(str(total or 0)))))
    return summed(out)


def _subsidiary(found: Mapping[str, Any], reference: Reference) -> str:
    """Of its store, else of its customer."""
    store = reference.stores.get(str(found.get("store") or found.get("of_order") or ""))
    if store is not None:
        return store.subsidiary
    text = str(found.get("of_customer") or "")
    return next((code for code, shown in reference.shown.get("subsidiaries", {}).items() if shown == text), text)


async def of_netsuite(account: NetSuite, table: EntityTable, type_: str, since: str, reference: Reference) -> dict[Group, Amount]:
    """One call for up to a thousand groups."""
    period = "TO_CHAR(t.trandate, 'YYYY-MM')"
    groups = [period, *(["t.currency"] if "currency" in table.fields else []), *(["tl.subsidiary"] if reference.one_world else [])]
    names = ["period", *(["currency"] if "currency" in table.fields else []), *(["subsidiary"] if reference.one_world else [])]
    shown = ", ".join(f"{column} AS {name}" for column, name in zip(groups, names, strict=True))
    query = (
        f"SELECT {shown}, COUNT(t.id) AS n, SUM(ABS(t.foreigntotal)) AS total FROM transaction t "  # noqa: S608 (our own names)
        f"JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T' WHERE t.type = '{TRANSACTIONS[type_]}' "
        f"AND t.trandate >= TO_DATE('{since}', 'YYYY-MM-DD') GROUP BY {', '.join(groups)} ORDER BY {', '.join(groups)}"
    )
    currencies, subsidiaries = _codes(reference, "currencies"), _codes(reference, "subsidiaries")
    out: dict[Group, Amount] = {}
    async for row in account.suiteql(query, lane="backfill"):
        currency, subsidiary = str(row.get("currency") or ""), str(row.get("subsidiary") or "")
        group = Group(table.entity, str(row["period"]), currencies.get(currency, currency), subsidiaries.get(subsidiary, subsidiary))
        out[group] = Amount(int(row["n"]), Decimal(str(row.get("total") or 0)))
    return out


def _codes(reference: Reference, table: str) -> dict[str, str]:
    return {id_: code for code, id_ in reference.codes.get(table, {}).items()}


def _column(table: EntityTable, name: str, system: System) -> str:
    field = table.fields.get(name)
    native = field.native.get(system) if field else None
    return native.columns[0] if native and native.columns else ""


def _path(table: EntityTable, name: str, field: str) -> str:
    """A field of the record that a lookup points at."""
    column = _column(table, name, "salesforce")
    relation = column.removesuffix("__c") + "__r" if column.endswith("__c") else column.removesuffix("Id")
    return f"{relation}.{field}" if column else ""
