"""The first snapshots: what exists on both sides is joined, what exists on one side is made on the other, nothing is doubled."""

from __future__ import annotations

from ops.demo import seed
from ops.demo.tell import Stage, now

CUSTOMERS = seed.CUSTOMERS_BOTH + seed.CUSTOMERS_SALESFORCE + seed.CUSTOMERS_NETSUITE
ITEMS = seed.ITEMS_BOTH + seed.ITEMS_NETSUITE


async def joined(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    start = now()

    async def customers() -> str | None:
        linked = await sf.count("Account", "Accord_NetSuite_Id__c != null")
        total = await sf.count("Account")
        (there,) = [row async for row in ns.suiteql("SELECT COUNT(*) AS n, COUNT(externalid) AS k FROM customer")]
        if linked != CUSTOMERS or int(there["k"]) != CUSTOMERS:
            return None
        return f"{linked} linked, {total} in Salesforce, {there['n']} in NetSuite" if total == int(there["n"]) == CUSTOMERS else None

    async def items() -> str | None:
        linked, total = await sf.count("Product2", "Accord_NetSuite_Id__c != null"), await sf.count("Product2")
        return f"{linked} linked, {total} in Salesforce" if linked == total == ITEMS else None

    async def prices() -> str | None:
        found = await sf.count("PricebookEntry")
        return f"{found} entries of the standard price book" if found == 2 * ITEMS else None

    await stage.see(f"{CUSTOMERS} customers: joined where both had them, made where one had", customers, since=start, patience_s=90)
    await stage.see(f"{ITEMS} items: products of the same SKU adopted, the rest made", items, since=start, patience_s=90)
    await stage.see("base prices in two currencies, each after its product", prices, since=start, patience_s=90)
