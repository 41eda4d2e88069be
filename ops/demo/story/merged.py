"""One customer that was kept twice: sales merges the accounts, and nobody sells to the old customer any more."""

from __future__ import annotations

from ops.demo.story.agreed import HOME
from ops.demo.story.people import customer_id, made
from ops.demo.tell import Stage, now
from schemas.ids import to_external


async def told(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    kept = await made(sf, "Account", {"Name": "Tern & Sons", "Type": "Customer", **HOME})
    twin = await made(sf, "Account", {"Name": "Tern and Sons", "Type": "Customer", **HOME})
    person = await made(sf, "Contact", {"AccountId": twin, "FirstName": "Mo", "LastName": "Tern", "Email": "mo@tern.example"})

    async def company() -> str | None:
        ident = await ns.id_of("contact", to_external(f"contact:salesforce:{person}"))
        found = await ns.get("contact", ident) if ident else {}
        return str(found["company"]["id"]) if found.get("company") else None

    async def twice() -> str | None:
        both = [await customer_id(ns, account) for account in (kept, twin)]
        return f"customers {' and '.join(map(str, both))}" if all(both) and await company() else None

    await stage.see("one customer is kept twice, with a person at the second", twice)
    there, old = str(await customer_id(ns, kept)), str(await customer_id(ns, twin))
    start = now()
    await stage.world.control("POST", "/salesforce/merge", {"object": "Account", "master": kept, "losers": [twin]})  # SOAP's merge(), which no REST API has

    async def moved() -> str | None:
        gone = await ns.get("customer", old)
        return f"the person is at {there}, {old} is out of use" if gone["isInactive"] and await company() == there else None

    await stage.see("sales merges the two: the person moves, the old customer goes out of use", moved, since=start)
