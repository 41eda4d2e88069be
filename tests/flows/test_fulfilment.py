"""What the warehouse does comes back to the Order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.flows.rig import Rig
from tests.flows.seeds import account, order, sales_order, told


async def test_two_parcels_come_back_with_tracking_facts_and_status(pipeline: Rig):
    """E9: support answers "where is it" from Salesforce: one fulfilment, its lines and packages, shipped quantities, then the rest and its undoing."""
    buyer = await account(pipeline, "E9 Buyer")
    lines = [("CUP-01", 10, "8.00", {}), ("TEE-BLK-M", 4, "25.00", {})]
    ident = await order(pipeline, buyer, lines, Accord_Shipping_Cost__c=Decimal(15), Accord_Ship_Method__c="Ground")
    so = await sales_order(pipeline, ident)
    assert Decimal(str((await pipeline.ns.get("salesOrder", so))["total"])) == Decimal("195.00")
    await pipeline.ns.update("salesOrder", so, {"orderStatus": {"id": "B"}})
    await told(pipeline, "Order", ident, Accord_ERP_Status__c="Accepted")

    await ship(pipeline, so, (6, 4), ("T1", "T2"))
    await told(pipeline, "Order", ident, Accord_ERP_Status__c="Partly shipped")
    first = await fulfilments(pipeline, ident, 1)
    assert sorted(p["Tracking__c"] for p in first[0]["Packages__r"]["records"]) == ["T1", "T2"]
    assert sorted(Decimal(str(line["Quantity__c"])) for line in first[0]["Lines__r"]["records"]) == [4, 6]
    await shipped(pipeline, ident, [4, 6])

    second = await ship(pipeline, so, (4, None), ("T3",))
    await told(pipeline, "Order", ident, Accord_ERP_Status__c="Shipped, to bill")
    await fulfilments(pipeline, ident, 2)
    await shipped(pipeline, ident, [4, 10])

    await pipeline.ns.delete("itemFulfillment", second)
    await told(pipeline, "Order", ident, Accord_ERP_Status__c="Partly shipped")
    await shipped(pipeline, ident, [4, 6])
    left = await fulfilments(pipeline, ident, 1)
    assert left[0]["Id"] == first[0]["Id"]


async def ship(rig: Rig, so: str, quantities: tuple[int | None, ...], parcels: tuple[str, ...]) -> str:
    """A fulfilment of these quantities (None: not this line); answers its id."""
    lines = (await rig.ns.get("salesOrder", so))["item"]["items"]
    goods = [
        {"orderLine": line["line"], "itemReceive": quantity is not None, **({"quantity": quantity} if quantity else {})}
        for line, quantity in zip(lines, quantities, strict=True)
        if line.get("quantityFulfilled", 0) != line["quantity"]
    ]
    packages = [{"packageTrackingNumber": name, "packageWeight": 2.0, "packageDescr": f"Box {name}"} for name in parcels]
    body = {"shipStatus": {"id": "C"}, "item": {"items": goods}, "package": {"items": packages}}
    return await rig.ns.transform("salesOrder", so, "itemFulfillment", body)


async def fulfilments(rig: Rig, ident: str, count: int) -> list[Any]:
    """The Order's fulfilments with lines and packages, once there are so many."""
    soql = (
        "SELECT Id, Status__c, (SELECT Tracking__c FROM Packages__r), (SELECT Quantity__c, Order_Item__c FROM Lines__r) "
        f"FROM Accord_Fulfilment__c WHERE Order__c = '{ident}' ORDER BY CreatedDate"
    )

    async def look() -> list[Any] | None:
        rows = (await rig.sf.query(soql)).rows
        return list(rows) if len(rows) == count and all(r["Packages__r"] and r["Lines__r"] for r in rows) else None

    found: list[Any] = await rig.until(f"{count} fulfilments of Order {ident}", look)
    return found


async def shipped(rig: Rig, ident: str, wanted: list[int]) -> None:
    """The lines' shipped quantities, in rising order."""

    async def look() -> bool:
        rows = (await rig.sf.query(f"SELECT Accord_Qty_Shipped__c FROM OrderItem WHERE OrderId = '{ident}'")).rows
        return sorted(int(r["Accord_Qty_Shipped__c"] or 0) for r in rows) == wanted

    await rig.until(f"shipped {wanted}", look)
