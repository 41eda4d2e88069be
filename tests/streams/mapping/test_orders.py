"""Orders beside the worked ones: amendments, requests to cancel, stages, and what stands in a write."""

from __future__ import annotations

import json

from ops.sandbox.netsuite.options import TaxRule
from ops.sandbox.netsuite.patch import Manner
from tests.streams.mapping.books import Books, D
from tests.streams.mapping.builders import NOTHING, ask_of, body_of, entities, observed, order_body, order_line, reading, record_of


def test_lines_are_replaced_whole_before_acceptance():
    """A PATCH without keys would add the lines a second time."""
    books = Books(default_order_status="A")
    body = order_body(order_line(1, "CUP-01", "2", "10.00"))
    id_, _ = books.send(body)
    edited = order_body(order_line(1, "CUP-01", "3", "10.00"), order_line(2, "LAMP-9", "1", "5.00"))
    part, options = books.rendered(observed("order", "salesforce", edited), kind="update", only={"lines"}, bound="submitted")
    assert options["replace"] == "item"
    assert json.loads(options["stage_values"]) == ["A"]
    books.account.update("salesOrder", id_, books.filled(body_of(part), 0), Manner(names="error", replace=frozenset({"item"})))
    assert D(books.tied(edited, id_)["total"]) == D("35.00")


def test_a_request_to_cancel_is_the_only_wish():
    """An unticked box is no wish to re-open: what finance closed would be opened again."""
    assert "cancel" not in observed("order", "salesforce", order_body(Accord_Cancel__c=False))
    assert observed("order", "salesforce", order_body(Accord_Cancel__c=True))["cancel"] == "true"
    assert observed("order", "salesforce", order_body(StatusCode="Canceled"))["cancel"] == "true"


def test_no_create_before_activation_nor_after_a_cancel():
    """A draft is nobody's business in NetSuite."""
    creates = entities()["order"].rules.creates
    assert creates("netsuite", reading(salesforce=observed("order", "salesforce", order_body())))
    assert not creates("netsuite", reading(salesforce=observed("order", "salesforce", order_body(StatusCode="Draft"))))
    assert not creates("netsuite", reading(salesforce=observed("order", "salesforce", order_body(Accord_Cancel__c=True))))
    assert not creates("salesforce", reading(netsuite={"status_letter": "B"}))


def test_an_order_is_accepted_by_what_is_seen_only():
    """Lines change hands with the stage: Pending approval is still Salesforce's, a custom status is not."""
    stage, owner = entities()["order"].rules.stage, entities()["order"].rules.owner
    activated = {"sf_status": "Activated"}
    seen = {letter: stage(reading(salesforce=activated, netsuite={"status_letter": letter})) for letter in "ABDEFGCH"}
    assert seen == {
        "A": "submitted",
        "B": "accepted",
        "D": "accepted",
        "E": "accepted",
        "F": "accepted",
        "G": "accepted",
        "C": "closed",
        "H": "closed",
    }
    assert stage(reading(salesforce=activated)) == "submitted"
    assert stage(reading(salesforce={"sf_status": "Draft"})) == "draft"
    assert stage(reading(salesforce=activated, netsuite={"status_letter": "A", "anything_shipped": "true"})) == "accepted"
    assert [owner("lines", s) for s in ("draft", "submitted", "accepted", "closed")] == ["salesforce", "salesforce", None, None]
    assert [owner("terms", s) for s in ("submitted", "accepted")] == ["salesforce", "netsuite"]


def test_references_and_their_codes_stand_in_the_write():
    """The sink fills ids in when it writes, and says by which code the order waits."""
    books = Books()
    part, options = books.rendered(observed("order", "salesforce", order_body(order_line(1, "CUP-01", "1", "1"))))
    assert body_of(part)["entity"] == {"id": {"$ref": "customer:salesforce:001A"}}
    assert json.loads(options["ref_codes"]) == {"customer": "missing_customer", "item": "missing_sku"}


def test_prices_with_tax_go_less_their_tax_and_come_back_whole():
    """A shop that sells at 11.90 with tax must find 11.90 again: NetSuite books the net, the tax beside it, and the same total."""
    books = Books(tax={1: TaxRule(D("19"), level="line")})
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    body = gross()
    id_, sent = books.send(body)
    lines = sent["item"]["items"]
    assert [(row["rate"], row["amount"], row.get("custcol_accord_included_tax")) for row in lines] == [
        (D("11.90"), D("30.57"), D("5.13")), (D("-3.57"), D("-3.57"), None), (D("49.99"), D("42.01"), D("7.98")),
    ]  # fmt: skip
    assert (sent["shippingCost"], sent["handlingCost"], sent["custbody_accord_ship_tax"]) == (D("4.96"), D("1.00"), D("0.94"))
    assert [(d["taxDetailsReference"][-8:], d["taxBasis"], d["taxAmount"]) for d in sent["taxDetails"]["items"]] == [
        ("00000001", D("27.00"), D("5.13")), ("00000002", D("42.01"), D("7.98")), ("shipping", D("4.96"), D("0.94")), ("handling", D("1.00"), D("0.19")),
    ]  # fmt: skip
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("total", "tax_given", "ship_cost", "handling_cost")] == [D("89.21"), D("14.24"), D("5.90"), D("1.19")]


def gross(**head):
    lines = [order_line(1, "CUP-01", "3", "11.90", Discount_Percent="10"), order_line(2, "LAMP-9", "1", "49.99")]
    costs = {"Accord_Shipping_Cost__c": "5.90", "Accord_Handling_Cost__c": "1.19", "Accord_Tax_Total__c": "14.24"}
    return order_body(*lines, currency="EUR", store="gb", **{**costs, **head})


def test_an_amended_cost_takes_its_tax_along():
    """With the tax given by the shop nothing is written alone: another cost moves the tax of every part."""
    books = Books()
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    id_, _ = books.send(gross())
    amended = gross(Accord_Shipping_Cost__c="0", Accord_Tax_Total__c="13.30")
    sent = books.amend(id_, amended, {"ship_cost", "tax_given"})
    assert {"item", "taxDetails", "shippingCost"} <= set(sent)
    assert D(books.tied(amended, id_)["total"]) == D("83.31")


def test_lines_say_their_own_tax_where_they_can():
    """A book and a lamp are taxed at different rates: a share by amount would be wrong for both."""
    books = Books()
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    lines = [order_line(1, "CUP-01", "1", "100.00", Tax_Amount="7.00"), order_line(2, "LAMP-9", "1", "100.00", Tax_Amount="19.00")]
    body = order_body(*lines, currency="EUR", store="eu", Accord_Shipping_Cost__c="10.00", Accord_Tax_Total__c="27.90")
    id_, sent = books.send(body)
    assert [(d["taxAmount"], d["taxRate"]) for d in sent["taxDetails"]["items"]] == [(D("7.00"), D(7)), (D("19.00"), D(19)), (D("1.90"), D(19))]
    assert D(books.tied(body, id_)["total"]) == D("237.90")


def test_every_term_of_the_head_arrives():
    """Handling, promotion, requested date, purchase order number, texts, ship-to and terms are part of what the customer was promised."""
    books = Books()
    head = {
        "Accord_Handling_Cost__c": "3.50", "Accord_Promotion__c": "SPRING", "Accord_Requested_Date__c": "2026-12-01", "PoNumber": "PO-7", "Description": "Back door",
        "Accord_Gift_Message__c": "Happy birthday", "Accord_Ship_To_Name__c": "Ann Lee", "Accord_Location__c": "east", "OrderReferenceNumber": "M-1001",
        "Accord_Ship_Complete__c": True,
    }  # fmt: skip
    body = order_body(order_line(1, "CUP-01", "1", "10.00"), **head)
    id_, sent = books.send(body)
    said = {
        "handlingCost": D("3.50"), "custbody_accord_promotion": "SPRING", "shipDate": "2026-12-01", "otherRefNum": "PO-7", "memo": "Back door",
        "custbody_accord_gift_message": "Happy birthday", "custbody_accord_reference": "M-1001", "shipComplete": True,
        "location": {"id": "1"}, "subsidiary": {"id": "1"},
    }  # fmt: skip
    assert {name: sent[name] for name in said} == said
    assert sent["shippingAddress"]["addressee"] == "Ann Lee"
    theirs = books.tied(body, id_)
    assert (D(theirs["total"]), D(theirs["exchange_rate"])) == (D("13.50"), 1)


def test_the_rate_of_netsuite_comes_back():
    """Finance's rate of the day is mirrored, never sent."""
    part, _ = Books().rendered(observed("order", "salesforce", order_body(order_line(1, "CUP-01", "1", "1"), Accord_Exchange_Rate__c="1.2")))
    assert "exchangeRate" not in body_of(part)
    asked = ask_of("order", "salesforce", kind="update", stage="accepted", netsuite={"exchange_rate": "1.0842"}, salesforce={})
    parts, _ = entities()["order"].render(asked, record_of("order", "order:salesforce:801A"), NOTHING)
    assert body_of(parts[0])["Accord_Exchange_Rate__c"] == D("1.0842")


def test_a_line_cancelled_before_it_was_sent_arrives_closed():
    """It is part of the order that the customer placed, and nobody ships it."""
    books = Books()
    body = order_body(order_line(1, "CUP-01", "1", "10.00"), {**order_line(2, "LAMP-9", "1", "5.00"), "Accord_Cancel__c": True})
    id_, sent = books.send(body)
    assert [row.get("isClosed", False) for row in sent["item"]["items"]] == [False, True]
    facts = {row["key"][-1]: row["closed"] for row in json.loads(books.read(id_)["line_facts"])}
    assert facts == {"1": "0", "2": "1"}


def test_lines_that_netsuite_closed_are_no_wish_of_the_seller():
    """Requested and closed lines are compared by what was requested: finance may close more without being fought."""
    normal, asked = entities()["order"].rules.normal, '[{"key":"802A"}]'
    read = reading(salesforce={"cancel_lines": asked})
    assert normal("netsuite", "cancel_lines", '[{"key":"802A"},{"key":"802B"}]', NOTHING, read) == asked
    assert normal("netsuite", "cancel_lines", "[]", NOTHING, read) == "[]"
    assert "cancel_lines" not in observed("order", "salesforce", order_body(order_line(1, "CUP-01", "1", "1")))


def test_an_order_without_a_location_is_shipped_from_its_stores_first():
    """NetSuite would commit nothing, or commit from whatever the preference says."""
    books = Books()
    id_, sent = books.send(order_body(order_line(1, "CUP-01", "1", "10.00")))
    assert (sent["location"], sent["subsidiary"]) == ({"id": "1"}, {"id": "1"})
    assert books.read(id_)["location"] == "east"
    part, _ = books.rendered(observed("order", "salesforce", order_body(order_line(1, "CUP-01", "1", "10.00"), store="jp")))
    assert "location" not in body_of(part), "that store names no location"
