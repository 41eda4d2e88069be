"""The real mapping under the real reconcile: a record crosses once, and its echo asks for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from schemas.events import Match, Observation, Outcome, Record
from streams.mapping.load import shipped as shipped_tables
from streams.mapping.source import parse
from streams.reconcile import reconcile
from streams.reconcile.decision import Ask
from tests.ops.sandbox.netsuite.world import World, build, new_account
from tests.streams.mapping.builders import Links, entities, link, order_body, order_line
from tests.streams.mapping.sandbox_kit import ACCOUNT, rows, shipped

D = Decimal
MARGIN = 10_000
RELATIONS = {"OrderItem": "OrderItems", "Accord_Fulfilment_Line__c": "Lines__r", "Accord_Package__c": "Packages__r"}
OBJECTS = {"customer": "customer", "order": "salesorder", "item": "item", "fulfilment": "itemfulfillment"}


class Story:
    """One record between Salesforce (a dictionary) and NetSuite (the sandbox). `time` moves by more than the margin at each step."""

    def __init__(self, world: World, entity: str, key: str, *links: Any) -> None:
        self.world, self.entity, self.links = world, entity, Links(*links)
        self.record = Record(key, entity)
        self.time, self.number = 1_000_000, 0
        self.salesforce: dict[str, Any] = {}
        self.calls: list[tuple[str, str]] = []
        self.discounts = ("90", "91")

    def take(self, input_: Any) -> tuple[Ask, ...]:
        self.time += MARGIN
        decision = reconcile(self.record, input_, entities()[self.entity].rules, self.links)
        self.record, asks = decision.record, list(decision.asks)
        for claim in decision.claims:
            if not claim.withdrawn:
                answer = Match(self.record.key, self.entity, claim.value, "")
                decision = reconcile(self.record, answer, entities()[self.entity].rules, self.links)
                self.record = decision.record
                asks += decision.asks
        return tuple(asks)

    def see(self, system: str, id_: str, body: dict[str, Any], kind: str = "row") -> tuple[Ask, ...]:
        fields, whole = entities()[self.entity].observe(system, "", body, kind)
        self.number += 1
        object_ = OBJECTS[self.entity] if system == "netsuite" else "Account"
        event = "event" if kind in ("create", "update") else "row"
        return self.take(
            Observation(self.record.key, self.entity, system, object_, id_, event, self.number, self.time, False, whole, fields, f"e{self.number}")
        )

    def send(self, ask: Ask) -> tuple[Ask, ...]:
        """Carry a write out and answer it."""
        parts, options = entities()[self.entity].render(ask, self.record, self.links)
        self.calls.append((ask.target, ask.kind))
        before = self.time
        id_ = self.to_netsuite(ask, parts[0], options) if ask.target == "netsuite" else self.to_salesforce(parts)
        self.time += MARGIN
        sent = {**ask.fields, **(ask.seeds if ask.kind == "create" else {})}
        return self.take(
            Outcome(
                ask.target,
                self.record.key,
                self.entity,
                ask.sequence,
                "applied",
                sent,
                id=id_,
                object=parts[0].object,
                before=before,
                after=self.time,
            )
        )

    def to_netsuite(self, ask: Ask, part: Any, options: Any) -> str:
        body = self.filled({**(json.loads(part.seeds, parse_float=D) if ask.kind == "create" else {}), **json.loads(part.body, parse_float=D)})
        assert options.get("replace", "item") == "item"
        if ask.kind == "create":
            return str(self.world.account.create(part.object, body))
        self.world.account.update(part.object, int(part.id), body)
        return str(part.id)

    def to_salesforce(self, parts: Any) -> str:
        self.salesforce |= {
            **self.filled(json.loads(parts[0].seeds), "salesforce"),
            **self.filled(json.loads(parts[0].body, parse_float=D), "salesforce"),
        }
        for part in parts[1:]:
            rows_ = self.salesforce.setdefault(RELATIONS[part.object], [])
            own = ("Id", part.id) if part.id else ("Accord_Key__c", part.key)
            line = next((row for row in rows_ if row.get(own[0]) == own[1]), None)
            if line is None:
                line = {"Accord_Key__c": part.key}
                rows_.append(line)
            line |= self.filled(json.loads(part.body, parse_float=D), "salesforce")
        return str(parts[0].id) or "SF1"

    def filled(self, value: Any, target: str = "netsuite") -> Any:
        if isinstance(value, dict):
            ref = value.get("$ref")
            if ref:
                found = self.links.link(self.links.key_of(ref) or "")
                assert found is not None, ref
                return found.ids[target]
            return {name: self.filled(each, target) for name, each in value.items()}
        if value in ("90", "91"):
            return self.discounts[0]
        return [self.filled(each, target) for each in value] if isinstance(value, list) else value

    def settled(self, asks: tuple[Ask, ...], id_: str, limit: int = 6) -> None:
        """Send what is asked and show both sides again until nothing more is asked."""
        for _ in range(limit):
            more: list[Ask] = []
            for ask in asks:
                more += self.send(ask)
            more += self.see("salesforce", id_, self.salesforce)
            if netsuite := self.record.ids.get("netsuite"):
                more += self.see("netsuite", netsuite, rows(self.world.account, self.entity, int(netsuite))[0])
            newest = {ask.target: ask for ask in more}  # a later write of the same target contains the earlier one
            asks = tuple(newest.values())
            if not asks:
                return
        raise AssertionError([(ask.target, ask.kind, dict(ask.fields)) for ask in asks])


@pytest.fixture
def world() -> Iterator[World]:
    made = build(new_account(default_order_status="A"))
    for name, days in (("Net 15", 15), ("Net 30", 30)):
        made.account.create("term", {"name": name, "daysUntilNetDue": days})
    for n in range(504, 513):  # so that the ids of the mapping's ship method exist
        if made.account.find("shipItem", n) is None:
            made.account.create("shipItem", {"itemId": f"S{n}"})
    yield made
    made.account.store.db.close()


def test_a_customer_crosses_once_and_comes_to_rest(world):
    """One create there, one update back (number, ids): then both reads ask for nothing. An echo that asked would go on for ever."""
    story = Story(world, "customer", "customer:salesforce:001A")
    story.salesforce = dict(ACCOUNT)
    (asked,) = story.see("salesforce", "001A", story.salesforce, "create")
    assert (asked.target, asked.kind) == ("netsuite", "create")
    story.settled((asked,), "001A")
    assert story.calls == [("netsuite", "create"), ("salesforce", "update")]
    assert (story.salesforce["Accord_Status__c"], story.salesforce["Accord_NetSuite_Id__c"]) == ("synced", story.record.ids["netsuite"])


def test_finance_wins_over_sales_on_the_credit_limit(world):
    """A sales user's edit is put back; finance's own goes through, in the currency's scale."""
    story = Story(world, "customer", "customer:salesforce:001A")
    story.salesforce = dict(ACCOUNT)
    story.settled(story.see("salesforce", "001A", story.salesforce, "create"), "001A")
    id_ = int(story.record.ids["netsuite"])
    world.account.update("customer", id_, {"creditLimit": 7500, "terms": {"id": "2"}})
    story.settled(story.see("netsuite", str(id_), rows(world.account, "customer", id_)[0]), "001A")
    assert story.salesforce["Accord_Credit_Limit__c"] == D("7500.00")
    story.salesforce["Accord_Credit_Limit__c"] = D(99999)
    asks = story.see("salesforce", "001A", {"Accord_Credit_Limit__c": D(99999)}, "update")
    assert [(a.target, dict(a.fields)["credit_limit"]) for a in asks] == [("salesforce", "7500.00")]
    story.settled(asks, "001A")
    assert story.salesforce["Accord_Credit_Limit__c"] == D("7500.00")


def test_an_address_edit_travels_whole_and_rests(world):
    """One changed line of the street: NetSuite holds the new address as its default."""
    story = Story(world, "customer", "customer:salesforce:001A")
    story.salesforce = dict(ACCOUNT)
    story.settled(story.see("salesforce", "001A", story.salesforce, "create"), "001A")
    story.salesforce["ShippingStreet"] = "2 Side St"
    story.settled(story.see("salesforce", "001A", {"ShippingStreet": "2 Side St"}, "update"), "001A")
    held = rows(world.account, "customer", int(story.record.ids["netsuite"]))[0]
    assert (held["shipaddress1"], held["shipcity"], held["billaddress1"]) == ("2 Side St", "San Francisco", "Unter den Linden 1")


def test_a_customer_that_begins_in_netsuite_brings_its_data(world):
    """An account without a name can't be made: NetSuite proposes what Salesforce will own."""
    address = {"addr1": "9 Pier", "city": "Boston", "state": "MA", "zip": "02110", "country": {"id": "US"}}
    book = {"addressBook": {"items": [{"defaultBilling": True, "defaultShipping": True, "addressBookAddress": address}]}}
    id_ = world.account.create("customer", {"companyName": "Pier Nine", "subsidiary": {"id": "1"}, "phone": "+16175550100", **book})
    story = Story(world, "customer", f"customer:netsuite:{id_}")
    (asked,) = story.see("netsuite", str(id_), rows(world.account, "customer", id_)[0])
    part = entities()["customer"].render(asked, story.record, story.links)[0][0]
    body = {**json.loads(part.seeds), **json.loads(part.body)}
    assert (body["Name"], body["Type"], body["Phone"], body["BillingPostalCode"], body["ShippingStateCode"]) == (
        "Pier Nine",
        "Customer",
        "+16175550100",
        "02110",
        "MA",
    )
    assert body["Accord_Subsidiary__c"] == "us"


def test_an_order_crosses_once_and_comes_to_rest(world):
    """Created, accepted in NetSuite, shown in Salesforce: a replay of both documents asks for nothing."""
    links = [link(f"item:netsuite:{world.cup}", netsuite=str(world.cup), salesforce="01t-CUP-01")]
    links.append(link("customer:salesforce:001A", salesforce="001A", netsuite=str(world.customer)))
    story = Story(world, "order", "order:salesforce:801A", *links)
    story.salesforce = order_body(order_line(1, "CUP-01", "7", "9.99"), Accord_Shipping_Cost__c="12.50", Accord_Terms__c=None, TotalAmount=D("69.93"))
    (asked,) = story.see("salesforce", "801A", story.salesforce)
    assert (asked.target, asked.kind) == ("netsuite", "create")
    story.settled((asked,), "801A")
    assert story.calls == [("netsuite", "create"), ("salesforce", "update")]
    assert (story.salesforce["Accord_ERP_Status__c"], story.salesforce["Accord_Grand_Total__c"]) == ("Accepted", D("82.43"))
    assert story.salesforce["OrderItems"][0]["Accord_NetSuite_Line__c"] == "1"
    assert story.record.stage == "accepted"


def test_an_order_with_everything_comes_to_rest(world):
    """Each head field reads back as it was wanted; one that didn't would be written until it is given up as refused."""
    links = [link(f"item:netsuite:{world.cup}", netsuite=str(world.cup), salesforce="01t-CUP-01")]
    links.append(link("customer:salesforce:001A", salesforce="001A", netsuite=str(world.customer)))
    for name in ("Line discount", "Order discount"):
        world.account.create("discountItem", {"itemId": name})
    story = Story(world, "order", "order:salesforce:801A", *links)
    story.discounts = (str(world.discount), str(world.discount))
    head = {
        "Accord_Location__c": "east", "Accord_Terms__c": "Net 30", "Description": "Leave at the door\r\n2nd floor", "PoNumber": "PO-1",
        "OrderReferenceNumber": "#1001", "Accord_Residential__c": True, "Accord_Ship_To_Name__c": "Ann Lee",
        "Accord_Ship_To_Phone__c": "(415) 555-0100", "Accord_Gift_Message__c": "Enjoy", "Accord_Promotion__c": "XMAS", "Accord_Ship_Complete__c": True,
        "BillingStreet": "1 Bill St", "BillingCity": "Boston", "BillingStateCode": "MA", "BillingPostalCode": "02110", "BillingCountryCode": "US",
    }  # fmt: skip
    lines = [order_line(1, "CUP-01", "7", "9.99", Discount_Percent="15"), order_line(2, "CUP-01", "1", "5.00")]
    story.salesforce = order_body(*lines, **head, TotalAmount=D("74.93"), EffectiveDate="2026-11-20")
    story.salesforce |= {
        "Accord_Requested_Date__c": "2026-12-01",
        "Accord_Discount_Percent__c": D("7.5"),
        "Accord_Shipping_Cost__c": D("4.90"),
    }
    story.settled(story.see("salesforce", "801A", story.salesforce), "801A")
    assert story.calls == [("netsuite", "create"), ("salesforce", "update")]
    assert not story.record.held
    assert story.salesforce["Accord_Grand_Total__c"] == D("64.51")


def test_a_bad_address_comes_back_to_the_order(world):
    """Nothing goes to NetSuite; the order itself says why, and is sent when it is mended."""
    links = [link(f"item:netsuite:{world.cup}", netsuite=str(world.cup), salesforce="01t-CUP-01")]
    links.append(link("customer:salesforce:001A", salesforce="001A", netsuite=str(world.customer)))
    story = Story(world, "order", "order:salesforce:801A", *links)
    story.salesforce = order_body(order_line(1, "CUP-01", "7", "9.99"), ShippingPostalCode="10001")
    asks = story.see("salesforce", "801A", story.salesforce)
    assert [(a.target, a.fields["accord_code"]) for a in asks] == [("salesforce", "address_invalid")]
    story.settled(asks, "801A")
    assert story.salesforce["Accord_Message__c"] == 'Shipping address: postal code "10001" is not valid for US, e.g. 95014.'
    story.salesforce["ShippingPostalCode"] = "94105"
    story.settled(story.see("salesforce", "801A", story.salesforce), "801A")
    assert story.salesforce["Accord_Status__c"] == "synced"
    assert ("netsuite", "create") in story.calls


@pytest.mark.parametrize("entity", ["item", "fulfilment"])
def test_what_netsuite_owns_is_made_once_in_salesforce(world, entity):
    """One create; then Salesforce's own answer and NetSuite's next row ask for nothing."""
    made, parcel = shipped(world, package={"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 2.5}]})
    id_ = world.cup if entity == "item" else parcel
    links = [link(f"item:netsuite:{world.cup}", netsuite=str(world.cup), salesforce="01tCUP")]
    links += [link("customer:salesforce:001A", salesforce="001A", netsuite=str(world.customer))]
    links += [link("order:salesforce:801A", salesforce="801A", netsuite=str(made))]
    if entity == "fulfilment":
        links.append(link(f"fulfilment:netsuite:{parcel}", netsuite=str(parcel), salesforce="SF1"))
    story = Story(world, entity, f"{entity}:netsuite:{id_}", *links)
    story.settled(story.see("netsuite", str(id_), rows(world.account, entity, id_)[0]), "SF1")
    assert story.calls == [("salesforce", "create")]
    assert not story.record.held


def test_every_shipped_file_names_its_entity():
    """A table under another name would load and map nothing."""
    for file in shipped_tables().iterdir():
        if file.name.endswith(".toml"):
            assert parse("x", file.name, file.read_text()).table["entity"] == file.name.removesuffix(".toml")
