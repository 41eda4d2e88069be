"""Finance bills what was shipped and takes money; sales reads it on the order, the account, and the Case that somebody is working on."""

from __future__ import annotations

from decimal import Decimal

from ops.demo.story.people import made, order_id
from ops.demo.tell import Stage, now


async def told(stage: Stage, order: str) -> None:
    """`order`: its id in Salesforce."""
    sf, ns = stage.world.salesforce, stage.world.netsuite
    ident = str(await order_id(ns, order))
    case = await made(sf, "Case", {"Subject": "Where is the rest of my order?", "Accord_Order__c": order})
    head = await ns.get("salesOrder", ident)
    start = now()
    invoice = await ns.transform("salesOrder", ident, "invoice", {"item": {"items": []}})
    total = Decimal(str((await ns.get("invoice", invoice))["total"]))

    async def billed() -> str | None:
        found = await sf.get("Order", order, ("Accord_Invoiced__c", "Accord_Payment_Status__c"))
        there = found["Accord_Invoiced__c"] is not None and Decimal(str(found["Accord_Invoiced__c"])) == total
        return f"invoiced {total}, {found['Accord_Payment_Status__c']}" if there else None

    await stage.see("finance bills what was shipped: the Order says how much", billed, since=start)
    start, part = now(), (total / 2).quantize(Decimal("0.01"))
    applied = {"doc": {"id": invoice}, "apply": True, "amount": part}
    await ns.create("customerPayment", {"customer": {"id": head["entity"]["id"]}, "payment": part, "apply": {"items": [applied]}})

    async def paid() -> str | None:
        found = await sf.get("Order", order, ("Accord_Open__c", "Accord_Payment_Status__c"))
        return f"open {found['Accord_Open__c']}, part_paid" if found["Accord_Payment_Status__c"] == "part_paid" else None

    async def balance() -> str | None:
        (row,) = (await sf.query(f"SELECT Account.Accord_Balance__c FROM Order WHERE Id = '{order}'")).rows
        owed = row["Account"]["Accord_Balance__c"]
        return f"balance {owed}" if owed is not None and Decimal(str(owed)) == total - part else None

    async def noted() -> str | None:
        rows = (await sf.query(f"SELECT CommentBody FROM CaseComment WHERE ParentId = '{case}'")).rows
        texts = sorted(str(r["CommentBody"]).partition("\n")[2] for r in rows)
        return " · ".join(texts) if len(texts) == 2 else None

    await stage.see("half of it is paid: the Order says what is open", paid, since=start)
    await stage.see("the Account's balance follows, though NetSuite stamps no change there", balance, since=start)
    await stage.see("the open Case has one note for the invoice and one for the payment", noted, since=start)
