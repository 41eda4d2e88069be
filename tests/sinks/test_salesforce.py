from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from accord.errors import Fatal, Rejected, Transient
from schemas.events import Part
from sinks.salesforce import Salesforce
from sinks.target import Job, Verdict
from tests.sinks.builders import a_job, a_write
from tests.sinks.fake_salesforce import FakeOrg

KEY = "customer:netsuite:7"


def job(*, doubt: bool = False, known: str = "", **write: Any) -> Job:
    write = {"key": KEY, "target": "salesforce", "object": "Account", "body": {"Name": "Acme"}, **write}
    return a_job(a_write(**write), id=known, doubt=doubt)


def send(org: FakeOrg, *jobs: Job) -> list[Verdict]:
    return list(asyncio.run(Salesforce({"live": org, "backfill": org}).apply(jobs)))


def test_a_create_is_an_insert_with_our_key_and_its_seeds() -> None:
    """An upsert would update a record that was deleted and came back, or another create's seeded field."""
    org = FakeOrg()
    [verdict] = send(org, job(seeds={"Accord_Credit_Limit__c": 5}))
    assert (verdict.kind, verdict.created, verdict.calls) == ("applied", True, 1)
    assert org.rows["Account"] == {verdict.id: {"Name": "Acme", "Accord_Credit_Limit__c": 5, "Accord_Key__c": "customer-netsuite-7"}}
    assert [c[0] for c in org.calls] == ["create"]


def test_a_taken_key_is_looked_up_and_updated_by_id_without_seeds() -> None:
    """The first create landed after all: sending its seeds once more would overwrite what the owner has changed since."""
    org = FakeOrg()
    org.put("Account", "001", Accord_Key__c="customer-netsuite-7", Name="old", Accord_Credit_Limit__c=9)
    [verdict] = send(org, job(seeds={"Accord_Credit_Limit__c": 5}))
    assert (verdict.kind, verdict.id, verdict.created) == ("applied", "001", False)
    assert org.rows["Account"]["001"] == {"Accord_Key__c": "customer-netsuite-7", "Name": "Acme", "Accord_Credit_Limit__c": 9}


def test_another_unique_field_that_is_taken_goes_back_to_the_user() -> None:
    """A duplicate that is not ours can't be adopted silently."""
    org = FakeOrg(faults={("create", "Account"): [Rejected("duplicate value found: Tax", code="DUPLICATE_VALUE", field="Tax__c")]})
    [verdict] = send(org, job())
    assert (verdict.kind, verdict.code, verdict.field) == ("rejected", "DUPLICATE_VALUE", "Tax__c")


def test_an_update_goes_by_id_and_never_with_seeds() -> None:
    """Seeds are proposals for a record that is being made, nothing else."""
    org = FakeOrg()
    org.put("Account", "001", Name="old", Accord_Credit_Limit__c=9)
    [verdict] = send(org, job(id="001", seeds={"Accord_Credit_Limit__c": 5}))
    assert (verdict.kind, org.rows["Account"]["001"]) == ("applied", {"Name": "Acme", "Accord_Credit_Limit__c": 9})


def test_two_hundred_and_more_writes_go_in_as_few_calls_as_fit() -> None:
    """Calls per change fall with load: 200 rows in a call."""
    org = FakeOrg()
    verdicts = send(org, *(job(key=f"customer:netsuite:{n}") for n in range(200)))
    assert {v.kind for v in verdicts} == {"applied"}
    assert org.calls == [("create", "Account", 200)]


def test_one_bad_row_stops_no_other() -> None:
    """allOrNone is off: each record is settled on its own."""
    org = FakeOrg(
        faults={
            ("create", "Account"): [
                None,
                Rejected("too long", code="STRING_TOO_LONG", field="Name"),
                Transient("locked", code="UNABLE_TO_LOCK_ROW"),
            ]
        }
    )
    verdicts = send(org, *(job(key=f"customer:netsuite:{n}") for n in range(4)))
    assert [v.kind for v in verdicts] == ["applied", "rejected", "retry", "applied"]
    assert (verdicts[1].code, verdicts[1].field) == ("STRING_TOO_LONG", "Name")
    assert not verdicts[2].ambiguous


def test_a_lost_answer_is_ambiguous_and_the_second_attempt_looks_up_first() -> None:
    """A reset after the commit: sending the create again without looking would make a second record, or fail for ever."""
    org = FakeOrg(cut_after=True)
    [first] = send(org, job())
    assert (first.kind, first.ambiguous) == ("retry", True)
    [second] = send(org, job(doubt=True))
    assert (second.kind, len(org.rows["Account"])) == ("unchanged", 1)
    assert [c[0] for c in org.calls] == ["create", "query", "query"]


def test_in_doubt_an_update_sends_only_what_is_not_there_yet() -> None:
    """What landed is not sent again: triggers and flows of the org would run twice."""
    org = FakeOrg()
    org.put("Account", "001", Name="Acme", Phone="1")
    [verdict] = send(org, job(id="001", body={"Name": "Acme", "Phone": "2"}, doubt=True))
    assert (verdict.kind, org.rows["Account"]["001"]) == ("applied", {"Name": "Acme", "Phone": "2"})


def test_a_record_that_is_not_there_any_more_is_gone_and_not_made_again() -> None:
    """A customer that a user deleted must not be raised from the dead."""
    [verdict] = send(FakeOrg(), job(id="001"))
    assert (verdict.kind, verdict.id) == ("gone", "001")


def test_a_deleted_parent_is_not_taken_for_the_deletion_of_the_record() -> None:
    """Absence is not a fact: the same code means either; only a query by id tells."""
    org = FakeOrg(faults={("update", "Account"): [Rejected("entity is deleted", code="ENTITY_IS_DELETED", field="ParentId")]})
    org.put("Account", "001", Name="old")
    [verdict] = send(org, job(id="001"))
    assert (verdict.kind, verdict.field) == ("rejected", "ParentId")


def test_children_come_after_their_parent_and_name_it() -> None:
    """A fulfilment's lines need the id that its own insert has just given."""
    org = FakeOrg()
    own = {"$ref": "fulfilment:netsuite:5"}
    lines = [Part("Accord_Fulfilment_Line__c", "", f"l{n}", json.dumps({"Quantity__c": n}), json.dumps({"Fulfilment__c": own})) for n in range(2)]
    package = Part("Accord_Package__c", "", "p0", json.dumps({"Tracking__c": "T", "Fulfilment__c": own}))
    [verdict] = send(org, job(key="fulfilment:netsuite:5", object="Accord_Fulfilment__c", body={"Number__c": "IF1"}, parts=[*lines, package]))
    assert (verdict.kind, verdict.calls) == ("applied", 3)
    assert [r["Fulfilment__c"] for r in org.rows["Accord_Fulfilment_Line__c"].values()] == [verdict.id] * 2
    assert [r["Fulfilment__c"] for r in org.rows["Accord_Package__c"].values()] == [verdict.id]


def test_a_masters_id_is_not_written_to_a_line_that_exists() -> None:
    """A master that can't be changed later answers INVALID_FIELD_FOR_INSERT_UPDATE: it belongs to the insert only."""
    org = FakeOrg()
    org.put("Accord_Fulfilment__c", "F1", Accord_Key__c="fulfilment-netsuite-5", Number__c="IF1")
    org.put("Accord_Fulfilment_Line__c", "L0", Accord_Key__c="l0", Quantity__c=1)
    seeds = json.dumps({"Fulfilment__c": {"$ref": "fulfilment:netsuite:5"}})
    lines = [Part("Accord_Fulfilment_Line__c", "", f"l{n}", json.dumps({"Quantity__c": 3}), seeds) for n in range(2)]
    [verdict] = send(org, job(key="fulfilment:netsuite:5", object="Accord_Fulfilment__c", id="F1", body={}, parts=lines))
    assert verdict.kind == "applied"
    rows = org.rows["Accord_Fulfilment_Line__c"]
    assert rows.pop("L0") == {"Accord_Key__c": "l0", "Quantity__c": 3}
    assert list(rows.values()) == [{"Accord_Key__c": "l1", "Quantity__c": 3, "Fulfilment__c": "F1"}]


def test_a_child_that_fails_after_its_parent_was_made_is_finished_by_the_second_attempt() -> None:
    """Half a fulfilment must neither stay half nor be made twice."""
    org = FakeOrg(faults={("upsert", "Accord_Package__c"): [Transient("locked", code="UNABLE_TO_LOCK_ROW")]})
    package = Part("Accord_Package__c", "", "p0", json.dumps({"Tracking__c": "T", "Fulfilment__c": {"$ref": "fulfilment:netsuite:5"}}))
    write: dict[str, Any] = {"key": "fulfilment:netsuite:5", "object": "Accord_Fulfilment__c", "parts": [package]}
    [first] = send(org, job(**write))
    assert (first.kind, first.ambiguous, bool(first.id)) == ("retry", True, True)
    [second] = send(org, job(**write, doubt=True, known=first.id))
    assert second.kind == "applied"
    assert {o: len(r) for o, r in org.rows.items()} == {"Accord_Fulfilment__c": 1, "Accord_Package__c": 1}


def test_an_order_is_activated_after_its_lines_were_made() -> None:
    """Salesforce takes no line on an active order: the order's own last part waits for its children, and is not sent if one of them failed."""
    org = FakeOrg()
    line = Part("OrderItem", "", "order_line-netsuite-7-1", json.dumps({"Quantity": 1}), json.dumps({"OrderId": {"$ref": "order:netsuite:7"}}))
    active = Part("Order", "self", "", json.dumps({"Status": "Activated"}))
    write: dict[str, Any] = {"key": "order:netsuite:7", "object": "Order", "body": {"Status": "Draft"}, "parts": [line, active]}
    [verdict] = send(org, job(**write))
    assert (verdict.kind, org.rows["Order"][verdict.id]["Status"]) == ("applied", "Activated")
    assert [r["OrderId"] for r in org.rows["OrderItem"].values()] == [verdict.id]
    refused = FakeOrg(faults={("create", "OrderItem"): [Transient("locked", code="UNABLE_TO_LOCK_ROW")]})
    [half] = send(refused, job(**write))
    assert (half.kind, refused.rows["Order"][half.id]["Status"]) == ("retry", "Draft")
    [whole] = send(refused, job(**write, doubt=True, known=half.id))
    assert (whole.kind, refused.rows["Order"][half.id]["Status"], len(refused.rows["OrderItem"])) == ("applied", "Activated", 1)


def test_order_lines_are_updated_by_id() -> None:
    """Order lines carry no key of ours and can't be inserted after activation."""
    org = FakeOrg()
    org.put("Order", "801", Name="o")
    org.put("OrderItem", "802")
    line = Part("OrderItem", "802", "", json.dumps({"Accord_Qty_Shipped__c": 2}))
    [verdict] = send(org, job(key="order:salesforce:801", object="Order", id="801", body={"Accord_ERP_Status__c": "shipped"}, parts=[line]))
    assert (verdict.kind, org.rows["OrderItem"]["802"]) == ("applied", {"Accord_Qty_Shipped__c": 2})


PRICE: dict[str, Any] = {"key": "price:netsuite:5-1-EUR", "object": "PricebookEntry"}
ENTRY = {"Pricebook2Id": "B", "Product2Id": "P", "CurrencyIsoCode": "EUR", "UnitPrice": "9.5"}


def test_a_price_is_looked_up_by_book_product_and_currency_before_it_is_made() -> None:
    """PricebookEntry takes no key of ours: without looking, a repeated create fails for ever or makes a second price."""
    org = FakeOrg()
    org.put("PricebookEntry", "01u1", Pricebook2Id="B", Product2Id="P", CurrencyIsoCode="EUR", UnitPrice="8")
    org.put("PricebookEntry", "01u2", Pricebook2Id="B", Product2Id="P", CurrencyIsoCode="USD", UnitPrice="8")
    [verdict] = send(org, job(**PRICE, body=ENTRY))
    assert (verdict.kind, verdict.id) == ("applied", "01u1")
    assert [r["UnitPrice"] for r in org.rows["PricebookEntry"].values()] == ["9.5", "8"]


def test_a_new_price_is_inserted_without_our_key() -> None:
    """The object has no such field: sending it would be INVALID_FIELD."""
    org = FakeOrg()
    [verdict] = send(org, job(**PRICE, body=ENTRY))
    assert (verdict.created, list(org.rows["PricebookEntry"].values())) == (True, [ENTRY])


def test_a_record_that_has_left_the_stage_is_not_written() -> None:
    """The order was closed meanwhile: what was decided for the stage before must be decided again."""
    org = FakeOrg()
    org.put("Order", "801", Status="Closed")
    write = job(
        key="order:salesforce:801",
        object="Order",
        id="801",
        stage="submitted",
        options={"stage_field": "Status", "stage_values": '["Activated"]', "stage_as": "status"},
    )
    [verdict] = send(org, write)
    assert (verdict.kind, verdict.observed, [c[0] for c in org.calls]) == ("stage_changed", {"status": "Closed"}, ["query"])


def test_a_delete_of_what_is_gone_is_gone() -> None:
    """The wanted end state is reached; it isn't an error to tell anybody."""
    org = FakeOrg()
    org.put("Contact", "003")
    verdicts = send(
        org,
        job(object="Contact", id="003", kind="delete", body={}),
        job(key="contact:netsuite:2", object="Contact", id="004", kind="delete", body={}),
    )
    assert [v.kind for v in verdicts] == ["applied", "gone"]


def test_outcomes_carry_the_orgs_time_around_the_calls() -> None:
    """An assumed value is ranked at the target's time before sending; our own clock says nothing there."""
    [verdict] = send(FakeOrg(time=5_000), job())
    assert 5_000 < verdict.before < verdict.after


def test_wrong_credentials_end_the_sink() -> None:
    """Settling writes as failed while nobody is let in would give every record a problem that it hasn't."""
    org = FakeOrg(faults={("create", "Account"): [Fatal("not let in")]})
    with pytest.raises(Fatal):
        send(org, job())


def test_a_call_refused_as_a_whole_is_halved_until_the_bad_row_stands_alone() -> None:
    """One record with a field that isn't there must not reject 199 others."""

    class Strict(FakeOrg):
        async def create(self, object_: str, records: Any) -> Any:
            if any("Typo__c" in r for r in records):
                raise Rejected("No such column 'Typo__c'", code="INVALID_FIELD")
            return await super().create(object_, records)

    bodies: list[dict[str, Any]] = [{"Name": str(n)} | ({"Typo__c": 1} if n == 3 else {}) for n in range(8)]
    verdicts = send(Strict(), *(job(key=f"customer:netsuite:{n}", body=body) for n, body in enumerate(bodies)))
    assert [v.kind for v in verdicts] == ["applied"] * 3 + ["rejected"] + ["applied"] * 4


def test_a_query_that_fails_leaves_the_write_for_later() -> None:
    """Taking "could not look" for "is not there" would make a second record."""

    class Blind(FakeOrg):
        async def query(self, soql: str) -> Any:
            raise Transient("down", code="SERVER_UNAVAILABLE", wait_s=5.0)

    org = Blind()
    [verdict] = send(org, job(doubt=True))
    assert (verdict.kind, verdict.wait_s, org.rows) == ("retry", 5.0, {})
