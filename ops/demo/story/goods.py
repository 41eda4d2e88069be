"""Orders: one whose total must tie, one that waits for its product, two that come back to their seller."""

from __future__ import annotations

from decimal import Decimal

from ops.demo.story.people import changed, line_of, made, order_id, ordered
from ops.demo.tell import Stage, now

SHIPPING, OFF = Decimal("12.50"), Decimal("15.00")


async def ties(stage: Stage) -> str:
    """The id of the order."""
    sf, ns = stage.world.salesforce, stage.world.netsuite
    lines = [await line_of(sf, "SKU-0007", "USD", 7, "10.49"), await line_of(sf, "SKU-0120", "USD", 2)]
    total = sum((line.net() for line in lines), Decimal(0)) - OFF + SHIPPING
    start = now()
    order = await ordered(
        sf, stage.memory["account"], stage.seeds.pricebook, lines, Accord_Shipping_Cost__c=SHIPPING, Accord_Discount_Amount__c=OFF,
        Accord_Ship_Method__c="Ground", Accord_Stated_Total__c=total, PoNumber="PO-4711",
    )  # fmt: skip

    async def seen() -> str | None:
        ident = await order_id(ns, order)
        if not ident:
            return None
        found = await ns.get("salesOrder", ident)
        return f"{found['tranId']}: total {found['total']} = {total}, shipping {found['shippingCost']}" if Decimal(str(found["total"])) == total else None

    async def back() -> str | None:
        found = await sf.get("Order", order, ("Accord_NetSuite_Number__c", "Accord_ERP_Status__c", "Accord_Grand_Total__c"))
        same = found["Accord_Grand_Total__c"] is not None and Decimal(str(found["Accord_Grand_Total__c"])) == total
        return f"{found['Accord_NetSuite_Number__c']}, {found['Accord_ERP_Status__c']}" if same and found["Accord_NetSuite_Number__c"] else None

    await stage.see("an order with line discount, order discount and shipping arrives; its total ties to the cent", seen, since=start)
    await stage.see("its number, status and total are back on the Order", back, since=start)
    return order


async def waits(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    product = await made(sf, "Product2", {"Name": "Enamel kettle", "StockKeepingUnit": "KETTLE-1", "ProductCode": "KETTLE-1", "IsActive": True})
    await made(sf, "PricebookEntry", {
        "Pricebook2Id": stage.seeds.pricebook, "Product2Id": product, "UnitPrice": Decimal("39.00"), "IsActive": True, "CurrencyIsoCode": "USD",
    })  # fmt: skip
    start = now()
    order = await ordered(sf, stage.memory["account"], stage.seeds.pricebook, [await line_of(sf, "KETTLE-1", "USD", 3)])

    async def waiting() -> str | None:
        found = await sf.get("Order", order, ("Accord_Status__c", "Accord_Code__c", "Accord_Message__c"))
        return f"{found['Accord_Code__c']}: {found['Accord_Message__c']}" if found["Accord_Code__c"] == "missing_sku" else None

    await stage.see("an order for a product that NetSuite doesn't know waits, and says for what", waiting, since=start)
    start = now()
    await ns.create("inventoryItem", {
        "itemId": "KETTLE-1", "displayName": "Enamel kettle", "subsidiary": {"id": "1"}, "includeChildren": True,
        "price": {"items": [{"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": 39}]},
        "locations": {"items": [{"location": {"id": stage.seeds.locations["us_east"]}, "quantityOnHand": 50}]},
    })  # fmt: skip

    async def adopted() -> str | None:
        found = await sf.get("Product2", product, ("Accord_NetSuite_Id__c",))
        count = await sf.count("Product2", "StockKeepingUnit = 'KETTLE-1'")
        return f"item {found['Accord_NetSuite_Id__c']}, still one product" if found["Accord_NetSuite_Id__c"] and count == 1 else None

    async def gone() -> str | None:
        ident = await order_id(ns, order)
        return f"sales order {ident}" if ident else None

    await stage.see("the item is made in NetSuite and adopts that product", adopted, since=start)
    await stage.see("the order goes by itself", gone, since=start)


async def inactive(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    items = [row async for row in ns.suiteql("SELECT id FROM item WHERE itemid = 'SKU-0033'")]
    line = await line_of(sf, "SKU-0033", "USD", 1)
    await ns.update("inventoryItem", str(items[0]["id"]), {"isInactive": True})

    async def followed() -> str | None:
        found = await sf.get("Product2", line.product, ("IsActive",))
        return None if found["IsActive"] else "product inactive"

    await stage.see("an item made inactive in NetSuite is inactive in Salesforce", followed)
    await changed(sf, "Product2", line.product, {"IsActive": True})  # a person sells it all the same
    start = now()
    order = await ordered(sf, stage.memory["account"], stage.seeds.pricebook, [line])

    async def refused() -> str | None:
        found = await sf.get("Order", order, ("Accord_Status__c", "Accord_Code__c", "Accord_Message__c"))
        return f"{found['Accord_Code__c']}: {found['Accord_Message__c']}" if found["Accord_Code__c"] == "inactive_item" else None

    await stage.see("an order with an inactive item comes back with code and reason", refused, since=start)


async def mended(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    start = now()
    bad = await ordered(sf, stage.memory["account"], stage.seeds.pricebook, [await line_of(sf, "SKU-0008", "USD", 1)], ShippingPostalCode="ABC")

    async def address() -> str | None:
        found = await sf.get("Order", bad, ("Accord_Code__c", "Accord_Message__c"))
        return f"{found['Accord_Code__c']}: {found['Accord_Message__c']}" if found["Accord_Code__c"] == "address_invalid" else None

    async def healed() -> str | None:
        ident = await order_id(ns, bad)
        return f"sales order {ident}" if ident else None

    await stage.see("an order with a bad address comes back with code and reason", address, since=start)
    start = now()
    await changed(sf, "Order", bad, {"ShippingPostalCode": "97209"})
    await stage.see("the address is mended by a person; the order goes by itself", healed, since=start)
