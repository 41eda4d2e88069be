"""Orders that begin in NetSuite: made in Salesforce as a draft with lines and then activated, their lines known to both from then on."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

from schemas.events import Match, Observation, Record
from streams.mapping import load, shipped, stores
from streams.reconcile import reconcile
from tests.ops.sandbox.netsuite.world import build, line, new_account, off, order
from tests.streams.mapping.builders import REFERENCE, STORES, Links, entities, link, reading
from tests.streams.mapping.builders import body_of as read
from tests.streams.mapping.sandbox_kit import rows

KEY = "order:netsuite:1"


@cache
def mapping():
    return load(shipped(), [], stores({**REFERENCE, "orders_from_netsuite": True}, STORES), entities=["order"])["order"]


class Born:
    """An order that somebody entered in NetSuite, and what Accord decides about it."""

    def __init__(self):
        self.world = build(new_account())
        lines = [line(self.world.cup, 7, "9.99"), off(self.world.discount, "-10.49"), line(self.world.lamp, 1, "120.00")]
        self.id = order(self.world, *lines, otherRefNum="PO-9", memo="By phone")
        self.links = Links(
            link("customer:netsuite:1", netsuite=str(self.world.customer), salesforce="001A"),
            *(link(f"item:netsuite:{i}", netsuite=str(i), salesforce=f"01t{i}") for i in (self.world.cup, self.world.lamp)),
        )
        self.record, self.number, self.time = Record(f"order:netsuite:{self.id}", "order"), 0, 1_000_000

    def sees(self, system, id_, body):
        fields, whole = mapping().observe(system, "", body, "row")
        self.number, self.time = self.number + 1, self.time + 20_000
        object_ = "Order" if system == "salesforce" else "salesorder"
        seen = Observation(self.record.key, "order", system, object_, id_, "row", self.number, self.time, False, whole, fields, f"e{self.number}")
        return self.take(seen)

    def take(self, input_):
        decision = reconcile(self.record, input_, mapping().rules, self.links)
        self.record, asks = decision.record, list(decision.asks)
        for claim in decision.claims:
            if not claim.withdrawn:
                asks += self.take(Match(self.record.key, "order", claim.value, ""))
        return asks

    def in_netsuite(self):
        return self.sees("netsuite", str(self.id), rows(self.world.account, "order", self.id)[0])

    def rendered(self, ask):
        return mapping().render(ask, self.record, self.links)


def test_by_default_netsuites_orders_stay_there():
    """A merchant whose shops write to NetSuite would find every web order in the sales team's list."""
    accepted = reading(netsuite={"status_letter": "B"})
    assert not entities()["order"].rules.creates("salesforce", accepted)
    assert mapping().rules.creates("salesforce", accepted)
    assert not mapping().rules.creates("salesforce", reading(netsuite={"status_letter": "A"}))


def test_it_is_made_as_a_draft_with_lines_and_then_activated():
    """Salesforce takes no active order without lines, and no line on an active order."""
    born = Born()
    (ask,) = [a for a in born.in_netsuite() if a.target == "salesforce"]
    (head, cup, lamp, active), options = born.rendered(ask)
    assert ask.kind == "create"
    whole = {**json.loads(head.seeds), **json.loads(head.body)}
    said = {
        "Status": "Draft", "AccountId": {"$ref": f"customer:netsuite:{born.world.customer}"}, "PoNumber": "PO-9", "Description": "By phone",
        "Pricebook2Id": {"$ref": "pricebook:netsuite:1"}, "CurrencyIsoCode": "USD", "Accord_ERP_Status__c": "Accepted", "Accord_Source__c": "NetSuite",
    }  # fmt: skip
    assert {name: whole[name] for name in said} == said
    assert "OrderNumber" not in whole
    rows_ = [{**read(p), **json.loads(p.seeds)} for p in (cup, lamp)]
    assert [(str(r["Quantity"]), str(r["UnitPrice"]), str(r.get("Accord_Discount_Amount__c"))) for r in rows_] == [
        ("7", "9.99", "10.49"), ("1", "120", "None"),
    ]  # fmt: skip
    assert rows_[0]["PricebookEntryId"] == {"$ref": f"price:netsuite:{born.world.cup}-1-1"}
    assert (cup.key, active.object, active.id, read(active)) == (f"order_line-netsuite-{born.id}-1", "Order", "self", {"Status": "Activated"})
    assert json.loads(options["ref_codes"]) == {
        "customer": "missing_customer",
        "order": "missing_order",
        "price": "price_missing",
        "pricebook": "missing_pricebook",
    }


def test_its_lines_get_salesforces_keys_and_tell_what_became_of_them():
    """Without a key of its own no line could be said to be shipped, closed or cancelled."""
    born = Born()
    (ask,) = [a for a in born.in_netsuite() if a.target == "salesforce"]
    born.record = replace(born.record, ids={**born.record.ids, "salesforce": "801B"})
    items = [
        {"Id": f"802{n}", "Product2Id": f"01t{i}", "Quantity": q, "UnitPrice": p, "Accord_Key__c": f"order_line-netsuite-{born.id}-{at}", "Accord_NetSuite_Line__c": str(at)}
        for n, (i, q, p, at) in enumerate([(born.world.cup, 7, "9.99", 1), (born.world.lamp, 1, "120", 3)])
    ]  # fmt: skip
    body = {"AccountId": "001A", "Status": "Activated", "StatusCode": "Activated", "Accord_Source__c": "NetSuite", "OrderItems": items}
    asks = [a for a in born.sees("salesforce", "801B", body) if a.target == "netsuite"]
    (part,), _ = born.rendered(asks[-1])
    assert read(part)["item"] == {"items": [{"line": 1, "custcol_accord_line_key": "8020"}, {"line": 3, "custcol_accord_line_key": "8021"}]}
    born.world.account.update("salesOrder", born.id, {"item": read(part)["item"]})
    asks = born.in_netsuite()
    assert not [a for a in asks if a.target == "netsuite" and "line_keys" in a.fields], "they are known: nothing more is asked"
    born.world.account.update("salesOrder", born.id, {"item": {"items": [{"line": 3, "isClosed": True}]}})
    told = [a for a in born.in_netsuite() if a.target == "salesforce"]
    facts = {p.id: read(p)["Accord_Qty_Closed__c"] for p in born.rendered(told[-1])[0][1:]}
    assert facts["8021"] == 1
    assert ask.kind == "create"


def test_one_that_stopped_half_way_is_gone_on_with():
    """A line that Salesforce refused at first (a price that was inactive) must not leave a draft that nobody finishes."""
    born = Born()
    born.in_netsuite()
    body = {"AccountId": "001A", "StatusCode": "Draft", "Accord_Source__c": "NetSuite", "Accord_Key__c": f"order-netsuite-{born.id}", "OrderItems": []}
    asks = [a for a in born.sees("salesforce", "801B", body) if a.target == "salesforce"]
    parts, _ = born.rendered(asks[-1])
    assert (asks[-1].kind, [p.object for p in parts]) == ("update", ["Order", "OrderItem", "OrderItem", "Order"])
    assert parts[-1].id == "self"
