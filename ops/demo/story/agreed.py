"""A family of customers: a child that waits for its parent, a dock beside the head office, a price of their own, a set that they buy."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from accord.errors import Rejected
from ops.demo.story.people import changed, customer_id, made
from ops.demo.tell import Stage, now
from ops.terms.shelf import shelved

SKU, AGREED = "SKU-0021", "4.20"
HOME = {
    "BillingStreet": "9 Rail Rd", "BillingCity": "Salem", "BillingStateCode": "OR", "BillingPostalCode": "97301", "BillingCountryCode": "US",
    "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us",
}  # fmt: skip


async def told(stage: Stage) -> None:
    account = await family(stage)
    await asyncio.gather(dock(stage, account), price(stage, account), kit(stage))


async def family(stage: Stage) -> str:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    parent = await made(sf, "Account", {"Name": "Quay Group", "Type": "Prospect", **HOME})
    start = now()
    child = await made(sf, "Account", {"Name": "Quay Stores", "Type": "Customer", "ParentId": parent, **HOME})

    async def waiting() -> str | None:
        found = await sf.get("Account", child, ("Accord_Code__c", "Accord_Message__c"))
        return str(found["Accord_Message__c"]) if found["Accord_Code__c"] == "missing_customer" else None

    async def below() -> str | None:
        above, ident = await customer_id(ns, parent), await customer_id(ns, child)
        found = await ns.get("customer", ident) if ident else {}
        return f"customer {ident} below {above}" if above and (found.get("parent") or {}).get("id") == above else None

    await stage.see("a child account whose parent is only a prospect waits, and says for whom", waiting, since=start)
    start = now()
    await changed(sf, "Account", parent, {"Type": "Customer"})
    await stage.see("its parent becomes a customer; the child follows, below it", below, since=start)
    return child


async def dock(stage: Stage, account: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    ident = str(await customer_id(ns, account))
    place = {"Street__c": "5 Harbour Way", "City__c": "Portland", "State_Code__c": "OR", "Postal_Code__c": "97201", "Country_Code__c": "US"}
    start = now()
    await made(sf, "Accord_Address__c", {"Account__c": account, "Label__c": "Dock 2", **place})

    async def booked() -> str | None:
        lines = (await ns.get("customer", ident))["addressBook"]["items"]
        return f"{len(lines)} addresses, Dock 2 among them" if "Dock 2" in [line.get("label") for line in lines] else None

    await stage.see("a further address stands in NetSuite's address book, beside the defaults", booked, since=start)


async def price(stage: Stage, account: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    (item,) = [row async for row in ns.suiteql(f"SELECT id FROM item WHERE itemid = '{SKU}'")]
    ident = str(await customer_id(ns, account))
    start = now()
    line = {"item": {"id": str(item["id"])}, "price": Decimal(AGREED), "currency": {"id": "1"}}
    await ns.update("customer", ident, {"itemPricing": {"items": [line]}}, options={"replace": "itemPricing"})

    async def shown() -> str | None:
        rows = (await sf.query(f"SELECT Unit_Price__c FROM Accord_Customer_Price__c WHERE Account__c = '{account}'")).rows
        return f"{rows[0]['Unit_Price__c']} for {SKU}" if rows else None

    async def read() -> str | None:
        table = await asyncio.to_thread(stage.pipeline.table, "terms.us")
        try:
            own, list_ = (shelved("us", (), list(table.values())).answer(SKU, customer=who) for who in (account, ""))
        except Rejected:
            return None
        return f"{own.price} ({own.rule}), everybody else {list_.price}" if own.rule == "customer_item" else None

    await stage.see("a price agreed with one customer stands at its account", shown, since=start)
    await stage.see("and its shop reads it in place of the list price", read, since=start)


async def kit(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    (member,) = [row async for row in ns.suiteql("SELECT id FROM item WHERE itemid = 'SKU-0022'")]
    price = {"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": 40}
    body = {"itemId": "SET-1", "displayName": "Set of three", "subsidiary": {"id": "1"}, "includeChildren": True, "price": {"items": [price]}}
    start = now()
    await ns.create("kitItem", {**body, "member": {"items": [{"item": {"id": str(member["id"])}, "quantity": 3}]}})

    async def seen() -> str | None:
        rows = (await sf.query("SELECT Quantity__c, Member__r.StockKeepingUnit FROM Accord_Kit_Member__c WHERE Kit__r.StockKeepingUnit = 'SET-1'")).rows
        return f"{rows[0]['Quantity__c']:g} of {rows[0]['Member__r']['StockKeepingUnit']}" if rows else None

    await stage.see("a kit made in NetSuite is a product with its members", seen, since=start)
