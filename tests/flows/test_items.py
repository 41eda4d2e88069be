"""Items and prices from NetSuite."""

from __future__ import annotations

from decimal import Decimal

from tests.flows.rig import Rig
from tests.flows.seeds import entry_of, goods_body, told


async def test_an_item_of_netsuite_is_a_product_with_its_base_price(pipeline: Rig):
    """Sales can quote what the warehouse has, at the price that finance keeps; a new price follows."""
    ident = await pipeline.ns.create("inventoryItem", goods_body(pipeline, "PLATE-7", "14.20"))
    entry = await entry_of(pipeline, "PLATE-7")
    rows = (await pipeline.sf.query("SELECT Name, ProductCode, IsActive, Accord_NetSuite_Id__c FROM Product2 WHERE StockKeepingUnit = 'PLATE-7'")).rows
    assert [(r["Accord_NetSuite_Id__c"], r["IsActive"]) for r in rows] == [(ident, True)]
    await told(pipeline, "PricebookEntry", entry, UnitPrice=Decimal("14.20"), IsActive=True)
    price = {"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": Decimal("15.75")}
    await pipeline.ns.update("inventoryItem", ident, {"price": {"items": [price]}})
    await told(pipeline, "PricebookEntry", entry, UnitPrice=Decimal("15.75"))


async def test_products_of_both_systems_are_joined_by_sku(pipeline: Rig):
    """A SKU that both sides know must stay one product: two would split prices and stock."""

    async def look() -> bool:
        rows = (
            await pipeline.sf.query("SELECT StockKeepingUnit, Accord_NetSuite_Id__c FROM Product2 WHERE StockKeepingUnit IN ('CUP-01', 'MUG-2', 'LAMP-9')")
        ).rows
        return sorted(r["StockKeepingUnit"] for r in rows) == ["CUP-01", "LAMP-9", "MUG-2"] and all(r["Accord_NetSuite_Id__c"] for r in rows)

    await pipeline.until("three linked products", look, 120)


async def test_a_kit_comes_with_its_members(pipeline: Rig):
    """Who sells a kit must see what is in it; the kit waits until its members are products too."""
    bowl = await pipeline.ns.create("inventoryItem", goods_body(pipeline, "KIT-BOWL", "8.00"))
    price = goods_body(pipeline, "KIT-SET", "20.00")["price"]
    kit = {"itemId": "KIT-SET", "displayName": "Set of bowls", "subsidiary": {"id": "1"}, "includeChildren": True, "price": price}
    ident = await pipeline.ns.create("kitItem", {**kit, "member": {"items": [{"item": {"id": bowl}, "quantity": 3}]}})

    async def members() -> list[tuple[str, int]]:
        soql = "SELECT Quantity__c, Member__r.StockKeepingUnit FROM Accord_Kit_Member__c WHERE Kit__r.StockKeepingUnit = 'KIT-SET'"
        return [(r["Member__r"]["StockKeepingUnit"], int(r["Quantity__c"])) for r in (await pipeline.sf.query(soql)).rows]

    assert await pipeline.until("the kit's members", members) == [("KIT-BOWL", 3)]
    await pipeline.ns.update("kitItem", ident, {"member": {"items": [{"item": {"id": bowl}, "quantity": 4}]}}, options={"replace": "member"})

    async def four() -> bool:
        return await members() == [("KIT-BOWL", 4)]

    await pipeline.until("four bowls in the kit", four)
