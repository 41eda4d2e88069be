"""A new customer, its contacts, its credit limit, and who may change what."""

from __future__ import annotations

import asyncio

from ops.demo.story.people import customer_id, made
from ops.demo.tell import Stage, now
from schemas.ids import to_external

CERTIFICATE, EXEMPT_UNTIL = "OR-4471", "2027-12-31"


async def owned(stage: Stage) -> None:
    """Who may change what of the customer that has just arrived."""
    account = str(stage.memory["account"])
    await limit(stage, account)
    await put_back(stage, account)
    await both_at_once(stage, account)


async def arrives(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    start = now()
    account = await made(sf, "Account", {
        "Name": "Blue Heron Outfitters", "Type": "Customer", "Phone": "+1 503 555 0142", "Accord_Email__c": "Orders@BlueHeron.example",
        "BillingStreet": "1200 NW Naito Pkwy\nSuite 400", "BillingCity": "Portland", "BillingStateCode": "OR", "BillingPostalCode": "97209",
        "BillingCountryCode": "US", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us",
        "Accord_Exempt_Certificate__c": CERTIFICATE, "Accord_Exempt_Reason__c": "Resale", "Accord_Exempt_Until__c": EXEMPT_UNTIL,
    })  # fmt: skip
    stage.memory["account"] = account
    people = [
        await made(
            sf, "Contact", {"AccountId": account, "FirstName": "Ada", "LastName": "Lind", "Email": "ada@blueheron.example", "Accord_Role__c": "Primary Contact"}
        ),
        await made(sf, "Contact", {"AccountId": account, "FirstName": "Ben", "LastName": "Ortiz", "Email": "ben@blueheron.example"}),
    ]

    async def customer() -> str | None:
        ident = await customer_id(ns, account)
        found = await ns.get("customer", ident) if ident else None
        return f"customer {ident}: {found['companyName']}, {found['email']}" if found else None

    async def contacts() -> str | None:
        ids = [await ns.id_of("contact", to_external(f"contact:salesforce:{p}")) for p in people]
        parent = await customer_id(ns, account)
        if not all(ids):
            return None
        found = [await ns.get("contact", i) for i in ids if i]
        role = (found[0].get("contactRole") or {}).get("refName")
        return (
            f"contacts {', '.join(str(i) for i in ids)} of customer {parent}; Ada is {role}"
            if role and all(c["company"]["id"] == parent for c in found)
            else None
        )

    await stage.see("a customer made in Salesforce is in NetSuite", customer, since=start)
    await stage.see("its two contacts follow, once their customer is there, one as the primary contact", contacts, since=start)


async def limit(stage: Stage, account: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    ident = await customer_id(ns, account)
    start = now()
    held = await ns.get("customer", str(ident))
    certificate = " ".join(str(held.get(f"custentity_accord_exempt_{part}")) for part in ("certificate", "reason", "until"))
    await ns.update("customer", str(ident), {"creditLimit": 25000, "terms": {"id": "1"}, "taxable": False})

    async def seen() -> str | None:
        found = await sf.get("Account", account, ("Accord_Credit_Limit__c", "Accord_Terms__c"))
        value = found["Accord_Credit_Limit__c"]
        return f"limit {value}, terms {found['Accord_Terms__c']}" if value is not None and int(value) == 25000 and found["Accord_Terms__c"] else None

    async def exempt() -> str | None:
        found = await sf.get("Account", account, ("Accord_Tax_Exempt__c",))
        return f"certificate {certificate}" if found["Accord_Tax_Exempt__c"] and CERTIFICATE in certificate and EXEMPT_UNTIL in certificate else None

    await stage.see("finance sets credit limit and terms in NetSuite; sales sees them", seen, since=start)
    await stage.see("by the certificate that sales took down finance marks the customer tax exempt; sales sees it", exempt, since=start)


async def put_back(stage: Stage, account: str) -> None:
    sf = stage.world.salesforce
    before = await stage.journal("salesforce", account)
    start = now()
    await sf.update_all([{"attributes": {"type": "Account"}, "Id": account, "Accord_Credit_Limit__c": 999999}])

    async def seen() -> str | None:
        found = await sf.get("Account", account, ("Accord_Credit_Limit__c",))
        changes = await stage.journal("salesforce", account) - before
        return f"999999 was put back to {found['Accord_Credit_Limit__c']}" if int(found["Accord_Credit_Limit__c"]) == 25000 and changes >= 2 else None

    await stage.see("a sales user's edit of the credit limit is put back", seen, since=start)


async def both_at_once(stage: Stage, account: str) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    ident = str(await customer_id(ns, account))
    start = now()
    await asyncio.gather(
        sf.update_all([{"attributes": {"type": "Account"}, "Id": account, "Phone": "+1 503 555 0177", "Name": "Blue Heron Outfitters LLC"}]),
        ns.update("customer", ident, {"creditLimit": 31000, "companyName": "BLUE HERON (typed over)"}),
    )

    async def seen() -> str | None:
        here = await sf.get("Account", account, ("Phone", "Name", "Accord_Credit_Limit__c"))
        there = await ns.get("customer", ident)
        same = there["companyName"] == here["Name"] == "Blue Heron Outfitters LLC" and int(here["Accord_Credit_Limit__c"]) == int(there["creditLimit"]) == 31000
        return f"name {there['companyName']}, limit {here['Accord_Credit_Limit__c']}" if same and "0177" in there["phone"] else None

    await stage.see("both systems edited at the same moment: each field ends as its owner says", seen, since=start)


async def deleted(stage: Stage) -> None:
    sf, ns = stage.world.salesforce, stage.world.netsuite
    account = await made(sf, "Account", {"Name": "Short Lived Ltd", "Type": "Customer", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us"})

    async def there() -> str | None:
        return await customer_id(ns, account)

    await stage.see("a customer that will not stay long", there)
    ident = await customer_id(ns, account)
    start = now()
    await ns.delete("customer", str(ident))

    async def told() -> str | None:
        found = await sf.get("Account", account, ("Accord_Status__c", "Accord_Inactive__c"))
        return f"inactive {found['Accord_Inactive__c']}, status {found['Accord_Status__c']}" if found["Accord_Inactive__c"] else None

    await stage.see("deleted in NetSuite: inactive in Salesforce", told, since=start)
    await sf.update_all([{"attributes": {"type": "Account"}, "Id": account, "Phone": "+1 503 555 0199"}])
    stage.memory["deleted"] = account
