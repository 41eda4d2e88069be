"""Quotes: Salesforce's document -> estimate (the sandbox) -> the same again; its status, its end, and the order that is made of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ops.sandbox.netsuite.patch import Manner
from ops.sandbox.netsuite.transform import transform
from tests.streams.mapping.books import Books, D
from tests.streams.mapping.builders import (
    ADDRESS,
    Links,
    ask_of,
    entities,
    link,
    observed,
    order_body,
    order_line,
    reading,
    record_of,
)

QUOTE = "quote:salesforce:0Q0A"
NEXT_YEAR = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()


class Offers(Books):
    entity, record = "quote", "estimate"


def line(n, sku, quantity, price, percent="0"):
    """A line as Salesforce answers it: it rounds the discounted amount itself."""
    gross = (D(price) * D(quantity)).quantize(D("0.01"))
    net = (gross * (1 - D(percent) / 100)).quantize(D("0.01"), "ROUND_HALF_UP")
    row = order_line(n, sku, quantity, price)
    return {**row, "Id": row["Id"].replace("802", "0QL"), "Subtotal": gross, "TotalPrice": net, "Discount": D(percent)}


def quote_body(*lines, status="Presented", store="us", currency="USD", **head):
    total = sum((row["Subtotal"] for row in lines), Decimal(0))
    return {
        "AccountId": "001A", "QuoteNumber": "00000012", "Name": "Spring offer", "Status": status, "ExpirationDate": NEXT_YEAR, "CurrencyIsoCode": currency,
        "Accord_Store__c": store, "ShippingHandling": D("12.50"), "Subtotal": total, "Tax": None, "QuoteLineItems": list(lines),
        "ShippingName": "Acme Ltd", **{f"Shipping{part}": value for part, value in ADDRESS.items()}, **head,
    }  # fmt: skip


def test_a_quote_arrives_with_its_terms_and_reads_the_same():
    """What was offered is what NetSuite shows: lines, discount, shipping, expiry, addressee, and the total to the cent."""
    offers = Offers()
    body = quote_body(line(1, "CUP-01", "7", "9.99", "15"), line(2, "LAMP-9", "1", "120.00"))
    id_, sent = offers.send(body)
    assert (sent["title"], sent["dueDate"], sent["entityStatus"], sent["shippingAddress"]["addressee"]) == ("Spring offer", NEXT_YEAR, {"id": "10"}, "Acme Ltd")
    theirs = offers.tied(body, id_)
    assert [D(theirs[n]) for n in ("subtotal", "ship_cost", "total")] == [D("179.44"), D("12.50"), D("191.94")]
    assert (theirs["wish"], theirs["erp_status"], theirs["expires"]) == ("proposal", "Open", NEXT_YEAR)


def test_the_discount_of_a_line_is_salesforces_own_rounding():
    """Half a cent: Salesforce offers 0.10 x 1 less 5 % at 0.10; a discount of 0.01 of ours would sell below the offer."""
    body = quote_body(line(1, "CUP-01", "1", "0.10", "5"))
    lines = json.loads(observed("quote", "salesforce", body)["lines"])
    assert (body["QuoteLineItems"][0]["TotalPrice"], lines[0].get("discount")) == (D("0.10"), None)


@pytest.mark.parametrize(
    ("status", "made", "wish"),
    [
        ("Draft", False, "discussed"), ("Needs Review", False, "discussed"), ("In Review", False, "discussed"), ("Rejected", False, "discussed"),
        ("Approved", True, "proposal"), ("Presented", True, "proposal"), ("Accepted", True, "won"), ("Denied", False, "lost"),
    ],
)  # fmt: skip
def test_every_status_of_a_quote_has_its_answer(status, made, wish):
    """An offer that nobody has approved is no business of NetSuite; one that the customer has seen is."""
    ours = observed("quote", "salesforce", quote_body(line(1, "CUP-01", "1", "1"), status=status))
    assert (ours["wish"], entities()["quote"].rules.creates("netsuite", reading(salesforce=ours))) == (wish, made)


@pytest.mark.parametrize(("status", "shown"), [("Denied", "Closed"), ("Accepted", "Open"), ("In Review", "Open")])
def test_what_sales_says_moves_the_estimate(status, shown):
    """Its status can't be set: the sales status closes it when the offer is lost."""
    offers = Offers()
    id_, _ = offers.send(quote_body(line(1, "CUP-01", "1", "1")))
    offers.amend(id_, quote_body(line(1, "CUP-01", "1", "1"), status=status), {"wish"})
    assert offers.read(id_)["erp_status"] == shown


def test_an_offer_that_has_run_out_is_shown_and_can_be_extended():
    """Sales sees Expired on the quote; a later date opens it again."""
    offers = Offers()
    body = quote_body(line(1, "CUP-01", "1", "1"), ExpirationDate="2020-01-31")
    id_, _ = offers.send(body)
    assert offers.read(id_)["erp_status"] == "Expired"
    offers.amend(id_, {**body, "ExpirationDate": NEXT_YEAR}, {"expires"})
    assert offers.read(id_)["erp_status"] == "Open"


def test_a_quote_belongs_to_sales_until_it_is_an_order():
    """Afterwards an edit in Salesforce must not change what NetSuite has taken as the order's source."""
    rules = entities()["quote"].rules
    seen = {letter: rules.stage(reading(salesforce={"wish": "won"}, netsuite={"status_letter": letter})) for letter in "AXCBV"}
    assert seen == {"A": "submitted", "X": "submitted", "C": "submitted", "B": "processed", "V": "processed"}
    assert rules.stage(reading(salesforce={"wish": "discussed"})) == "draft"
    assert [rules.owner("lines", s) for s in ("draft", "submitted", "processed")] == ["salesforce", "salesforce", None]


def test_a_quote_is_judged_by_the_words_of_orders():
    """A price that can't be held is found when it is offered, not when it is ordered; an offer needs no address."""
    validate = entities()["quote"].rules.validate
    body = quote_body(line(1, "CUP-01", "1", "1"), Accord_Terms__c="Net 99", **{f"Shipping{part}": None for part in ADDRESS})
    found = validate(reading(salesforce=observed("quote", "salesforce", body)), "submitted", Links())
    assert [p.code for p in found] == ["terms_unknown"]
    empty = validate(reading(salesforce=observed("quote", "salesforce", quote_body())), "submitted", Links())
    assert [p.message for p in empty] == ["The quote has no lines."]


def thread(**quote):
    """Rendering of an order that names that quote: (seeds, options)."""
    fields = observed("order", "salesforce", order_body(order_line(1, "CUP-01", "1", "1"), QuoteId="0Q0A"))
    links = Links(link(QUOTE, **quote)) if quote else Links()
    ask = ask_of("order", "netsuite", stage="submitted", links=links, salesforce=fields)
    parts, options = entities()["order"].render(ask, record_of("order", "order:salesforce:801A", salesforce=fields), links)
    return json.loads(parts[0].seeds), options


def test_an_order_is_made_of_its_quotes_estimate():
    """The thread from offer to order holds on both sides; NetSuite takes it only when the order is made out of the estimate."""
    seeds, options = thread(salesforce="0Q0A", netsuite="88", facts={"wish": "won"})
    assert seeds["createdFrom"] == {"$ref": "quote:salesforce:0Q0A"}
    assert (options["transform"], options["replace"]) == ("estimate", "item")
    assert json.loads(options["ref_codes"])["quote"] == "missing_quote"


def test_an_order_waits_for_an_estimate_that_is_on_its_way_and_for_no_other():
    """A quote that never goes to NetSuite must not keep the order there waiting for ever."""
    assert "createdFrom" in thread(salesforce="0Q0A", facts={"wish": "proposal"})[0]
    assert "createdFrom" not in thread(salesforce="0Q0A", facts={"wish": "discussed"})[0]
    assert "createdFrom" not in thread()[0]


def test_the_order_holds_its_own_lines_and_names_its_estimate():
    """What was ordered counts, also where it is not all that was offered; the estimate is processed, and open again when the order goes."""
    offers = Offers()
    id_, _ = offers.send(quote_body(line(1, "CUP-01", "7", "9.99"), line(2, "LAMP-9", "1", "120.00")))
    orders = Books.__new__(Books)
    orders.__dict__.update(offers.__dict__)
    fields = observed("order", "salesforce", order_body(order_line(1, "CUP-01", "5", "9.50")))
    part, _ = orders.rendered(fields)
    sent = orders.filled(json.loads(part.body, parse_float=D), orders.world.customer)
    made = transform(orders.account, "estimate", id_, "salesOrder", sent, Manner(names="error", replace=frozenset({"item"})))
    theirs = orders.read(made)
    assert (theirs["quote"], D(theirs["subtotal"])) == (f"quote:netsuite:{id_}", D("47.50"))
    assert offers.read(id_)["erp_status"] == "Processed"
    orders.account.delete("salesOrder", made)
    assert offers.read(id_)["erp_status"] == "Open"
