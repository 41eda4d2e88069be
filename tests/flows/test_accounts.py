"""Accounts in full: further addresses, families, merges, deletions that were a mistake, people of one name."""

from __future__ import annotations

from typing import Any

from ops.demo.story.people import changed, made
from schemas.ids import to_external
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, told


async def book(rig: Rig, customer: str) -> dict[str | None, bool]:
    """The customer's address book: label -> is it a default?"""
    found = await rig.ns.get("customer", customer)
    return {line.get("label"): bool(line["defaultBilling"] or line["defaultShipping"]) for line in found["addressBook"]["items"]}


async def places(rig: Rig, ident: str) -> dict[str, str]:
    """The account's further addresses: label -> NetSuite's id."""
    rows = (await rig.sf.query(f"SELECT Label__c, Accord_NetSuite_Id__c FROM Accord_Address__c WHERE Account__c = '{ident}'")).rows
    return {row["Label__c"]: row["Accord_NetSuite_Id__c"] for row in rows if row["Accord_NetSuite_Id__c"]}


async def test_further_addresses_go_both_ways_and_beside_the_defaults(pipeline: Rig):
    """A dock that only one side knows gets no delivery; and an edit of it must not touch the address that bills go to."""
    ident = await account(pipeline, "Many Doors Ltd")
    customer = await customer_of(pipeline, ident)
    dock = {"Account__c": ident, "Label__c": "Dock 2", "Street__c": "5 Harbour Way", "City__c": "Portland", "State_Code__c": "OR", "Postal_Code__c": "97201"}
    row = await made(pipeline.sf, "Accord_Address__c", dock | {"Country_Code__c": "US"})

    async def arrived() -> bool:
        return await book(pipeline, customer) == {None: True, "Dock 2": False} and set(await places(pipeline, ident)) == {"Dock 2"}

    await pipeline.until("the dock is in NetSuite's address book, and Salesforce knows it", arrived)
    depot = {"label": "Depot", "addressBookAddress": {"addr1": "9 Rail Rd", "city": "Salem", "state": "OR", "zip": "97301", "country": {"id": "US"}}}
    await pipeline.ns.update("customer", customer, {"addressBook": {"items": [depot]}})

    async def both() -> bool:
        return set(await places(pipeline, ident)) == {"Dock 2", "Depot"}

    await pipeline.until("the depot is in Salesforce", both)
    await pipeline.sf.delete_all([row])

    async def left() -> bool:
        return await book(pipeline, customer) == {None: True, "Depot": False}

    await pipeline.until("the dock has gone from NetSuite, and nothing else", left)


async def test_tax_registrations_go_both_ways(pipeline: Rig):
    """Sales takes the German number down, finance adds another: invoices need both; a number that NetSuite refuses is told where it was typed."""
    ident = await account(pipeline, "Registered GmbH")
    customer = await customer_of(pipeline, ident)
    row = await made(pipeline.sf, "Accord_Tax_Registration__c", {"Account__c": ident, "Country_Code__c": "DE", "Number__c": "DE12"})
    await told(pipeline, "Accord_Tax_Registration__c", row, Accord_Status__c="rejected", Accord_Message__c=lambda m: "not valid for DE" in (m or ""))
    await changed(pipeline.sf, "Accord_Tax_Registration__c", row, {"Number__c": "DE123456789"})
    await told(pipeline, "Accord_Tax_Registration__c", row, Accord_Status__c="synced", Accord_NetSuite_Id__c=bool)
    nexus = pipeline.seeds.reference["nexuses"]["DE"]
    second = {"nexusCountry": {"id": "DE"}, "nexus": {"id": nexus}, "taxRegistrationNumber": "DE987654321"}
    await pipeline.ns.update("customer", customer, {"taxRegistration": {"items": [second]}})

    async def both() -> bool:
        rows = (await pipeline.sf.query(f"SELECT Number__c FROM Accord_Tax_Registration__c WHERE Account__c = '{ident}'")).rows
        lines = (await pipeline.ns.get("customer", customer))["taxRegistration"]["items"]
        wanted = ["DE123456789", "DE987654321"]
        return sorted(r["Number__c"] for r in rows) == wanted == sorted(line["taxRegistrationNumber"] for line in lines)

    await pipeline.until("both numbers are on both sides", both)


async def test_an_exemption_certificate_goes_both_ways(pipeline: Rig):
    """Finance judges by what sales took down, and sales reads what finance already had: else an exempt customer is taxed, or a taxed one is not."""
    given = {"Accord_Exempt_Certificate__c": "OR-4471", "Accord_Exempt_Reason__c": "Resale", "Accord_Exempt_Until__c": "2027-12-31"}
    ident = await account(pipeline, "Exempt Ltd", **given)
    customer = await customer_of(pipeline, ident)
    held = await pipeline.ns.get("customer", customer)
    assert [held[f"custentity_accord_exempt_{part}"] for part in ("certificate", "reason", "until")] == list(given.values())
    body = {"custentity_accord_exempt_certificate": "TX-9", "custentity_accord_exempt_reason": "Charity", "custentity_accord_exempt_until": "2028-06-30"}
    await pipeline.ns.create("customer", {"companyName": "Exempt Before Accord", "subsidiary": {"id": "1"}, "currency": {"id": "1"}, **body})

    async def shown() -> bool:
        rows = (await pipeline.sf.query(f"SELECT {', '.join(given)} FROM Account WHERE Name = 'Exempt Before Accord'")).rows
        return [[row[name] for name in given] for row in rows] == [list(body.values())]

    await pipeline.until("the certificate that only finance had is on the account", shown)
    await changed(pipeline.sf, "Account", ident, {"Accord_Exempt_Certificate__c": None, "Accord_Exempt_Reason__c": None, "Accord_Exempt_Until__c": None})

    async def gone() -> bool:
        found = await pipeline.ns.get("customer", customer)
        return not any(found.get(f"custentity_accord_exempt_{part}") for part in ("certificate", "reason", "until"))

    await pipeline.until("a certificate that was taken back is taken from NetSuite", gone)


async def test_a_merge_leads_the_losers_people_to_the_survivor(pipeline: Rig):
    """Two accounts become one: the contact of the deleted one must change its company in NetSuite, and nobody sells to the old customer."""
    winner, loser = await account(pipeline, "Merge Survivor Ltd"), await account(pipeline, "Merge Loser Ltd")
    person = await made(pipeline.sf, "Contact", {"AccountId": loser, "FirstName": "Mo", "LastName": "Ved", "Email": "mo@merge.example"})
    there, old = await customer_of(pipeline, winner), await customer_of(pipeline, loser)

    async def contact() -> dict[str, Any] | None:
        id_ = await pipeline.ns.id_of("contact", to_external(f"contact:salesforce:{person}"))
        return dict(await pipeline.ns.get("contact", id_)) if id_ else None

    await pipeline.until("the contact is in NetSuite", contact)
    await pipeline.control("POST", "/salesforce/merge", {"object": "Account", "master": winner, "losers": [loser]})

    async def moved() -> bool:
        company, gone, kept = (await contact() or {}).get("company"), await pipeline.ns.get("customer", old), await pipeline.ns.get("customer", there)
        return (
            (company or {}).get("id") == there
            and gone["isInactive"] is True
            and gone.get("custentity_accord_code") == "merged_in_salesforce"
            and not kept["isInactive"]
        )

    await pipeline.until("the contact has moved and the old customer is out of use", moved)


async def test_a_deletion_by_mistake_is_undone_on_both_sides(pipeline: Rig):
    """Deleted, its customer goes out of use; out of the recycle bin it is in use again, and the account is not marked inactive."""
    ident = await account(pipeline, "Deleted By Mistake Ltd")
    customer = await customer_of(pipeline, ident)

    async def inactive() -> bool:
        return bool((await pipeline.ns.get("customer", customer))["isInactive"])

    async def active() -> bool:
        return not await inactive()

    await told(pipeline, "Account", ident, Accord_NetSuite_Id__c=customer)
    await pipeline.sf.delete_all([ident])
    await pipeline.until("the customer is inactive", inactive)
    await pipeline.control("POST", "/salesforce/undelete", {"object": "Account", "id": ident})
    await pipeline.until("the customer is active again", active)
    await told(pipeline, "Account", ident, Accord_Inactive__c=False, Accord_NetSuite_Id__c=customer)


async def test_a_child_waits_for_its_parent_and_goes_by_itself(pipeline: Rig):
    """NetSuite wants the parent first: the child says for whom it waits, and arrives under it."""
    parent = await account(pipeline, "Parent Prospect Ltd", Type="Prospect")
    child = await account(pipeline, "Child Ltd", ParentId=parent)
    await told(
        pipeline, "Account", child, Accord_Status__c="waiting", Accord_Code__c="missing_customer", Accord_Message__c=lambda m: "Parent Prospect" in (m or "")
    )
    await changed(pipeline.sf, "Account", parent, {"Type": "Customer"})
    above, below = await customer_of(pipeline, parent), await customer_of(pipeline, child)
    assert (await pipeline.ns.get("customer", below))["parent"]["id"] == above
    await told(pipeline, "Account", child, Accord_Status__c="synced", Accord_Code__c=None)
