"""The twelve worked orders: Salesforce's document -> body -> NetSuite (the sandbox) -> search row -> the same lines, and the totals to the cent."""

from __future__ import annotations

import json

import pytest

from ops.sandbox.netsuite.options import TaxRule
from ops.sandbox.netsuite.patch import STRICT
from ops.sandbox.netsuite.transform import transform
from tests.streams.mapping.books import KEY, Books, D
from tests.streams.mapping.builders import NOTHING, ask_of, body_of, entities, observed, order_body, order_line, reading, record_of


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
    body = order_body(*lines, currency="EUR", store="eu", Accord_Discount_Percent__c="7.5", Accord_Shipping_Cost__c="4.90", Accord_Tax_Total__c="32.38")
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    id_, sent = books.send(body)
    assert [d["taxAmount"] for d in sent["taxDetails"]["items"]] == [D("7.03"), D("6.85"), D("17.57"), D("0.93")]
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("discount", "tax_given", "total")] == [D("13.42"), D("32.38"), D("202.75")]


def test_e4_vat_of_netsuite_at_transaction_level():
    """The same cart with free shipping: NetSuite computes 31.44, one cent less than per line would be, and says it back."""
    books = Books(tax={1: TaxRule(D("19"), level="transaction")})
    lines = [order_line(1, "CUP-01", "3", "13.33"), order_line(2, "TEE-BLK-M", "5", "7.79"), order_line(3, "LAMP-9", "1", "99.95")]
    body = order_body(*lines, currency="EUR", store="vat", Accord_Discount_Percent__c="7.5", Accord_Ship_Method__c="ground")
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    id_, sent = books.send(body)
    assert (sent["shippingCost"], "taxDetails" in sent) == (0, False)
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("subtotal", "discount", "tax_total", "total")] == [D("178.89"), D("13.42"), D("31.44"), D("196.91")]


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


def test_e6_three_decimals_where_both_systems_keep_them():
    """(a): an account and an org set up for dinars hold 8.765 to the fils."""
    books = dinar_books(3)
    body = dinars(order_line(1, "CUP-01", "4", "1.250"), order_line(2, "LAMP-9", "3", "0.755"))
    id_, _ = books.send(body)
    theirs = books.tied(body, id_)
    assert [D(theirs[n]) for n in ("subtotal", "ship_cost", "total")] == [D("7.265"), D("1.500"), D("8.765")]


@pytest.mark.parametrize("precision", [2, 3])
def test_e6_dinars_to_the_hundredth_go_either_way(precision):
    """(b): what needs no third decimal is 7.75 whatever the accounts keep."""
    books = dinar_books(precision)
    body = dinars(order_line(1, "CUP-01", "4", "1.25"), order_line(2, "LAMP-9", "2", "0.75", Discount_Amount="0.25"))
    assert D(books.tied(body, books.send(body)[0])["total"]) == D("7.75")


def dinar_books(precision):
    books = Books(precision=precision)
    books.account.update("customer", books.world.customer, {"currency": {"id": "4"}})
    return books


def dinars(*lines):
    return order_body(*lines, currency="KWD", store="kw", Accord_Shipping_Cost__c="1.500")


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


def test_e10_two_invoices_make_the_order():
    """Part invoices share discounts so that they add up to the order; when all is billed the order is Billed."""
    books = Books()
    lines = [order_line(1, "CUP-01", "10", "33.33", Discount_Percent="10"), order_line(2, "LAMP-9", "2", "50.00")]
    body = order_body(*lines, Accord_Shipping_Cost__c="20.00")
    id_, _ = books.send(body)
    stocked(books, books.world.cup, books.world.lamp)
    transform(books.account, "salesOrder", id_, "itemFulfillment", {"shipStatus": {"id": "C"}})
    assert books.read(id_)["status_letter"] == "F"
    first = transform(books.account, "salesOrder", id_, "invoice", {"item": {"items": [{"orderLine": 1, "quantity": 4}]}})
    second = transform(books.account, "salesOrder", id_, "invoice", {})
    totals = [books.account.get("invoice", made).values["total"] for made in (first, second)]
    assert totals == [D("239.99"), D("179.98")]
    assert (sum(totals), books.read(id_)["erp_status"]) == (D(books.read(id_)["total"]), "Billed")


def test_e11_a_returned_piece_is_credited_with_its_tax():
    """Tax per line of 19 %: the order is 292.14, the credit for one piece 71.28."""
    books = Books(tax={1: TaxRule(D("19"), level="line")})
    books.account.update("customer", books.world.customer, {"currency": {"id": "2"}})
    body = order_body(order_line(1, "CUP-01", "4", "59.90"), currency="EUR", store="vat", Accord_Shipping_Cost__c="5.90")
    id_, _ = books.send({**body, "Accord_Store__c": "us"})
    stocked(books, books.world.cup)
    assert D(books.read(id_)["total"]) == D("292.14")
    transform(books.account, "salesOrder", id_, "itemFulfillment", {"shipStatus": {"id": "C"}})
    invoice = transform(books.account, "salesOrder", id_, "invoice", {})
    head = {"shippingCost": 0, "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    memo = transform(books.account, "invoice", invoice, "creditMemo", head)
    assert [books.account.get(kind, made).values["total"] for kind, made in (("invoice", invoice), ("creditMemo", memo))] == [D("292.14"), D("71.28")]


def stocked(books, *items):
    for item in items:
        books.account.update("inventoryItem", item, {"locations": {"items": [{"location": {"id": "1"}, "quantityOnHand": 50}]}})


def yen(**line_2):
    lines = [order_line(1, "CUP-01", "5", "980"), {**order_line(2, "LAMP-9", "2", "2400"), **line_2}]
    return order_body(*lines, currency="JPY", store="jp")


@pytest.fixture
def yen_books():
    books = Books(tax={2: TaxRule(D(10), method="down", precision=D(1))}, cross_subsidiary_fulfilment=True)
    books.account.update("customer", books.world.jp_customer, {"currency": {"id": "3"}})
    return books


def test_e12_an_order_cancelled_before_acceptance_reads_cancelled(yen_books):
    """(a): NetSuite lets nobody set Cancelled through its API: all lines are closed, and people read what it means."""
    id_, _ = yen_books.send(yen(), "jp")
    assert (yen_books.read(id_)["erp_status"], D(yen_books.read(id_)["total"])) == ("Pending approval", D(10670))
    yen_books.amend(id_, {**yen(), "Accord_Cancel__c": True}, {"cancel"})
    after = yen_books.read(id_)
    assert (after["status_letter"], after["erp_status"], after["cancel"]) == ("H", "Cancelled", "true")


@pytest.mark.parametrize("by", ["salesforce", "netsuite"])
def test_e12_one_line_cancelled_after_acceptance(yen_books, by):
    """(b): line 2 is closed by whoever asks, line 1 is shipped and billed: the total stays, the closed quantity shows, the order is Billed."""
    id_, _ = yen_books.send(yen(), "jp")
    yen_books.account.update("salesOrder", id_, {"orderStatus": {"id": "B"}}, STRICT)
    if by == "salesforce":
        sent = yen_books.amend(id_, yen(Accord_Cancel__c=True), {"cancel_lines"}, stage="accepted")
        assert sent == {"item": {"items": [{"line": 2, "isClosed": True}]}}
    else:
        yen_books.account.update("salesOrder", id_, {"item": {"items": [{"line": 2, "isClosed": True}]}}, STRICT)
    stocked(yen_books, yen_books.world.cup)
    transform(yen_books.account, "salesOrder", id_, "itemFulfillment", {"shipStatus": {"id": "C"}})
    invoice = transform(yen_books.account, "salesOrder", id_, "invoice", {})
    after = yen_books.read(id_)
    facts = {row["key"][-1]: (row["shipped"], row["closed"]) for row in json.loads(after["line_facts"])}
    assert (facts, D(after["total"]), after["erp_status"]) == ({"1": ("5", "0"), "2": ("0", "2")}, D(10670), "Billed")
    assert yen_books.account.get("invoice", invoice).values["total"] == D(5390)


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
    assert (after["erp_status"], after["cancel"]) == ("Cancelled", "true")
    assert D(after["total"]) == D("97.00")
