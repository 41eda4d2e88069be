"""Orders that come back, each with its reason, and go as soon as it is gone: mended by their sellers, or by finance."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from ops.demo.story.people import changed, customer_id, line_of, made, order_id, ordered
from ops.demo.tell import Stage, now

#: code -> (what is wrong with the order, what its seller changes then).
MENDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "terms_unknown": ({"Accord_Terms__c": "Net 99"}, {"Accord_Terms__c": "Net 30"}),
    "total_mismatch": ({"Accord_Stated_Total__c": Decimal("1.00")}, {"Accord_Stated_Total__c": None}),
    "subsidiary_mismatch": ({"Accord_Store__c": "moon"}, {"Accord_Store__c": "us"}),
}
FIELDS = ("Accord_Code__c", "Accord_Message__c")


async def told(stage: Stage) -> None:
    account = await made(
        stage.world.salesforce, "Account", {"Name": "Reason Retail", "Type": "Customer", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us"}
    )

    async def there() -> str | None:
        return await customer_id(stage.world.netsuite, account)

    await stage.see("a customer whose orders have something wrong with them", there)
    await sellers(stage, account)
    await finance(stage, account)


async def sellers(stage: Stage, account: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    line, start = await line_of(sf, "SKU-0023", "USD", 1), now()
    made_ = await asyncio.gather(*(ordered(sf, account, stage.seeds.pricebook, [line], **wrong) for wrong, _ in MENDED.values()))
    orders = dict(zip(MENDED, made_, strict=True))

    async def read() -> str | None:
        found = {code: await sf.get("Order", ident, FIELDS) for code, ident in orders.items()}
        return (
            " · ".join(f"{code}: {f['Accord_Message__c']}" for code, f in found.items())
            if all(f["Accord_Code__c"] == code for code, f in found.items())
            else None
        )

    async def gone() -> str | None:
        ids = [await order_id(ns, ident) for ident in orders.values()]
        return f"sales orders {', '.join(map(str, ids))}" if all(ids) else None

    await stage.see(f"{len(orders)} orders come back, each with a reason of its own", read, since=start)
    start = now()
    await asyncio.gather(*(changed(sf, "Order", orders[code], mend) for code, (_, mend) in MENDED.items()))
    await stage.see("their sellers mend them; all go by themselves", gone, since=start)


async def finance(stage: Stage, account: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    ident = str(await customer_id(ns, account))
    await ns.update("customer", ident, {"creditHoldOverride": {"id": "ON"}})

    async def held() -> str | None:
        found = await sf.get("Account", account, ("Accord_On_Hold__c",))
        return "on hold" if found["Accord_On_Hold__c"] == "on" else None

    await stage.see("finance puts the customer on credit hold; sales sees it", held)
    start = now()
    order = await ordered(sf, account, stage.seeds.pricebook, [await line_of(sf, "SKU-0024", "USD", 1)])

    async def waits() -> str | None:
        found = await sf.get("Order", order, FIELDS)
        return str(found["Accord_Message__c"]) if found["Accord_Code__c"] == "customer_on_hold" else None

    async def gone() -> str | None:
        found = await order_id(ns, order)
        return f"sales order {found}" if found else None

    await stage.see("an order of it waits, and says for what", waits, since=start)
    start = now()
    await ns.update("customer", ident, {"creditHoldOverride": {"id": "OFF"}})
    await stage.see("the hold is lifted; the order goes by itself", gone, since=start)
