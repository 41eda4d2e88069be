"""One piece comes back: return, credit and refund, as sales reads them on the order."""

from __future__ import annotations

from decimal import Decimal

from ops.demo.story.people import customer_id, line_of, made, order_id, ordered
from ops.demo.tell import Stage, now


async def told(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    account = await made(sf, "Account", {"Name": "Second Thoughts Ltd", "Type": "Customer", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us"})
    order = await ordered(sf, account, stage.seeds.pricebook, [await line_of(sf, "SKU-0025", "USD", 4)])

    async def there() -> str | None:
        return await order_id(ns, order)

    if not await stage.see("an order that is shipped and billed whole", there):
        return
    ident, customer = str(await order_id(ns, order)), str(await customer_id(ns, account))
    await ns.update("salesOrder", ident, {"orderStatus": {"id": "B"}})
    await ns.transform("salesOrder", ident, "itemFulfillment", {"shipStatus": {"id": "C"}})
    invoice = await ns.transform("salesOrder", ident, "invoice", {})
    total = Decimal(str((await ns.get("invoice", invoice))["total"]))
    applied = {"doc": {"id": invoice}, "apply": True, "amount": total}
    await ns.create("customerPayment", {"customer": {"id": customer}, "payment": total, "apply": {"items": [applied]}})
    start = now()
    body = {"orderStatus": {"id": "B"}, "memo": "Handle broken", "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    back = await ns.transform("salesOrder", ident, "returnAuthorization", body)
    await ns.transform("returnAuthorization", back, "itemReceipt", {})
    credit = await ns.transform("returnAuthorization", back, "creditMemo", {})

    async def credited() -> str | None:
        found = await sf.get("Order", order, ("Accord_Credited__c", "Accord_Payment_Status__c"))
        return f"credited {found['Accord_Credited__c']}, {found['Accord_Payment_Status__c']}" if found["Accord_Credited__c"] else None

    async def events() -> str | None:
        rows = (await sf.query(f"SELECT Type__c FROM Accord_Order_Event__c WHERE Order__c = '{order}'")).rows
        seen = {str(row["Type__c"]) for row in rows}
        return ", ".join(sorted(seen)) if {"shipped", "invoiced", "paid", "returned", "credited", "refunded"} <= seen else None

    await stage.see("one piece comes back and is credited: the Order says how much", credited, since=start)
    start = now()
    await ns.create("customerRefund", {"customer": {"id": customer}, "apply": {"items": [{"doc": {"id": credit}}]}})
    await stage.see("the refund completes the order's timeline", events, since=start)
