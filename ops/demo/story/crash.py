"""A sink dies in the middle; a second worker joins."""

from __future__ import annotations

import asyncio
import signal

from accord.kafka import admin
from ops.demo.tell import Stage, now

MANY = 60
SINK = "sinks-netsuite"


async def killed(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    rows = (await sf.query(f"SELECT Id, AccountNumber FROM Account WHERE AccountNumber LIKE 'C-%' AND BillingCountryCode = 'US' LIMIT {MANY}")).rows
    before = await stage.journal("netsuite")
    start = now()
    await sf.update_all([{"attributes": {"type": "Account"}, "Id": r["Id"], "Phone": f"+1 503 555 {2000 + n}"} for n, r in enumerate(rows)])
    while await stage.journal("netsuite") < before + 5:
        await stage.clock.sleep(0.01)
    process = stage.supervisor.children[SINK].process
    if process is not None:
        process.send_signal(signal.SIGKILL)
    landed = await stage.journal("netsuite") - before

    async def all_there() -> str | None:
        found = {r["accountnumber"]: r.get("phone") async for r in ns.suiteql("SELECT accountnumber, phone FROM customer WHERE accountnumber IS NOT NULL")}
        right = sum(1 for n, r in enumerate(rows) if (found.get(r["AccountNumber"]) or "").endswith(str(2000 + n)))
        return f"killed after {landed} of {len(rows)} writes; all {right} are there" if right == len(rows) else None

    async def none_twice() -> str | None:
        found = [r async for r in ns.suiteql("SELECT externalid, COUNT(*) AS n FROM customer GROUP BY externalid HAVING COUNT(*) > 1")]
        return "no customer twice" if not found else None

    await stage.see(f"{MANY} customers change; the NetSuite sink is killed with SIGKILL in the middle and comes back", all_there, since=start, patience_s=120)
    await stage.see("nothing was doubled by it", none_twice)


async def joined(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    client = admin.client(stage.world.kafka)
    start = now()
    stage.supervisor.add("streams-2", ("run", "streams", "--config", stage.config))

    async def shared() -> str | None:
        shares = await asyncio.to_thread(admin.shares, client, f"{stage.pipeline.topics.prefix}streams")
        return f"partitions by worker: {' and '.join(map(str, sorted(shares)))}" if len(shares) == 2 and min(shares) > 0 else None

    await stage.see("a second streams worker joins and shares the partitions", shared, since=start)
    account = stage.memory["account"]
    start = now()
    await sf.update_all([{"attributes": {"type": "Account"}, "Id": account, "Website": "https://blueheron.example"}])

    async def flows() -> str | None:
        found = [r async for r in ns.suiteql("SELECT url FROM customer WHERE externalid = ?", (f"customer-salesforce-{account}",))]
        return str(found[0]["url"]) if found and "blueheron" in str(found[0].get("url")) else None

    await stage.see("changes flow through both", flows, since=start)
