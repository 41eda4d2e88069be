"""Invoices, payments, credits, refunds and returns of a real account in Salesforce's shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.sandbox.netsuite.patch import Manner
from ops.sandbox.netsuite.transform import transform
from schemas.events import Values
from tests.ops.sandbox.netsuite.world import World, line, off, order
from tests.streams.mapping.builders import NOTHING, Links, ask_of, body_of, entities, link, observed, reading, record_of
from tests.streams.mapping.sandbox_kit import D, rows


def seen(world: World, entity: str, ident: int) -> dict[str, str | None]:
    return dict(observed(entity, "netsuite", rows(world.account, entity, ident)[0]))


def rendered(entity: str, theirs: Values, ident: int) -> list[Any]:
    made = entities()[entity].render(ask_of(entity, "salesforce", netsuite=theirs), record_of(entity, f"{entity}:netsuite:{ident}", netsuite=theirs), NOTHING)
    return list(made[0])


def billed(world: World) -> tuple[int, int, int]:
    """E10: an order, shipped, and its two invoices."""
    first = line(world.cup, 10, 33.33, custcol_accord_line_key="802A")
    discount = off(world.discount, -33.33) | {"custcol_accord_line_key": "802A:d"}
    made = order(world, first, discount, line(world.lamp, 2, 50, custcol_accord_line_key="802B"), custbody_accord_sf_id="801A", shippingCost=20)
    part = {"item": {"items": [{"orderLine": 1, "quantity": 4}, {"orderLine": 3, "quantity": 2}]}}
    return made, transform(world.account, "salesOrder", made, "invoice", part), transform(world.account, "salesOrder", made, "invoice", {})


def paid(world: World, **parts: int) -> int:
    items = [{"doc": {"id": doc.removeprefix("i")}, "amount": D(cents) / 100} for doc, cents in parts.items()]
    total = sum(D(cents) for cents in parts.values()) / 100
    return world.account.create("customerPayment", {"customer": {"id": str(world.customer)}, "payment": total, "apply": {"items": items}})


def test_an_invoice_shows_goods_with_their_discounts_and_names_the_order_product(world: World):
    """E10: a discount is a line of its own in NetSuite; sales reads it on the goods that it belongs to, or the lines would not tie."""
    made, first, _ = billed(world)
    theirs = seen(world, "invoice", first)
    head, *children = rendered("invoice", theirs, first)
    assert {name: body_of(head)[name] for name in ("Total__c", "Remaining__c", "Status__c", "Shipping__c")} == {
        "Total__c": D("239.99"), "Remaining__c": D("239.99"), "Status__c": "Open", "Shipping__c": D(20),
    }  # fmt: skip
    assert body_of(head)["Order__c"] == {"$ref": f"order:netsuite:{made}"}
    lines = [(p.object, body_of(p)["Order_Item__c"], body_of(p)["Amount__c"], body_of(p)["Discount__c"]) for p in children]
    assert lines == [("Accord_Invoice_Line__c", "802A", D("133.32"), D("13.33")), ("Accord_Invoice_Line__c", "802B", D(100), None)]
    assert all(json.loads(p.seeds) == {"Invoice__c": {"$ref": f"invoice:netsuite:{first}"}} for p in children)


def test_a_payment_shows_what_it_is_applied_to_and_nothing_else(world: World):
    """E10: NetSuite's list holds every open document of the customer; only what is applied was paid."""
    _, first, second = billed(world)
    payment = paid(world, **{f"i{first}": 23999, f"i{second}": 6001})
    theirs = seen(world, "payment", payment)
    _, *applications = rendered("payment", theirs, payment)
    shown = [(body_of(p)["Invoice__c"]["$ref"], body_of(p)["Amount__c"], body_of(p)["Active__c"], body_of(p)["Source_Type__c"]) for p in applications]
    assert shown == [(f"invoice:netsuite:{first}", D("239.99"), True, "payment"), (f"invoice:netsuite:{second}", D("60.01"), True, "payment")]
    words = [(seen(world, "invoice", i)[n]) for i in (first, second) for n in ("status", "paid", "remaining")]
    assert words == ["paid", "239.99", "0.00", "part_paid", "60.01", "119.97"]
    row = {"apply": False, "doc": "9", "amount": "5", "trantype": "CustInvc"}
    assert observed("payment", "netsuite", {"internalid": "1", "fxamount": "5", "apply": [row]})["applications"] == "[]"


@pytest.mark.parametrize(("entity", "collection", "native"), [("invoice", "lines", "Lines__r"), ("payment", "applications", "Applications__r")])
def test_children_read_back_as_they_were_written(world: World, entity: str, collection: str, native: str):
    """Our own children come back with Salesforce's ids and scales: the same list, or it would be written for ever."""
    _, first, _ = billed(world)
    ident = first if entity == "invoice" else paid(world, **{f"i{first}": 23999})
    theirs = seen(world, entity, ident)
    ids = {f"item:netsuite:{i}": f"01t{i}" for i in (world.cup, world.lamp)} | {f"invoice:netsuite:{first}": "a0i1"}
    links = Links(*(link(key, netsuite=key.rpartition(":")[2], salesforce=there) for key, there in ids.items()))
    held = []
    for part in rendered(entity, theirs, ident)[1:]:
        body = {name: ids.get(value["$ref"]) if isinstance(value, dict) else value for name, value in body_of(part).items()}
        held.append(
            {
                "Accord_Key__c": part.key,
                **{n: D(str(v)).quantize(D("1.0000")) if isinstance(v, D | int) and not isinstance(v, bool) else v for n, v in body.items()},
            }
        )
    ours = observed(entity, "salesforce", {native: held})
    normal = entities()[entity].rules.normal
    assert normal("salesforce", collection, ours[collection], links, reading()) == normal("salesforce", collection, theirs[collection], links, reading())


def test_an_application_that_is_taken_back_is_emptied():
    """A payment is moved to another invoice: the old one must not go on looking paid."""
    row = {"key": "payment_application-netsuite-7-1", "invoice": "invoice:netsuite:1", "amount": "5.00", "active": "true"}
    held, wanted = {"applications": json.dumps([row])}, {"applications": "[]"}
    ask = ask_of("payment", "salesforce", kind="update", only={"applications"}, netsuite=wanted)
    _, part = entities()["payment"].render(ask, record_of("payment", "payment:netsuite:7", salesforce=held, netsuite=wanted), NOTHING)[0]
    own = {"Payment__c": {"$ref": "payment:netsuite:7"}, "Source_Type__c": "payment"}
    assert body_of(part) == {"Invoice__c": None, "Amount__c": 0, "Date__c": None, "Active__c": False, **own}
    emptied = json.dumps([{"key": row["key"], "amount": "0.00", "active": "false"}])
    assert entities()["payment"].rules.normal("salesforce", "applications", emptied, NOTHING, reading()) == "[]"


def test_a_deleted_payment_takes_its_applications_along():
    """Salesforce leaves them, for they are details of no single object."""
    held = {"applications": json.dumps([{"key": "payment_application-netsuite-7-1", "invoice": "invoice:netsuite:1", "amount": "5.00"}])}
    record = record_of("payment", "payment:netsuite:7", netsuite=held)
    parts = entities()["payment"].render(ask_of("payment", "salesforce", kind="delete", netsuite=held), record, NOTHING)[0]
    assert [(p.object, p.key) for p in parts] == [("Accord_Payment__c", "payment-netsuite-7"), ("Accord_Application__c", "payment_application-netsuite-7-1")]


def test_a_credit_finds_its_order_by_the_return_that_it_was_made_from(world: World):
    """E11: NetSuite's credit names the return only; sales looks for it at the order."""
    made, _, _ = billed(world)
    one = {"orderStatus": {"id": "B"}, "memo": "Broken", "item": {"items": [{"orderLine": 3, "quantity": 1}]}}
    back = transform(world.account, "salesOrder", made, "returnAuthorization", one, Manner(replace=frozenset({"item"})))
    transform(world.account, "returnAuthorization", back, "itemReceipt", {})
    credit = transform(world.account, "returnAuthorization", back, "creditMemo", {})
    refund = world.account.create("customerRefund", {"customer": {"id": str(world.customer)}, "apply": {"items": [{"doc": {"id": str(credit)}}]}})
    found, memo, money = seen(world, "return", back), seen(world, "credit_memo", credit), seen(world, "refund", refund)
    assert (found["source_order"], found["status"], found["reason"]) == (f"order:netsuite:{made}", "refunded", "Broken")
    assert json.loads(str(found["lines"]))[0]["received"] == "1"
    assert (memo["return"], memo["source_order"], memo["total"], memo["status"], memo["applied"]) == (
        f"return:netsuite:{back}",
        None,
        "50.00",
        "applied",
        "50.00",
    )
    assert (money["credit_memo"], money["amount"], money["status"]) == (f"credit_memo:netsuite:{credit}", "50.00", "paid")
    links = Links(link(f"return:netsuite:{back}", netsuite=str(back), salesforce="a1", facts={"order": f"order:netsuite:{made}"}))
    assert entities()["credit_memo"].rules.compute("order", "salesforce", reading(netsuite=memo), links) == f"order:netsuite:{made}"


def test_an_order_that_is_not_mirrored_is_not_waited_for(world: World):
    """An invoice of a shop's own order still belongs to its customer; waiting for an order that never comes would hide it."""
    made = order(world, line(world.cup, 1, 8))
    invoice = transform(world.account, "salesOrder", made, "invoice", {})
    theirs = seen(world, "invoice", invoice)
    assert (theirs["order"], theirs["customer"]) == (None, f"customer:netsuite:{world.customer}")
    assert entities()["invoice"].rules.creates("salesforce", reading(netsuite=theirs))
