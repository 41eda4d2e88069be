"""The worked orders: Salesforce's document -> body -> NetSuite (the sandbox) -> search row -> the same lines, and the totals to the cent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.options import TaxRule
from ops.sandbox.netsuite.patch import STRICT, Manner
from ops.sandbox.netsuite.transform import transform
from tests.ops.sandbox.netsuite.world import World, build, new_account, poll
from tests.streams.mapping.builders import (
    NOTHING,
    Links,
    ask_of,
    body_of,
    entities,
    link,
    observed,
    order_body,
    order_line,
    reading,
    record_of,
)

D = Decimal
KEY = "order:salesforce:801A"


class Books:
    """An account of the sandbox, and how the mapping's order goes there and comes back."""

    def __init__(self, **options: Any) -> None:
        self.account: Account = new_account(**options)
        self.world: World = build(self.account)
        self.discount = self.account.create("discountItem", {"itemId": "Off"})
        self.customers = {"us": self.world.customer, "jp": self.world.jp_customer}
        self.skus = {"CUP-01": self.world.cup, "TEE-BLK-M": self.world.tee, "LAMP-9": self.world.lamp, "KIT-START": self.world.kit}
        links = [link(f"item:netsuite:{id_}", netsuite=str(id_), salesforce=f"01t-{sku}") for sku, id_ in self.skus.items()]
        self.links = Links(*links)

    def filled(self, value: Any, customer: int) -> Any:
        """What the sink does: references become ids; the store's discount items are this account's."""
        if isinstance(value, dict):
            ref = value.get("$ref")
            if ref:
                return str(customer) if ref.startswith("customer:") else ref.rpartition(":")[2]
            return {k: self.filled(v, customer) for k, v in value.items()}
        if isinstance(value, list):
            return [self.filled(v, customer) for v in value]
        return str(self.discount) if value in ("90", "91") else value

    def send(self, body: Mapping[str, Any], customer: str = "us", **ask: Any) -> tuple[int, Mapping[str, Any]]:
        """Order body of Salesforce -> (sales order's id, the body that was sent)."""
        fields = observed("order", "salesforce", body)
        part, options = self.rendered(fields, **ask)
        sent = self.filled({**json.loads(part.seeds, parse_float=D), **body_of(part)}, self.customers[customer])
        sent.pop("shipMethod", None)
        assert "stage_field" not in options
        return self.account.create("salesOrder", sent), sent

    def rendered(self, fields: Mapping[str, str | None], **ask: Any) -> Any:
        made = ask_of("order", "netsuite", stage="submitted", links=self.links, salesforce=fields, **ask)
        parts, options = entities()["order"].render(made, record_of("order", KEY, salesforce=fields), NOTHING)
        return parts[0], options

    def read(self, id_: int) -> dict[str, Any]:
        """The order as the RESTlet answers it, in canonical fields."""
        asked = next(r for r in entities()["order"].reads if type(r).__name__ == "NetSuiteRead")
        request = {
            "type": asked.type, "columns": list(asked.columns), "filters": as_list(asked.filters), "ids": [str(id_)],
            "lines": {"columns": list(asked.lines.fields), "filters": as_list(asked.lines.filters)},
        }  # fmt: skip
        row = poll(self.account, request)["rows"][0]
        return dict(observed("order", "netsuite", {**row["values"], "_type": row["type"], "lines": row["lines"]}))

    def tied(self, body: Mapping[str, Any], id_: int) -> dict[str, Any]:
        """Both sides must say the same of every line, or the lines would be written for ever."""
        rules = entities()["order"].rules
        ours, theirs = observed("order", "salesforce", body), self.read(id_)
        for name in ("lines", "discount", "ship_cost", "date", "currency", "store", "shipping_street", "shipping_state", "shipping_postal"):
            read = reading(salesforce=ours, netsuite=theirs)
            if ours.get(name) is not None:
                mine, held = (
                    rules.normal("netsuite", name, side[name], self.links, read) if side.get(name) else None for side in (ours, theirs)
                )
                assert mine == held, name
        return theirs


def as_list(value: Any) -> Any:
    return [as_list(v) for v in value] if isinstance(value, tuple | list) else value


def test_e1_a_percent_off_a_line_is_a_line_of_its_own():
    """A net unit price would lose a cent; the discount stands below its line, by amount, and comes back as the line's own."""
    books = Books()
    body = order_body(
        order_line(1, "CUP-01", "7", "9.99", Discount_Percent="15"),
        order_line(2, "LAMP-9", "1", "120.00"),
        Accord_Shipping_Cost__c="12.50",
        TotalAmount=D("189.93"),
    )
    id_, sent = books.send(body)
    lines = sent["item"]["items"]
    assert [(row["rate"], row["amount"], row["custcol_accord_line_key"]) for row in lines] == [
        (D("9.99"), D("69.93"), "802000000000000001"), (D("-10.49"), D("-10.49"), "802000000000000001:d"), (D(120), D("120.00"), "802000000000000002"),
    ]  # fmt: skip
    assert list(lines[0])[:5] == ["item", "quantity", "price", "rate", "amount"]
    theirs = books.tied(body, id_)
    assert (D(theirs["subtotal"]), D(theirs["total"]), D(theirs["tax_total"])) == (D("179.44"), D("191.94"), 0)


def test_e2_an_amount_off_the_order_is_negative_in_netsuite():
    """A positive rate would raise the total; free shipping is sent as 0.00, or NetSuite would rate it."""
    books = Books(tax={1: TaxRule(D("8.875"), shipping_taxed=False)})
    body = order_body(
        order_line(1, "TEE-BLK-M", "3", "19.99"),
        order_line(2, "CUP-01", "2", "45.25"),
        Accord_Discount_Amount__c="15.00",
        Accord_Ship_Method__c="ground",
    )
    id_, sent = books.send(body)
    assert (sent["discountItem"]["id"], sent["discountRate"], sent["shippingCost"]) == (str(books.discount), D("-15.00"), 0)
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("subtotal", "discount", "tax_total", "total")] == [D("150.47"), D("15.00"), D("12.02"), D("147.49")]


def test_e3_tax_of_the_shop_is_sent_by_line():
    """In mode `sent` everything ties to the unit: what the shop charged is what NetSuite books."""
    books = Books(tax={1: TaxRule(D("19"), level="line")})
    lines = [order_line(1, "CUP-01", "3", "13.33"), order_line(2, "TEE-BLK-M", "5", "7.79"), order_line(3, "LAMP-9", "1", "99.95")]
    body = order_body(
        *lines, currency="EUR", store="eu", Accord_Discount_Percent__c="7.5", Accord_Shipping_Cost__c="4.90", Accord_Tax_Total__c="32.38"
    )
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    id_, sent = books.send(body)
    assert [d["taxAmount"] for d in sent["taxDetails"]["items"]] == [D("7.03"), D("6.85"), D("17.57"), D("0.93")]
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("discount", "tax_total", "total")] == [D("13.42"), D("32.38"), D("202.75")]


def test_e5_yen_has_no_fraction_in_any_amount():
    """Any fraction in a sent amount is refused or rounded by NetSuite."""
    books = Books(tax={2: TaxRule(D(10), method="down", precision=D(1))})
    books.account.update("customer", books.world.jp_customer, {"currency": {"id": "3"}})
    lines = [order_line(1, "CUP-01", "3", "1480", Discount_Percent="7"), order_line(2, "LAMP-9", "1", "12800")]
    body = order_body(*lines, currency="JPY", store="jp", Accord_Shipping_Cost__c="550")
    id_, sent = books.send(body, "jp")
    assert [row["amount"] for row in sent["item"]["items"]] == [D(4440), D(-311), D(12800)]
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("subtotal", "tax_total", "total")] == [D(16929), D(1747), D(19226)]


@pytest.mark.parametrize(
    ("lines", "head", "total"),
    [
        ([order_line(1, "KIT-START", "3", "149.00", Discount_Amount="10.00")], {}, "437.00"),  # E7
        ([order_line(1, "LAMP-9", "12", "42.00")], {"Accord_Shipping_Cost__c": "9.90"}, "513.90"),  # E8
        ([order_line(1, "CUP-01", "10", "8.00"), order_line(2, "TEE-BLK-M", "4", "25.00")], {"Accord_Shipping_Cost__c": "15.00"}, "195.00"),  # E9
        ([order_line(1, "CUP-01", "10", "33.33", Discount_Percent="10"), order_line(2, "LAMP-9", "2", "50.00")], {"Accord_Shipping_Cost__c": "20.00"}, "419.97"),  # E10
    ],
)  # fmt: skip
def test_worked_orders_total_the_same_in_netsuite(lines, head, total):
    """E7 to E10: NetSuite's computed total is the one that the customer was told."""
    books = Books()
    body = order_body(*lines, **head)
    assert D(books.tied(body, books.send(body)[0])["total"]) == D(total)


def test_e9_what_is_shipped_goes_to_the_order_products():
    """Two parcels: after the first the order shows 6 and 4 shipped and its status; zero stands where nothing has happened."""
    books = Books()
    body = order_body(order_line(1, "CUP-01", "10", "8.00"), order_line(2, "TEE-BLK-M", "4", "25.00"))
    id_, _ = books.send(body)
    for item in (books.world.cup, books.world.tee):
        books.account.update("inventoryItem", item, {"locations": {"items": [{"location": {"id": "1"}, "quantityOnHand": 50}]}})
    parcel = {"shipStatus": {"id": "C"}, "item": {"items": [{"orderLine": 1, "quantity": 6}, {"orderLine": 2, "quantity": 4}]}}
    transform(books.account, "salesOrder", id_, "itemFulfillment", parcel)
    theirs = books.read(id_)
    ours = observed("order", "salesforce", body)
    asked = ask_of("order", "salesforce", kind="update", stage="accepted", netsuite=theirs, salesforce=ours)
    parts, _ = entities()["order"].render(asked, record_of("order", KEY, salesforce=ours), NOTHING)
    assert theirs["erp_status"] == "Partly shipped"
    assert body_of(parts[0])["Accord_ERP_Status__c"] == "Partly shipped"
    assert [(p.object, p.id, body_of(p)["Accord_Qty_Shipped__c"], body_of(p)["Accord_Qty_Billed__c"]) for p in parts[1:]] == [
        ("OrderItem", "802000000000000001", 6, 0), ("OrderItem", "802000000000000002", 4, 0),
    ]  # fmt: skip
    assert entities()["order"].rules.stage(reading(netsuite=theirs, salesforce=ours)) == "accepted"


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


def test_e12_a_cancel_closes_lines_and_nothing_else():
    """orderStatus can't be set to closed: every line that isn't wholly shipped is closed, by its number."""
    books = Books()
    body = order_body(order_line(1, "CUP-01", "5", "9.80"), order_line(2, "LAMP-9", "2", "24.00"), Accord_Cancel__c=True)
    id_, _ = books.send({**body, "Accord_Cancel__c": False})
    theirs = books.read(id_)
    assert theirs["cancel"] == "false"
    ours = observed("order", "salesforce", body)
    asked = ask_of("order", "netsuite", kind="update", stage="accepted", only={"cancel"}, salesforce=ours, netsuite=theirs)
    parts, options = entities()["order"].render(asked, record_of("order", KEY, salesforce=ours), NOTHING)
    assert "replace" not in options
    books.account.update("salesOrder", id_, body_of(parts[0]), STRICT)
    after = books.read(id_)
    assert (after["erp_status"], after["cancel"]) == ("Closed", "true")
    assert D(after["total"]) == D("97.00")


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
