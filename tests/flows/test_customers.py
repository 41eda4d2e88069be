"""Customers and contacts, from one side to the other, and who may change what."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from accord.errors import Rejected
from accord.netsuite.faults import missing
from ops.demo.story.people import changed, made
from schemas.ids import to_external
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, told


async def test_records_of_both_systems_are_joined_and_not_doubled(pipeline: Rig):
    """Adoption: a business that both systems already know must become one pair; a double would split its orders and its credit."""

    async def look() -> bool:
        accounts = (await pipeline.sf.query("SELECT Name, Accord_NetSuite_Id__c FROM Account WHERE AccountNumber LIKE 'C-%'")).rows
        customers = [row async for row in pipeline.ns.suiteql("SELECT id, accountnumber, externalid FROM customer WHERE accountnumber LIKE 'C-%' ORDER BY id")]
        linked = {a["Accord_NetSuite_Id__c"] for a in accounts}
        return len(accounts) == len(customers) == len(linked) == 5 and linked == {c["id"] for c in customers} and all(c.get("externalid") for c in customers)

    await pipeline.until("five pairs out of three in both, one here and one there", look, 120)


async def test_people_without_an_e_mail_are_joined_by_their_company_and_name(pipeline: Rig):
    """Somebody whom both systems know by name alone must stay one person: NetSuite would take a second one as "Una Twice (2)"."""

    async def look() -> bool:
        here = (await pipeline.sf.query("SELECT Accord_NetSuite_Id__c FROM Contact WHERE LastName = 'Twice'")).rows
        there = [row async for row in pipeline.ns.suiteql("SELECT id, title FROM contact WHERE lastname = 'Twice'")]
        return [c["Accord_NetSuite_Id__c"] for c in here] == [c["id"] for c in there] and there[0].get("title") == "Buyer"

    await pipeline.until("one Una on either side", look)


async def test_an_account_becomes_a_customer_and_its_credit_limit_comes_back(pipeline: Rig):
    """Sales sees the limit that finance set, or it sells beyond it; finance gets the customer as sales knows it."""
    ident = await account(pipeline, "Blue Heron Outfitters", Accord_Email__c="Orders@BlueHeron.example", AccountNumber="BH-1")
    customer = await pipeline.ns.get("customer", await customer_of(pipeline, ident))
    assert (customer["companyName"], customer["email"], customer["accountNumber"]) == ("Blue Heron Outfitters", "orders@blueheron.example", "BH-1")
    await pipeline.ns.update("customer", str(customer["id"]), {"creditLimit": Decimal(25000), "terms": {"id": "1"}})
    seen = await told(pipeline, "Account", ident, Accord_Credit_Limit__c=Decimal(25000), Accord_Terms__c="Net 30", Accord_NetSuite_Number__c=bool)
    assert seen["Accord_NetSuite_Number__c"] == customer["entityId"]


async def test_a_contact_follows_its_customer(pipeline: Rig):
    """A contact saved in the same minute as its account must wait for it and go by itself, under the right company."""
    parent = await account(pipeline, "Contact House")
    ident = await made(pipeline.sf, "Contact", {"AccountId": parent, "FirstName": "Ada", "LastName": "Lind", "Email": "ada@contact.example"})

    async def there() -> str | None:
        return await pipeline.ns.id_of("contact", to_external(f"contact:salesforce:{ident}"))

    found = await pipeline.ns.get("contact", await pipeline.until("the contact is in NetSuite", there))
    assert (found["firstName"], found["lastName"], found["email"]) == ("Ada", "Lind", "ada@contact.example")
    assert found["company"]["id"] == await customer_of(pipeline, parent)


async def test_a_contact_has_the_role_that_sales_proposed_until_finance_gives_it_another(pipeline: Rig):
    """Finance calls the primary contact: whom sales named must be so in NetSuite, and sales must see when that changes."""
    parent = await account(pipeline, "Roles Ltd")
    person = await made(pipeline.sf, "Contact", {"AccountId": parent, "FirstName": "Rolf", "LastName": "Vik", "Accord_Role__c": "Primary Contact"})
    customer = await customer_of(pipeline, parent)
    held: dict[str, str] = {}

    async def primary() -> bool:
        id_ = await pipeline.ns.id_of("contact", to_external(f"contact:salesforce:{person}"))
        found = await pipeline.ns.get("contact", id_) if id_ else {}
        held["contact"] = str(id_)
        return (found.get("contactRole") or {}).get("refName") == "Primary Contact"

    await pipeline.until("the contact is in NetSuite, in its role", primary)
    await pipeline.ns.attach("customer", customer, "contact", held["contact"], {"role": {"id": "-30"}})
    await told(pipeline, "Contact", person, Accord_Role__c="Consultant", Accord_Status__c="synced")


async def test_an_edit_of_what_the_other_side_owns_is_put_back(pipeline: Rig):
    """The credit limit is NetSuite's: a sales user's own number must not stand, and never reach finance."""
    ident = await account(pipeline, "Put Back Ltd")
    customer = await customer_of(pipeline, ident)
    await pipeline.ns.update("customer", customer, {"creditLimit": 700})
    await told(pipeline, "Account", ident, Accord_Credit_Limit__c=Decimal(700))
    mark = await pipeline.last("netsuite")
    await changed(pipeline.sf, "Account", ident, {"Accord_Credit_Limit__c": Decimal(999999)})
    await told(pipeline, "Account", ident, Accord_Credit_Limit__c=Decimal(700))
    assert (await pipeline.ns.get("customer", customer))["creditLimit"] == 700
    assert [e for e in await pipeline.control.journal("netsuite", mark) if e["id"] == int(customer) and "creditlimit" in str(e["fields"]).lower()] == []


async def test_both_systems_edited_at_the_same_moment_converge(pipeline: Rig):
    """Each field ends as its owner says on both sides; last-write-wins would lose one person's work by chance."""
    ident = await account(pipeline, "Crossing Ltd")
    customer = await customer_of(pipeline, ident)
    await asyncio.gather(
        changed(pipeline.sf, "Account", ident, {"Name": "Crossing LLC", "Phone": "+1 503 555 0177", "Accord_Credit_Limit__c": Decimal(5)}),
        pipeline.ns.update("customer", customer, {"companyName": "typed over", "creditLimit": 3100}),
    )
    await told(pipeline, "Account", ident, Name="Crossing LLC", Accord_Credit_Limit__c=Decimal(3100))

    async def same() -> bool:
        found = await pipeline.ns.get("customer", customer)
        return found["companyName"] == "Crossing LLC" and found["creditLimit"] == 3100 and "0177" in found["phone"]

    await pipeline.until("NetSuite holds the same", same)
    await pipeline.quiet()
    assert await same()
    await told(pipeline, "Account", ident, Name="Crossing LLC", Accord_Credit_Limit__c=Decimal(3100))


async def test_a_record_deleted_in_netsuite_is_not_raised_from_the_dead(pipeline: Rig):
    """After a deletion an edit of the other side must not create it anew: an upsert by key would."""
    ident = await account(pipeline, "Short Lived Ltd")
    customer = await customer_of(pipeline, ident)
    await pipeline.ns.delete("customer", customer)
    await told(pipeline, "Account", ident, Accord_Inactive__c=True)
    await changed(pipeline.sf, "Account", ident, {"Phone": "+1 503 555 0199", "Name": "Short Lived and Gone"})
    await pipeline.quiet()
    assert await pipeline.ns.id_of("customer", to_external(f"customer:salesforce:{ident}")) is None
    with pytest.raises(Rejected) as gone:
        await pipeline.ns.get("customer", customer)
    assert missing(gone.value)
