"""The warehouse ships in two parcels."""

from __future__ import annotations

from ops.demo.story.people import order_id
from ops.demo.tell import Stage, now


async def told(stage: Stage, order: str) -> None:
    """`order`: its id in Salesforce."""
    sf, ns = stage.world.salesforce, stage.world.netsuite
    ident = str(await order_id(ns, order))
    start = now()
    await ns.update("salesOrder", ident, {"orderStatus": {"id": "B"}})

    async def accepted() -> str | None:
        found = await sf.get("Order", order, ("Accord_ERP_Status__c",))
        return str(found["Accord_ERP_Status__c"]) if found["Accord_ERP_Status__c"] == "Accepted" else None

    await stage.see("NetSuite approves the order: accepted, its lines are NetSuite's now", accepted, since=start)
    lines = (await ns.get("salesOrder", ident))["item"]["items"]
    goods = [line for line in lines if line["item"]["refName"].startswith("SKU")]
    start = now()
    await ns.transform("salesOrder", ident, "itemFulfillment", {
        "shipStatus": {"id": "C"},
        "item": {"items": [{"orderLine": goods[0]["line"], "quantity": 7, "itemReceive": True}, {"orderLine": goods[1]["line"], "itemReceive": False}]},
        "package": {"items": [
            {"packageTrackingNumber": "1Z-HERON-1", "packageWeight": 4.5, "packageDescr": "Box 1"},
            {"packageTrackingNumber": "1Z-HERON-2", "packageWeight": 3.0, "packageDescr": "Box 2"},
        ]},
    })  # fmt: skip

    async def parcels() -> str | None:
        rows = (await sf.query(f"SELECT Id, Status__c, (SELECT Tracking__c FROM Packages__r) FROM Accord_Fulfilment__c WHERE Order__c = '{order}'")).rows
        if not rows or not rows[0]["Packages__r"]:
            return None
        tracking = sorted(p["Tracking__c"] for p in rows[0]["Packages__r"]["records"])
        return f"{rows[0]['Status__c']}: {', '.join(tracking)}" if len(tracking) == 2 else None

    async def status() -> str | None:
        found = await sf.get("Order", order, ("Accord_ERP_Status__c",))
        rows = (await sf.query(f"SELECT Accord_Qty_Shipped__c FROM OrderItem WHERE OrderId = '{order}'")).rows
        shipped = sorted(int(r["Accord_Qty_Shipped__c"] or 0) for r in rows)
        return f"{found['Accord_ERP_Status__c']}, shipped {shipped}" if found["Accord_ERP_Status__c"] == "Partly shipped" and shipped == [0, 7] else None

    await stage.see("two parcels with their tracking numbers appear under the Order", parcels, since=start)
    await stage.see("the Order says what is shipped, line by line", status, since=start)
