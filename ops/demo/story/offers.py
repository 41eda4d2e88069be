"""An offer: a quote that becomes an estimate, the order that is made of it, and one line of it that the customer no longer wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ops.demo.story.people import changed, line_of, made, order_id, ordered
from ops.demo.tell import Stage, now
from schemas.ids import to_external


async def told(stage: Stage) -> None:
    quote = await offered(stage)
    estimate = stage.memory.get("estimate")
    if estimate:
        await sold(stage, quote, estimate)


async def offered(stage: Stage) -> str:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    soon = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    opportunity = await made(sf, "Opportunity", {
        "AccountId": stage.memory["account"], "Name": "Spring", "StageName": "Prospecting", "CloseDate": soon, "CurrencyIsoCode": "USD",
    })  # fmt: skip
    quote = await made(sf, "Quote", {
        "OpportunityId": opportunity, "Name": "Spring offer", "Pricebook2Id": stage.seeds.pricebook, "Status": "Draft", "ExpirationDate": soon,
        "CurrencyIsoCode": "USD", "Accord_Store__c": "us",
    })  # fmt: skip
    line = await line_of(sf, "SKU-0009", "USD", 7)
    await made(sf, "QuoteLineItem", {"QuoteId": quote, "PricebookEntryId": line.entry, "Quantity": 7, "UnitPrice": line.price, "Discount": Decimal(15)})
    start = now()
    await changed(sf, "Quote", quote, {"Status": "Presented"})

    async def seen() -> str | None:
        ident = await ns.id_of("estimate", to_external(f"quote:salesforce:{quote}"))
        stage.memory["estimate"] = ident
        return f"estimate {ident}, open until {soon}" if ident else None

    await stage.see("a quote that was shown to the customer is an estimate in NetSuite", seen, since=start)
    return quote


async def sold(stage: Stage, quote: str, estimate: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    await changed(sf, "Quote", quote, {"Status": "Accepted"})
    lines = [await line_of(sf, "SKU-0009", "USD", 7), await line_of(sf, "SKU-0010", "USD", 1)]
    start = now()
    order = await ordered(sf, stage.memory["account"], stage.seeds.pricebook, lines, QuoteId=quote)

    async def thread() -> str | None:
        ident = await order_id(ns, order)
        found = await ns.get("salesOrder", ident) if ident else {}
        return f"{found['tranId']} is made of estimate {estimate}" if str((found.get("createdFrom") or {}).get("id")) == estimate else None

    async def processed() -> str | None:
        found = await sf.get("Quote", quote, ("Accord_ERP_Status__c",))
        return str(found["Accord_ERP_Status__c"]) if found["Accord_ERP_Status__c"] == "Processed" else None

    await stage.see("the order that comes of it knows its estimate", thread, since=start)
    await stage.see("the quote reads Processed", processed, since=start)
    rows = (await sf.query(f"SELECT Id, Accord_Qty_Closed__c FROM OrderItem WHERE OrderId = '{order}' AND Quantity = 1")).rows
    start = now()
    await changed(sf, "OrderItem", str(rows[0]["Id"]), {"Accord_Cancel__c": True})

    async def closed() -> str | None:
        found = await sf.get("OrderItem", str(rows[0]["Id"]), ("Accord_Qty_Closed__c",))
        return f"closed {found['Accord_Qty_Closed__c']}" if found["Accord_Qty_Closed__c"] else None

    await stage.see("a line that the customer no longer wants is closed in NetSuite, and so read on the order", closed, since=start)
