"""Both targets with the real clients against the sandboxes: the same rules that the fakes are held to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accord.clock import SystemClock
from schemas.events import Part
from sinks import clients
from sinks.refs import fill
from sinks.target import Job, Verdict
from tests.accord.served import ServedAccount, ServedOrg
from tests.sinks.builders import a_ledger, a_link, a_write


class Door:
    """One sandbox through its target; faults are switched off between jobs only by their count."""

    def __init__(self, served: Any, target: Any, rest: Any) -> None:
        self.served, self.target, self.rest = served, target, rest

    def send(self, *jobs: Job) -> list[Verdict]:
        return list(self.served.background.run(self.target.apply(jobs)))

    def ask(self, call: Any) -> Any:
        return self.served.background.run(call)


@pytest.fixture
def salesforce(org: ServedOrg) -> Door:
    rest = org.client()
    org.background.run(rest.token())  # signed in: faults strike what the test asks for
    return Door(org, clients.salesforce(rest, SystemClock()), rest)


@pytest.fixture
def netsuite(account: ServedAccount) -> Door:
    rest = account.client()
    account.background.run(rest.server_time())  # signed in: faults strike what the test asks for
    return Door(account, clients.netsuite(rest, calls=4), rest)


def job(*, doubt: bool = False, known: str = "", links: tuple[Any, ...] = (), **write: Any) -> Job:
    made, ledger = a_write(**write), a_ledger()
    for link in links:
        ledger.links.put(link.key, link)
    bodies, missing = fill(made, ledger.links)
    assert not missing
    return Job(made, bodies, made.id or known, doubt)


def an_account(n: int, **more: Any) -> Job:
    body = more.pop("body", {"Name": f"Acme {n}"})
    return job(key=f"customer:netsuite:{n}", target="salesforce", object="Account", body=body, **more)


def rows(door: Door, soql: str) -> list[Any]:
    return list(door.ask(door.rest.query(soql)).rows)


def test_salesforce_create_then_a_taken_key_then_update(salesforce: Door) -> None:
    """One record, whatever is repeated: insert, the same insert again, update by id."""
    [made] = salesforce.send(an_account(1))
    [again] = salesforce.send(an_account(1, body={"Name": "Acme 1b"}))
    [update] = salesforce.send(an_account(1, id=made.id, body={"Phone": "+49 89 1"}))
    assert (made.kind, made.created, again.kind, again.created, again.id, update.kind) == (
        "applied",
        True,
        "applied",
        False,
        made.id,
        "applied",
    )
    [row] = rows(salesforce, "SELECT Id, Name, Phone FROM Account WHERE Accord_Key__c = 'customer-netsuite-1'")
    assert (row["Id"], row["Name"], row["Phone"]) == (made.id, "Acme 1b", "+49 89 1")
    assert 0 < made.before <= made.after


def test_salesforce_one_bad_row_of_a_call(salesforce: Door) -> None:
    """A row without its name goes back with code and field, the others go through."""
    verdicts = salesforce.send(an_account(2), an_account(3, body={"Phone": "1"}), an_account(4))
    assert [v.kind for v in verdicts] == ["applied", "rejected", "applied"]
    assert (verdicts[1].code, verdicts[1].field) == ("REQUIRED_FIELD_MISSING", "Name")


def test_salesforce_an_unknown_field_rejects_its_own_record_only(salesforce: Door) -> None:
    """A field that isn't deployed refuses the whole call: the batch is halved until the bad one stands alone."""
    verdicts = salesforce.send(an_account(5), an_account(6, body={"Name": "x", "Nowhere__c": "1"}), an_account(7))
    assert [v.kind for v in verdicts] == ["applied", "rejected", "applied"]


def test_salesforce_reset_after_commit(salesforce: Door) -> None:
    """The answer is lost, the record is there: the second attempt finds it and makes no other."""
    salesforce.served.fault("reset_after_commit", match={"method": "POST"})
    [lost] = salesforce.send(an_account(8))
    [found] = salesforce.send(an_account(8, doubt=True))
    assert (lost.kind, lost.ambiguous, found.kind) == ("retry", True, "unchanged")
    assert len(rows(salesforce, "SELECT Id FROM Account WHERE Accord_Key__c = 'customer-netsuite-8'")) == 1


def test_salesforce_a_deleted_record_is_gone(salesforce: Door) -> None:
    """An update of what a user deleted raises nothing from the dead."""
    [made] = salesforce.send(an_account(9))
    salesforce.ask(salesforce.rest.delete_all([made.id]))
    [verdict] = salesforce.send(an_account(9, id=made.id))
    assert (verdict.kind, verdict.id) == ("gone", made.id)
    assert rows(salesforce, "SELECT Id FROM Account WHERE Accord_Key__c = 'customer-netsuite-9'") == []


def test_salesforce_a_price_twice(salesforce: Door) -> None:
    """A PricebookEntry has no key of ours: the second create finds the first by book and product."""
    [product] = salesforce.send(job(key="item:netsuite:5", target="salesforce", object="Product2", body={"Name": "Cup", "IsActive": True}))
    [book] = rows(salesforce, "SELECT Id FROM Pricebook2 WHERE IsStandard = true")
    link = a_link("item:netsuite:5", salesforce=product.id)

    def price(amount: float) -> Job:
        return job(
            key="price:netsuite:5-1-1", target="salesforce", object="PricebookEntry", body={"UnitPrice": amount, "IsActive": True, "Product2Id": {"$ref": "item:netsuite:5"}},
            seeds={"Pricebook2Id": book["Id"]}, links=(link,),
        )  # fmt: skip

    [first] = salesforce.send(price(9.5))
    [second] = salesforce.send(price(9.9))
    assert (first.kind, first.created, second.kind, second.id) == ("applied", True, "applied", first.id)
    [row] = rows(salesforce, f"SELECT UnitPrice FROM PricebookEntry WHERE Product2Id = '{product.id}'")
    assert float(row["UnitPrice"]) == 9.9


def test_salesforce_a_fulfilment_with_lines_and_packages_twice(salesforce: Door) -> None:
    """Head, then children by their key; the same again changes nothing and doubles nothing."""
    own = {"$ref": "fulfilment:netsuite:77"}
    head = json.dumps({"Fulfilment__c": own})
    parts = [Part("Accord_Fulfilment_Line__c", "", f"fulfilment-line-netsuite-77-{n}", json.dumps({"Quantity__c": n}), head) for n in (1, 2)]
    parts.append(Part("Accord_Package__c", "", "package-netsuite-77-1", json.dumps({"Tracking__c": "1Z"}), head))
    write: dict[str, Any] = {
        "key": "fulfilment:netsuite:77",
        "target": "salesforce",
        "object": "Accord_Fulfilment__c",
        "body": {"Number__c": "IF77"},
        "parts": parts,
    }
    [first] = salesforce.send(job(**write))
    [second] = salesforce.send(job(**write, id=first.id))
    assert (first.kind, first.created, second.kind) == ("applied", True, "applied"), (first, second)
    lines = rows(salesforce, f"SELECT Quantity__c FROM Accord_Fulfilment_Line__c WHERE Fulfilment__c = '{first.id}'")
    assert sorted(float(r["Quantity__c"]) for r in lines) == [1.0, 2.0]
    assert len(rows(salesforce, f"SELECT Id FROM Accord_Package__c WHERE Fulfilment__c = '{first.id}'")) == 1


def a_customer(n: int, **more: Any) -> Job:
    body = more.pop("body", {"companyName": f"Acme {n}", "subsidiary": {"id": "1"}})
    return job(key=f"customer:salesforce:{n}", object="customer", body=body, **more)


def test_netsuite_create_then_a_taken_key_then_update(netsuite: Door) -> None:
    """One record, whatever is repeated; one call a create, one an update."""
    [made] = netsuite.send(a_customer(1, seeds={"creditLimit": 500}))
    [again] = netsuite.send(a_customer(1, seeds={"creditLimit": 900}, body={"companyName": "Acme 1b", "subsidiary": {"id": "1"}}))
    [update] = netsuite.send(a_customer(1, id=made.id, body={"phone": "+49891234567"}))
    assert (made.kind, made.created, made.calls) == ("applied", True, 1)
    assert (again.kind, again.created, again.id) == ("applied", False, made.id), again
    assert (update.kind, update.calls) == ("applied", 1)
    held = netsuite.ask(netsuite.rest.get("customer", made.id))
    assert (held["companyName"], held["creditLimit"], held["externalId"]) == ("Acme 1b", 500, "customer-salesforce-1")


def test_netsuite_reset_after_commit(netsuite: Door) -> None:
    """The answer is lost, the record is there: found by its external id, not made again."""
    netsuite.served.fault("reset_after_commit", match={"method": "POST"})
    [lost] = netsuite.send(a_customer(2))
    [found] = netsuite.send(a_customer(2, doubt=True))
    assert (lost.kind, lost.ambiguous, found.kind) == ("retry", True, "unchanged"), (lost, found)


def test_netsuite_addresses_are_not_doubled(netsuite: Door) -> None:
    """The second save goes to the line with the same flags, not to a new one."""

    def book(city: str) -> dict[str, Any]:
        address = {"addr1": "Marienplatz 1", "city": city, "zip": "80331", "country": {"id": "DE"}}
        return {"items": [{"defaultBilling": True, "defaultShipping": True, "addressBookAddress": address}]}

    [made] = netsuite.send(a_customer(3, body={"companyName": "Acme 3", "subsidiary": {"id": "1"}, "addressBook": book("Muenchen")}))
    [moved] = netsuite.send(a_customer(3, id=made.id, body={"addressBook": book("Ulm")}, options={"lines": "addressBook"}))
    [again] = netsuite.send(a_customer(3, id=made.id, body={"addressBook": book("Ulm")}, options={"lines": "addressBook"}, doubt=True))
    assert (made.kind, moved.kind, again.kind) == ("applied", "applied", "unchanged"), (made, moved, again)
    [line] = netsuite.ask(netsuite.rest.get("customer", made.id))["addressBook"]["items"]
    assert line["addressBookAddress"]["city"] == "Ulm"


def test_netsuite_a_deleted_record_is_gone(netsuite: Door) -> None:
    """A by-id 404 is an observation."""
    [made] = netsuite.send(a_customer(4))
    netsuite.ask(netsuite.rest.delete("customer", made.id))
    [verdict] = netsuite.send(a_customer(4, id=made.id, body={"companyName": "x"}))
    assert verdict.kind == "gone", verdict


def test_netsuite_a_misspelt_field_is_told(netsuite: Door) -> None:
    """By default NetSuite drops it with a 204; we ask for an error, and the record comes back with the field."""
    [verdict] = netsuite.send(a_customer(5, body={"companyName": "x", "subsidiary": {"id": "1"}, "creditlimitt": 1}))
    assert (verdict.kind, verdict.code) == ("rejected", "NONEXISTENT_FIELD"), verdict


def test_netsuite_an_order_in_its_stage_is_replaced_and_out_of_it_left_alone(netsuite: Door) -> None:
    """Before acceptance the lines are replaced whole; after it the warehouse's order is not touched."""
    world = netsuite.served.world

    def order(quantity: int, **more: Any) -> Job:
        lines = {"items": [{"item": {"id": str(world.cup)}, "quantity": quantity, "price": {"id": "-1"}, "rate": 5, "amount": 5 * quantity}]}
        body = {"entity": {"id": str(world.customer)}, "item": lines}
        return job(key="order:salesforce:801", object="salesOrder", body=body | ({"orderStatus": {"id": "A"}} if "id" not in more else {}), **more)

    [made] = netsuite.send(order(1))
    options = {"replace": "item", "stage_field": "status", "stage_values": '["A"]', "stage_as": "erp_letter"}
    [replaced] = netsuite.send(order(3, id=made.id, stage="submitted", options=options))
    assert (made.kind, replaced.kind) == ("applied", "applied"), (made, replaced)
    [line] = netsuite.ask(netsuite.rest.get("salesOrder", made.id))["item"]["items"]
    assert line["quantity"] == 3
    netsuite.ask(netsuite.rest.update("salesOrder", made.id, {"orderStatus": {"id": "B"}}))
    [moved] = netsuite.send(order(4, id=made.id, stage="submitted", options=options))
    assert (moved.kind, dict(moved.observed)) == ("stage_changed", {"erp_letter": "B"}), moved


def test_netsuite_a_busy_account_is_tried_again_without_a_look(netsuite: Door) -> None:
    """429 was refused before anything happened."""
    netsuite.served.fault("concurrency_refused")
    [verdict] = netsuite.send(a_customer(6))
    assert (verdict.kind, verdict.ambiguous) == ("retry", False), verdict


def a_contact(n: int, company: str, **more: Any) -> Job:
    body = {"entityId": "Ann Lee", "firstName": "Ann", "lastName": "Lee", "company": {"id": company}}
    return job(key=f"contact:salesforce:{n}", target="netsuite", object="contact", body=body, options={"unique_name": "entityId"}, **more)


def test_two_people_of_one_name_in_one_company_both_arrive(netsuite: Door) -> None:
    """NetSuite wants the name of a contact to be unique within its company: the second gets a number, a repeat of the first does not."""
    company = netsuite.ask(netsuite.rest.create("customer", {"companyName": "Namesakes", "subsidiary": {"id": "1"}}))
    verdicts = [netsuite.send(a_contact(n, company))[0] for n in (501, 502, 501)]
    assert [(v.kind, v.created) for v in verdicts] == [("applied", True), ("applied", True), ("unchanged", False)]
    names = [netsuite.ask(netsuite.rest.get("contact", v.id))["entityId"] for v in verdicts]
    assert names == ["Ann Lee", "Ann Lee (2)", "Ann Lee"]
    [renamed] = netsuite.send(a_contact(503, company, id=verdicts[0].id))
    assert (renamed.kind, netsuite.ask(netsuite.rest.get("contact", verdicts[0].id))["entityId"]) == ("applied", "Ann Lee")
