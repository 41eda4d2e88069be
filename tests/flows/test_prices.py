"""Price levels, quantity breaks and prices agreed with a customer, as they change in NetSuite."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, goods_body, told

BASE, WHOLESALE = "1", "2"


def cell(level: str, price: str, quantity: int = 0) -> dict[str, Any]:
    return {"currencyPage": {"id": "1"}, "priceLevel": {"id": level}, "quantity": {"value": quantity}, "price": Decimal(price)}


async def row(rig: Rig, soql: str) -> dict[str, Any] | None:
    rows = (await rig.sf.query(soql)).rows
    return dict(rows[0]) if rows else None


async def test_levels_and_breaks_are_price_books_and_follow_until_they_are_taken_away(pipeline: Rig):
    """A wholesaler is quoted the wholesale price, ten pieces at the price of ten; what finance takes away can't be sold any more."""
    body = {**goods_body(pipeline, "JUG-1", "30.00"), "price": {"items": [cell(BASE, "30.00"), cell(WHOLESALE, "24.50"), cell(WHOLESALE, "22.00", 10)]}}
    ident = await pipeline.ns.create("inventoryItem", body)
    entries = "SELECT Id, UnitPrice FROM PricebookEntry WHERE Product2.StockKeepingUnit = 'JUG-1' AND Pricebook2.Name = 'Wholesale'"
    breaks = "SELECT Id, Unit_Price__c, From_Quantity__c, Currency__c FROM Accord_Price_Break__c WHERE Product__r.StockKeepingUnit = 'JUG-1'"
    entry = await pipeline.until("the wholesale price", lambda: row(pipeline, entries))
    assert Decimal(str(entry["UnitPrice"])) == Decimal("24.50")
    found = await pipeline.until("the break", lambda: row(pipeline, breaks))
    assert (Decimal(str(found["Unit_Price__c"])), found["From_Quantity__c"], found["Currency__c"]) == (Decimal("22.00"), 10, "USD")
    await pipeline.ns.update("inventoryItem", ident, {"price": {"items": [cell(BASE, "30.00"), cell(WHOLESALE, "25.00")]}}, options={"replace": "price"})
    await told(pipeline, "PricebookEntry", entry["Id"], UnitPrice=Decimal("25.00"), IsActive=True)

    async def gone() -> bool:
        return await row(pipeline, breaks) is None

    await pipeline.until("the break is gone", gone)
    await pipeline.ns.update("inventoryItem", ident, {"price": {"items": [cell(BASE, "30.00")]}}, options={"replace": "price"})
    await told(pipeline, "PricebookEntry", entry["Id"], IsActive=False)


async def test_a_price_agreed_with_a_customer_is_shown_at_its_account(pipeline: Rig):
    """A seller who doesn't see the agreed price quotes the list price, and the customer complains."""
    lamp = await pipeline.ns.create("inventoryItem", goods_body(pipeline, "LAMP-C", "60.00"))
    buyer = await account(pipeline, "Lamp Dealer")
    customer = await customer_of(pipeline, buyer)
    agreed = {"itemPricing": {"items": [{"item": {"id": lamp}, "price": Decimal("42.00"), "currency": {"id": "1"}}]}}
    await pipeline.ns.update("customer", customer, agreed, options={"replace": "itemPricing"})
    soql = f"SELECT Id, Unit_Price__c, Product__r.StockKeepingUnit, Active__c FROM Accord_Customer_Price__c WHERE Account__c = '{buyer}'"
    found = await pipeline.until("the agreed price", lambda: row(pipeline, soql))
    assert (Decimal(str(found["Unit_Price__c"])), found["Active__c"]) == (Decimal("42.00"), True)
    await pipeline.ns.update("customer", customer, {"itemPricing": {"items": []}}, options={"replace": "itemPricing"})

    async def gone() -> bool:
        return await row(pipeline, soql) is None

    await pipeline.until("the agreed price is gone", gone)
