"""Both systems as the checker wants them: rows by REST, accepted writes from the sandboxes' journals. Knows only the systems' own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ops.soak.checker import RULES, Recorded
from ops.soak.ground import PEOPLE, Ground
from ops.soak.history import attributed

#: Kept of each journalled record: what the rules look at, and what names it.
KEPT = {rule.salesforce for rule in RULES}
#: Origin of what people did by REST; what is done in the web pages, as a merge, has none.
THEIRS = f"client={PEOPLE}"
STATUS = {"status": "Accord_Status__c", "code": "Accord_Code__c", "message": "Accord_Message__c"}


async def read(ground: Ground, tag: str, since: Mapping[str, int], work: Sequence[Mapping[str, Any]], items: Sequence[str], *, ambiguous: bool) -> Recorded:
    """All that people and Accord have made of the records of this tag. `since`: numbers in the journals at which the work began."""
    accounts, customers = await _accounts(ground, tag), await _customers(ground, tag)
    orders, sales = await _orders(ground, tag), await _sales(ground, tag)
    seen = Recorded(accounts, customers, orders, sales, ambiguous=ambiguous)
    real = {row["id"] for row in sales}
    seen.fulfilments = (await _fulfilments(ground, tag), [r for r in await _shipped(ground) if r["order"] in real])
    seen.invoices = (await _invoices(ground, tag), [r for r in await _billed(ground) if r["order"] in real])
    seen.prices = await _prices(ground, items)
    seen.sf_journal = await _salesforce_journal(ground, tag, since["salesforce"])
    seen.ns_journal = await _netsuite_journal(ground, since["netsuite"], work, {row["id"]: row["number"] for row in customers})
    return seen


async def _rows(ground: Ground, soql: str) -> list[Mapping[str, Any]]:
    return [row async for page in ground.sf.pages(soql) for row in page.rows]


async def _accounts(ground: Ground, tag: str) -> list[dict[str, Any]]:
    wanted = {"id": "Id", "number": "AccountNumber", **{rule.salesforce: rule.salesforce for rule in RULES}, **STATUS}
    rows = await _rows(ground, f"SELECT {', '.join(wanted.values())} FROM Account WHERE AccountNumber LIKE '{tag}-%'")
    return [{name: row[column] for name, column in wanted.items()} for row in rows]


async def _customers(ground: Ground, tag: str) -> list[dict[str, Any]]:
    columns = "id, accountnumber, companyname, phone, creditlimit, fax, resalenumber, isinactive, custentity_accord_status, custentity_accord_code, custentity_accord_message"
    rows = [row async for row in ground.ns.suiteql(f"SELECT {columns} FROM customer WHERE accountnumber LIKE '{tag}-%' ORDER BY id")]
    return [
        {"id": str(row["id"]), "number": row["accountnumber"], "inactive": row.get("isinactive"), "companyName": row.get("companyname"), "phone": row.get("phone"),
         "creditLimit": row.get("creditlimit"), "fax": row.get("fax"), "resaleNumber": row.get("resalenumber"),
         **{name: row.get(f"custentity_accord_{name}") for name in STATUS}}
        for row in rows
    ]  # fmt: skip


async def _orders(ground: Ground, tag: str) -> list[dict[str, Any]]:
    soql = (
        "SELECT Id, OrderReferenceNumber, StatusCode, Accord_Grand_Total__c, Accord_Invoiced__c, Accord_Status__c, Accord_Code__c, Accord_Message__c, "
        f"(SELECT Quantity, UnitPrice FROM OrderItems) FROM Order WHERE OrderReferenceNumber LIKE '{tag}-O%'"
    )
    return [
        {"id": row["Id"], "reference": row["OrderReferenceNumber"], "active": row["StatusCode"] == "Activated", "total": row["Accord_Grand_Total__c"],
         "invoiced": row["Accord_Invoiced__c"], "lines": [(line["Quantity"], line["UnitPrice"]) for line in _children(row, "OrderItems")],
         **{name: row[column] for name, column in STATUS.items()}}
        for row in await _rows(ground, soql)
    ]  # fmt: skip


def _children(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list((row[name] or {}).get("records", []))


async def _sales(ground: Ground, tag: str) -> list[dict[str, Any]]:
    query = f"SELECT id, custbody_accord_sf_id, total FROM transaction WHERE type = 'SalesOrd' AND custbody_accord_reference LIKE '{tag}-O%' ORDER BY id"
    return [{"id": str(r["id"]), "order": r.get("custbody_accord_sf_id"), "total": r.get("total")} async for r in ground.ns.suiteql(query)]


async def _shipped(ground: Ground) -> list[dict[str, Any]]:
    query = (
        "SELECT t.id, l.createdfrom, l.quantity FROM transaction t JOIN transactionline l ON l.transaction = t.id "
        "WHERE t.type = 'ItemShip' AND l.mainline = 'F' AND l.cogs = 'F' ORDER BY t.id, l.id"
    )
    out: dict[str, dict[str, Any]] = {}
    async for row in ground.ns.suiteql(query):
        document = out.setdefault(str(row["id"]), {"id": str(row["id"]), "order": str(row.get("createdfrom")), "quantity": Decimal(0)})
        document["quantity"] += abs(Decimal(str(row.get("quantity") or 0)))
    return list(out.values())


async def _billed(ground: Ground) -> list[dict[str, Any]]:
    query = (
        "SELECT t.id, l.createdfrom, t.total FROM transaction t JOIN transactionline l ON l.transaction = t.id "
        "WHERE t.type = 'CustInvc' AND l.mainline = 'T' ORDER BY t.id"
    )
    return [{"id": str(r["id"]), "order": str(r.get("createdfrom")), "total": r.get("total")} async for r in ground.ns.suiteql(query)]


async def _fulfilments(ground: Ground, tag: str) -> list[dict[str, Any]]:
    soql = f"SELECT Accord_NetSuite_Id__c, (SELECT Quantity__c FROM Lines__r) FROM Accord_Fulfilment__c WHERE Order__r.OrderReferenceNumber LIKE '{tag}-O%'"
    rows = await _rows(ground, soql)
    return [
        {"netsuite_id": r["Accord_NetSuite_Id__c"], "quantity": sum((Decimal(str(line["Quantity__c"])) for line in _children(r, "Lines__r")), Decimal(0))}
        for r in rows
    ]


async def _invoices(ground: Ground, tag: str) -> list[dict[str, Any]]:
    rows = await _rows(ground, f"SELECT Accord_NetSuite_Id__c, Total__c FROM Accord_Invoice__c WHERE Order__r.OrderReferenceNumber LIKE '{tag}-O%'")
    return [{"netsuite_id": r["Accord_NetSuite_Id__c"], "total": r["Total__c"]} for r in rows]


async def _prices(ground: Ground, items: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    """(NetSuite's base price in USD, the standard price book's) by SKU."""
    out: dict[str, tuple[Any, Any]] = {}
    for ident in items:
        item = await ground.ns.get("inventoryItem", ident)
        base = [p["price"] for p in item["price"]["items"] if str(p["currencyPage"]["id"]) == "1" and str(p["priceLevel"]["id"]) == "1"]
        soql = f"SELECT UnitPrice FROM PricebookEntry WHERE Product2.StockKeepingUnit = '{item['itemId']}' AND CurrencyIsoCode = 'USD' AND Pricebook2.IsStandard = true"
        rows = await _rows(ground, soql)
        out[str(item["itemId"])] = (base[0] if base else None, rows[0]["UnitPrice"] if rows else None)
    return out


# -- journals
async def _salesforce_journal(ground: Ground, tag: str, since: int) -> list[dict[str, Any]]:
    """Accounts of this tag. A merge notes its loser as deleted, by whoever merged."""
    out = []
    for entry in await ground.control.journal("salesforce", since):
        number = str(entry["values"].get("AccountNumber") or "")
        if entry["object"] == "Account" and number.startswith(f"{tag}-"):
            op = entry["change"].lower()
            fields = [*entry["changed"], *entry["nulled"]] if op == "update" else sorted(KEPT)
            names = KEPT | set(fields)
            held = {name: entry["values"].get(name) for name in names}
            out.append(
                {
                    "id": entry["record_id"],
                    "op": op,
                    "fields": fields,
                    "held": held,
                    "number": number,
                    "ours": bool(entry["origin"]) and THEIRS not in entry["origin"],
                }
            )
    return out


async def _netsuite_journal(ground: Ground, since: int, work: Sequence[Mapping[str, Any]], numbers: Mapping[str, str]) -> list[dict[str, Any]]:
    mine = [e for e in await ground.control.journal("netsuite", since) if e["type"] == "customer" and str(e["id"]) in numbers]
    return [e | {"number": numbers[e["id"]]} for e in attributed(mine, [call for call in work if call["type"] == "customer"])]
