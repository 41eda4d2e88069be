"""Orders: totals that tie to the cent, orders that wait, orders that come back to their seller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

from ops.demo.story.people import changed, made
from schemas.ids import to_external
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, entry_of, goods_body, order, product, sales_order, told


async def test_e1_line_discount_and_paid_shipping_tie_to_the_cent(pipeline: Rig):
    """E1: 7 x 9.99 less 15 % + 120.00 + 12.50 is 191.94; a net unit price would lose a cent and the books would not close."""
    buyer = await account(pipeline, "E1 Buyer")
    lines = [("CUP-01", 7, "9.99", {"Accord_Discount_Percent__c": Decimal(15)}), ("LAMP-9", 1, "120.00", {})]
    ident = await order(
        pipeline, buyer, lines, Accord_Shipping_Cost__c=Decimal("12.50"), Accord_Ship_Method__c="Ground", Accord_Stated_Total__c=Decimal("191.94")
    )
    found = await pipeline.ns.get("salesOrder", await sales_order(pipeline, ident))
    assert [Decimal(str(found[name])) for name in ("subtotal", "shippingCost", "total")] == [Decimal("179.44"), Decimal("12.50"), Decimal("191.94")]
    assert [Decimal(str(line["amount"])) for line in found["item"]["items"]] == [Decimal("69.93"), Decimal("-10.49"), Decimal("120.00")]
    await told(pipeline, "Order", ident, Accord_Grand_Total__c=Decimal("191.94"), TotalAmount=Decimal("189.93"), Accord_NetSuite_Number__c=found["tranId"])


async def test_e2_order_discount_free_shipping_and_netsuites_tax_tie_to_the_cent(pipeline: Rig):
    """E2: NetSuite taxes 135.47 with 8.875 % (12.02) and the order is 147.49 on both sides."""
    buyer = await account(pipeline, "E2 Buyer", Accord_Subsidiary__c="ny")
    lines = [("TEE-BLK-M", 3, "19.99", {}), ("MUG-2", 2, "45.25", {})]
    extra = {"Accord_Discount_Amount__c": Decimal("15.00"), "Accord_Ship_Method__c": "Free Ground", "Accord_Shipping_Cost__c": Decimal(0)}
    ident = await order(pipeline, buyer, lines, Accord_Store__c="ny", **extra)
    found = await pipeline.ns.get("salesOrder", await sales_order(pipeline, ident))
    seen = {name: abs(Decimal(str(found.get(name, 0)))) for name in ("subtotal", "discountTotal", "shippingCost", "taxTotal", "total")}
    assert seen == {
        "subtotal": Decimal("150.47"), "discountTotal": Decimal("15.00"), "shippingCost": Decimal(0), "taxTotal": Decimal("12.02"), "total": Decimal("147.49"),
    }  # fmt: skip
    await told(pipeline, "Order", ident, Accord_Grand_Total__c=Decimal("147.49"), Accord_Tax_Total__c=Decimal("12.02"))


async def test_an_order_waits_for_an_unknown_sku_and_then_goes_by_itself(pipeline: Rig):
    """The seller sees for what it waits; once the warehouse makes the item it adopts the product and nobody must press a button."""
    buyer = await account(pipeline, "Kettle Buyer")
    goods = await made(pipeline.sf, "Product2", {k: v for k, v in product("KETTLE-1").items() if k != "attributes"})
    entry = {"Pricebook2Id": pipeline.seeds.pricebook, "Product2Id": goods, "UnitPrice": Decimal(39), "IsActive": True, "CurrencyIsoCode": "USD"}
    await made(pipeline.sf, "PricebookEntry", entry)
    ident = await order(pipeline, buyer, [("KETTLE-1", 3, "39.00", {})])
    seen = await told(pipeline, "Order", ident, Accord_Code__c="missing_sku", Accord_Status__c="waiting", Accord_Message__c=bool)
    assert "KETTLE-1" in seen["Accord_Message__c"]
    await pipeline.ns.create("inventoryItem", goods_body(pipeline, "KETTLE-1", "39.00"))
    found = await pipeline.ns.get("salesOrder", await sales_order(pipeline, ident))
    assert Decimal(str(found["total"])) == Decimal("117.00")
    await told(pipeline, "Product2", goods, Accord_NetSuite_Id__c=bool)
    await told(pipeline, "Order", ident, Accord_Status__c="synced", Accord_Code__c=None)
    assert await pipeline.sf.count("Product2", "StockKeepingUnit = 'KETTLE-1'") == 1


async def test_an_order_with_an_inactive_item_comes_back_and_is_healed_by_the_item(pipeline: Rig):
    """The seller reads why it did not go; when the item is sold again the order goes by itself."""
    buyer = await account(pipeline, "Vase Buyer")
    await told_product(pipeline, "VASE-3", active=True)
    items = [row["id"] async for row in _items(pipeline, "VASE-3")]
    await pipeline.ns.update("inventoryItem", str(items[0]), {"isInactive": True})
    goods = await told_product(pipeline, "VASE-3", active=False)
    await changed(pipeline.sf, "Product2", goods, {"IsActive": True})  # a person sells it all the same
    ident = await order(pipeline, buyer, [("VASE-3", 1, "25.00", {})])
    seen = await told(pipeline, "Order", ident, Accord_Code__c="inactive_item", Accord_Status__c="rejected", Accord_Message__c=bool)
    assert "VASE-3" in seen["Accord_Message__c"]
    assert await pipeline.ns.id_of("salesOrder", to_external(f"order:salesforce:{ident}")) is None
    await pipeline.ns.update("inventoryItem", str(items[0]), {"isInactive": False})
    await sales_order(pipeline, ident)
    await told(pipeline, "Order", ident, Accord_Status__c="synced", Accord_Code__c=None)


async def test_an_order_with_a_bad_address_comes_back_and_is_healed_by_the_mend(pipeline: Rig):
    """A parcel without a postal code comes back from the carrier; the seller is told before, field and reason, and the mend is enough."""
    buyer = await account(pipeline, "Address Buyer")
    ident = await order(pipeline, buyer, [("CUP-01", 1, "9.99", {})], ShippingPostalCode="ABC")
    seen = await told(pipeline, "Order", ident, Accord_Code__c="address_invalid", Accord_Status__c="rejected", Accord_Message__c=bool)
    assert "postal" in seen["Accord_Message__c"].lower()
    await changed(pipeline.sf, "Order", ident, {"ShippingPostalCode": "97209"})
    await sales_order(pipeline, ident)
    await told(pipeline, "Order", ident, Accord_Status__c="synced", Accord_Code__c=None, Accord_Message__c=None)


async def test_a_line_cancelled_by_the_seller_is_closed_in_netsuite_and_read_back(pipeline: Rig):
    """A partial cancellation: the warehouse must not pack the lamp, the cups go on, and the seller sees what was closed."""
    buyer = await account(pipeline, "Partial Buyer")
    ident = await order(pipeline, buyer, [("CUP-01", 2, "9.99", {}), ("LAMP-9", 1, "120.00", {})])
    number = await sales_order(pipeline, ident)
    rows = (await pipeline.sf.query(f"SELECT Id, Product2.StockKeepingUnit FROM OrderItem WHERE OrderId = '{ident}'")).rows
    lines = {row["Product2"]["StockKeepingUnit"]: row["Id"] for row in rows}
    await told(pipeline, "OrderItem", lines["LAMP-9"], Accord_NetSuite_Line__c=bool)
    await changed(pipeline.sf, "OrderItem", lines["LAMP-9"], {"Accord_Cancel__c": True})
    await told(pipeline, "OrderItem", lines["LAMP-9"], Accord_Qty_Closed__c=Decimal(1))
    found = await pipeline.ns.get("salesOrder", number)
    assert [line.get("isClosed", False) for line in found["item"]["items"]] == [False, True]


async def test_an_order_that_began_in_netsuite_is_seen_and_cancelled_by_the_seller(pipeline: Rig):
    """Finance types an order in; the seller finds it active with its lines and total, and a tick on a line reaches the warehouse."""
    buyer = await account(pipeline, "Phone Buyer")
    customer = await customer_of(pipeline, buyer)
    await entry_of(pipeline, "CUP-01")
    goods = [str(row["id"]) async for row in _items(pipeline, "CUP-01")]
    lines = [{"item": {"id": goods[0]}, "quantity": 4, "price": {"id": "-1"}, "rate": Decimal("9.50")}]
    head = {"entity": {"id": customer}, "orderStatus": {"id": "B"}, "otherRefNum": "PHONE-1", "item": {"items": lines}}
    number = await pipeline.ns.create("salesOrder", head)

    async def look() -> str | None:
        rows = (await pipeline.sf.query("SELECT Id, Status FROM Order WHERE PoNumber = 'PHONE-1'")).rows
        return str(rows[0]["Id"]) if rows and rows[0]["Status"] == "Activated" else None

    ident = str(await pipeline.until("the order is active in Salesforce", look))
    await told(pipeline, "Order", ident, AccountId=buyer, Accord_Grand_Total__c=Decimal("38.00"), TotalAmount=Decimal("38.00"), Accord_NetSuite_Id__c=number)
    (row,) = (await pipeline.sf.query(f"SELECT Id, Quantity FROM OrderItem WHERE OrderId = '{ident}'")).rows
    await changed(pipeline.sf, "OrderItem", row["Id"], {"Accord_Cancel__c": True})
    await told(pipeline, "OrderItem", row["Id"], Accord_Qty_Closed__c=Decimal(4))
    assert (await pipeline.ns.get("salesOrder", number))["item"]["items"][0]["isClosed"] is True


def _items(rig: Rig, sku: str) -> AsyncIterator[dict[str, str]]:
    return rig.ns.suiteql(f"SELECT id FROM item WHERE itemid = '{sku}'")


async def told_product(rig: Rig, sku: str, *, active: bool) -> str:
    """Id of the product, once it stands so."""

    async def look() -> str | None:
        rows = (await rig.sf.query(f"SELECT Id, IsActive FROM Product2 WHERE StockKeepingUnit = '{sku}'")).rows
        return str(rows[0]["Id"]) if rows and rows[0]["IsActive"] is active else None

    return str(await rig.until(f"{sku} active {active}", look))
