"""Stock by location, as orders, purchases and receipts move it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ops.demo.story.people import changed, made
from tests.flows.rig import Rig
from tests.flows.seeds import ADDRESS, account, entry_of, goods_body, sales_order, told


async def stock_of(rig: Rig, sku: str) -> str:
    """Id of the SKU's stock row, once it is there."""

    async def look() -> str | None:
        rows = (await rig.sf.query(f"SELECT Id FROM Accord_Stock__c WHERE Product__r.StockKeepingUnit = '{sku}' AND Location__c = 'us_east'")).rows
        return str(rows[0]["Id"]) if rows else None

    return str(await rig.until(f"{sku} has stock in Salesforce", look))


def held(value: str) -> Any:
    return Decimal(value)


async def test_stock_moves_with_purchases_receipts_and_orders(pipeline: Rig):
    """Sales promises what is there: each move shows within seconds, at the location and at the product, though NetSuite stamps no item for it."""
    place = pipeline.seeds.locations["us_east"]
    stocked = {"locations": {"items": [{"location": {"id": place}, "quantityOnHand": 8}]}}
    item = await pipeline.ns.create("inventoryItem", {**goods_body(pipeline, "POT-1", "12.00"), **stocked})
    row = await stock_of(pipeline, "POT-1")
    await told(pipeline, "Accord_Stock__c", row, Available__c=held("8"), On_Hand__c=held("8"), Next_Receipt__c=None)
    vendor = await pipeline.ns.create("vendor", {"companyName": "Potters"})
    goods = {"item": {"id": item}, "quantity": 20, "location": {"id": place}, "expectedReceiptDate": "2027-01-15"}
    bought = await pipeline.ns.create("purchaseOrder", {"entity": {"id": vendor}, "item": {"items": [goods]}})
    await told(pipeline, "Accord_Stock__c", row, On_Order__c=held("20"), Next_Receipt__c="2027-01-15", Next_Receipt_Qty__c=held("20"))
    await pipeline.ns.transform("purchaseOrder", bought, "itemReceipt", {"item": {"items": [{"orderLine": 1, "quantity": 5}]}})
    await told(pipeline, "Accord_Stock__c", row, On_Hand__c=held("13"), Available__c=held("13"), On_Order__c=held("15"))
    product = (await pipeline.sf.query("SELECT Id FROM Product2 WHERE StockKeepingUnit = 'POT-1'")).rows[0]["Id"]
    await told(pipeline, "Product2", product, Accord_Available__c=held("13"))


async def test_an_oversell_is_seen_before_activation_and_the_order_takes_its_stock_after(pipeline: Rig):
    """A seller learns at the draft, line by line, what can't be shipped, and when stock comes and goes; the mended order goes out, and what it holds is free no more."""
    place = {"id": pipeline.seeds.locations["us_east"]}
    stocked = {"locations": {"items": [{"location": place, "quantityOnHand": 6}]}}
    bowl = await pipeline.ns.create("inventoryItem", {**goods_body(pipeline, "BOWL-1", "7.00"), **stocked})
    row, entry = await stock_of(pipeline, "BOWL-1"), await entry_of(pipeline, "BOWL-1")
    buyer = await account(pipeline, "Bowl Buyer")
    draft = {"AccountId": buyer, "Pricebook2Id": pipeline.seeds.pricebook, "EffectiveDate": datetime.now(UTC).date().isoformat(), "Status": "Draft"}
    ident = await made(pipeline.sf, "Order", {**draft, "CurrencyIsoCode": "USD", "Accord_Store__c": "us", **ADDRESS})
    line = await made(pipeline.sf, "OrderItem", {"OrderId": ident, "PricebookEntryId": entry, "Quantity": 9, "UnitPrice": Decimal("7.00")})
    await told(pipeline, "Order", ident, Accord_Oversell__c=True, Accord_Stock_Message__c="Line 1: 9 wanted, 6 free at us", Accord_Status__c=None)
    await told(pipeline, "OrderItem", line, Accord_Available__c=held("6"), Accord_Short__c=held("3"))
    await pipeline.ns.update("inventoryItem", bowl, {"locations": {"items": [{"location": place, "quantityOnHand": 8}]}})
    await told(pipeline, "Order", ident, Accord_Oversell__c=True, Accord_Stock_Message__c="Line 1: 9 wanted, 8 free at us")
    await pipeline.ns.update("inventoryItem", bowl, {"locations": {"items": [{"location": place, "quantityOnHand": 6}]}})
    await told(pipeline, "OrderItem", line, Accord_Available__c=held("6"), Accord_Short__c=held("3"))
    await changed(pipeline.sf, "OrderItem", line, {"Quantity": 4})
    await told(pipeline, "Order", ident, Accord_Oversell__c=False, Accord_Stock_Message__c="Enough in stock.")
    await changed(pipeline.sf, "Order", ident, {"Status": "Activated"})
    there = await sales_order(pipeline, ident)
    await pipeline.ns.update("salesOrder", there, {"location": place, "orderStatus": {"id": "B"}, "item": {"items": [{"line": 1, "location": place}]}})
    await told(pipeline, "Accord_Stock__c", row, Committed__c=held("4"), Available__c=held("2"), On_Hand__c=held("6"))
    await told(pipeline, "OrderItem", line, Accord_Qty_Committed__c=held("4"), Accord_Short__c=held("0"))
