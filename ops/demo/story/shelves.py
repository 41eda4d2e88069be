"""What things cost at which quantity, and what is on the shelves: NetSuite's, shown where people sell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ops.demo.story.people import changed, drafted, line_of
from ops.demo.tell import Stage, now

SKU, IN_STOCK, WANTED = "SKU-0012", 500, 620


async def told(stage: Stage) -> None:
    await wholesale(stage)
    await oversold(stage)


def cell(level: str, price: str, quantity: int = 0, currency: str = "1") -> dict[str, Any]:
    return {"currencyPage": {"id": currency}, "priceLevel": {"id": level}, "quantity": {"value": quantity}, "price": Decimal(price)}


async def wholesale(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    items = [row async for row in ns.suiteql(f"SELECT id FROM item WHERE itemid = '{SKU}'")]
    start = now()
    cells = [cell("1", "13.00"), cell("1", "12.00", currency="2"), cell("2", "11.20"), cell("2", "10.40", 24)]
    await ns.update("inventoryItem", str(items[0]["id"]), {"price": {"items": cells}}, options={"replace": "price"})

    async def shown() -> str | None:
        entries = (await sf.query(f"SELECT UnitPrice FROM PricebookEntry WHERE Product2.StockKeepingUnit = '{SKU}' AND Pricebook2.Name = 'Wholesale'")).rows
        breaks = (await sf.query(f"SELECT From_Quantity__c, Unit_Price__c FROM Accord_Price_Break__c WHERE Product__r.StockKeepingUnit = '{SKU}'")).rows
        if not entries or not breaks:
            return None
        return f"Wholesale {entries[0]['UnitPrice']}, from {breaks[0]['From_Quantity__c']:g} {breaks[0]['Unit_Price__c']}"

    await stage.see("a wholesale price with a quantity break is saved in NetSuite, and stands in its price book", shown, since=start)


async def oversold(stage: Stage) -> None:
    sf = stage.world.salesforce
    order = await drafted(sf, stage.memory["account"], stage.seeds.pricebook, [await line_of(sf, SKU, "USD", WANTED)])
    start = now()

    async def seen() -> str | None:
        found = await sf.get("Order", order, ("Accord_Oversell__c", "Accord_Stock_Message__c"))
        return str(found["Accord_Stock_Message__c"]) if found["Accord_Oversell__c"] else None

    await stage.see("a draft asks for more than the store has: its seller is told before it is activated", seen, since=start)
    rows = (await sf.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{order}'")).rows
    start = now()
    await changed(sf, "OrderItem", str(rows[0]["Id"]), {"Quantity": IN_STOCK})

    async def mended() -> str | None:
        found = await sf.get("Order", order, ("Accord_Oversell__c", "Accord_Stock_Message__c"))
        return None if found["Accord_Oversell__c"] else str(found["Accord_Stock_Message__c"])

    await stage.see("the seller asks for what is there", mended, since=start)
