"""Quotes: what was offered stands in NetSuite, and the order that comes of it knows its offer on both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ops.demo.story.people import changed, made
from schemas.ids import to_external
from tests.flows.rig import Rig
from tests.flows.seeds import account, entry_of, order, sales_order, told


async def test_a_quote_becomes_an_order_and_keeps_the_thread(pipeline: Rig):
    """Offer, change, acceptance, order: the estimate follows, the order is made of it, and sales sees on the quote that it was processed."""
    buyer = await account(pipeline, "Quote Buyer")
    quote, line = await offered(pipeline, buyer)
    estimate = await estimate_of(pipeline, quote)
    found = await pipeline.ns.get("estimate", estimate)
    assert [Decimal(str(found[name])) for name in ("subtotal", "shippingCost", "total")] == [Decimal("59.44"), Decimal("5.00"), Decimal("64.44")]
    await told(pipeline, "Quote", quote, Accord_ERP_Status__c="Open", Accord_NetSuite_Number__c=found["tranId"], Accord_Status__c="synced")

    await changed(pipeline.sf, "QuoteLineItem", line, {"Quantity": Decimal(8)})

    async def grown() -> bool:
        now = await pipeline.ns.get("estimate", estimate)
        return Decimal(str(now["subtotal"])) == Decimal("67.93")

    await pipeline.until("the estimate follows its line", grown)
    await changed(pipeline.sf, "Quote", quote, {"Status": "Accepted"})
    ident = await order(pipeline, buyer, [("CUP-01", 8, "9.99", {"Accord_Discount_Percent__c": Decimal(15)})], QuoteId=quote)
    sold = await pipeline.ns.get("salesOrder", await sales_order(pipeline, ident))
    assert (str(sold["createdFrom"]["id"]), Decimal(str(sold["subtotal"]))) == (estimate, Decimal("67.93"))
    await told(pipeline, "Quote", quote, Accord_ERP_Status__c="Processed")
    await told(pipeline, "Order", ident, Accord_Status__c="synced", QuoteId=quote)


async def offered(rig: Rig, buyer: str) -> tuple[str, str]:
    """A quote of seven cups less 15 %, shown to the customer; ids of it and its line."""
    soon = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    body = {"AccountId": buyer, "Name": "Cups", "StageName": "Prospecting", "CloseDate": soon, "CurrencyIsoCode": "USD"}
    opportunity = await made(rig.sf, "Opportunity", body)
    head = {
        "OpportunityId": opportunity, "Name": "Cups for spring", "Pricebook2Id": rig.seeds.pricebook, "Status": "Draft", "ExpirationDate": soon,
        "CurrencyIsoCode": "USD", "Accord_Store__c": "us", "ShippingHandling": Decimal(5),
    }  # fmt: skip
    quote = await made(rig.sf, "Quote", head)
    entry = await entry_of(rig, "CUP-01")
    row = {"QuoteId": quote, "PricebookEntryId": entry, "Quantity": Decimal(7), "UnitPrice": Decimal("9.99"), "Discount": Decimal(15)}
    line = await made(rig.sf, "QuoteLineItem", row)
    await changed(rig.sf, "Quote", quote, {"Status": "Presented"})
    return quote, line


async def estimate_of(rig: Rig, quote: str) -> str:
    async def look() -> str | None:
        return await rig.ns.id_of("estimate", to_external(f"quote:salesforce:{quote}"))

    return str(await rig.until(f"quote {quote} is an estimate", look))
