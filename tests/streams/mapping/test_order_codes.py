"""Every validation code: the case that trips it, the very words that the seller reads on the order, and that the mend is enough."""

from __future__ import annotations

import pytest

from tests.streams.mapping.builders import link, order_body, order_line
from tests.streams.mapping.seller import Seller, customer, item

CUP = order_line(1, "CUP-01", "2", "10.00")
GOOD = order_body(CUP)


def without(line, *names):
    return {k: v for k, v in line.items() if k not in names}


def strict(line):
    return order_body(line, store="strict")


#: code -> (its case as Salesforce holds it, the mended order, what is read)
IN_THE_ORDER = {
    "missing_sku": (
        order_body({**without(CUP, "Product2.StockKeepingUnit"), "Product2.Name": "Cup"}), GOOD,
        'Line 1: product "Cup" has no SKU, so NetSuite can\'t know it.',
    ),
    "missing_customer": (order_body(CUP, AccountId=None), GOOD, "The order names no customer."),
    "address_invalid": (
        order_body(CUP, ShippingPostalCode="ABC"), GOOD, 'Shipping address: postal code "ABC" is not valid for US, e.g. 95014.',
    ),
    "currency_mismatch": (
        order_body(CUP, currency="JPY"), GOOD, "The order is in JPY; us sells to this customer in USD, EUR.",
    ),
    "price_missing": (order_body(without(CUP, "UnitPrice")), GOOD, 'Line 1: no USD price for "CUP-01" at level base.'),
    "terms_unknown": (order_body(CUP, Accord_Terms__c="Net 99"), order_body(CUP, Accord_Terms__c=None), 'Payment terms "Net 99" are not known in NetSuite.'),
    "quantity_invalid": (
        order_body(order_line(1, "CUP-01", "1.5", "10.00")), GOOD, 'Line 1: quantity 1.5 is not allowed for "CUP-01" (only whole units).',
    ),
    "total_mismatch": (
        order_body(CUP, Accord_Stated_Total__c="21.00"), order_body(CUP, Accord_Stated_Total__c="20.00"),
        "Lines, discount, shipping and tax add up to 20.00; the order says 21.00 (difference 1.00 USD).",
    ),
    "subsidiary_mismatch": (
        order_body(CUP, store="moon"), GOOD, 'Store "moon" is not known, so no subsidiary sells this order.',
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(IN_THE_ORDER))
def test_what_the_order_itself_says_comes_back_and_the_mend_is_enough(code):
    """The seller reads code and reason on the order; once it is mended it goes, and the words are gone."""
    bad, good, message = IN_THE_ORDER[code]
    seller = Seller(customer(), item())
    seller.saves(bad)
    assert (seller.reads, seller.sent) == (("rejected", code, message), [])
    seller.saves(good)
    assert seller.reads[1:] == (None, None)
    assert len(seller.sent) == 1


#: code -> (links at first, status, what is read, the link that heals it)
IN_OTHERS = {
    "missing_sku": (
        [customer(), item(netsuite="")], "waiting",
        'Line 1: product "CUP-01" does not exist in NetSuite yet. The order is sent by itself once it does.', item(),
    ),
    "inactive_item": (
        [customer(), item(subsidiaries="jp")], "rejected",
        'Line 1: "CUP-01" is no longer sold by us. Replace it or ask the product team.', item(subsidiaries="jp;us"),
    ),
    "missing_customer": (
        [link("customer:salesforce:001A", salesforce="001A", facts={"name": "Acme"}), item()], "waiting",
        'The customer "Acme" is not in NetSuite yet.', customer(),
    ),
    "subsidiary_mismatch": (
        [customer(subsidiaries="jp"), item()], "waiting",
        "Acme can't buy from us yet; finance has been asked to add it.", customer(subsidiaries="jp;us"),
    ),
    "customer_on_hold": (
        [customer(on_hold="on"), item()], "waiting",
        "Acme is on credit hold in NetSuite. The order is sent by itself once finance lifts it.", customer(on_hold="auto"),
    ),
    "currency_mismatch": (
        [customer(currencies="EUR;JPY"), item()], "rejected",
        "The order is in USD; us sells to this customer in EUR, JPY.", customer(currencies="EUR;USD"),
    ),
    "quantity_invalid": (
        [customer(), item(min_quantity="5")], "rejected",
        'Line 1: quantity 2 is not allowed for "CUP-01" (at least 5).', item(min_quantity="2"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(IN_OTHERS))
def test_what_other_records_lack_is_read_on_the_order_and_heals_by_them(code):
    """The seller reads for what the order waits; when that record has changed the order goes by itself, without a hand on it."""
    links, status, message, healed = IN_OTHERS[code]
    seller = Seller(*links)
    seller.saves(GOOD)
    assert (seller.reads, seller.sent) == ((status, code, message), [])
    seller.saves(GOOD)
    assert seller.sent == [], "another look at the order changes nothing"
    seller.knows(healed)
    assert len(seller.sent) == 1
    assert seller.reads[1:] == (None, None)


def test_most_is_as_much_a_rule_as_least():
    """More than the warehouse ships at once comes back as well."""
    seller = Seller(customer(), item(max_quantity="1"))
    seller.saves(GOOD)
    assert seller.reads[2] == 'Line 1: quantity 2 is not allowed for "CUP-01" (at most 1).'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({**CUP, "ListPrice": 12}, 'Line 1: no USD price for "CUP-01" at level base allows 10; at least 10.80.'),
        (CUP, 'Line 1: no USD price for "CUP-01" at level base.'),
    ],
)
def test_a_strict_store_sells_nothing_below_its_prices(line, message):
    """Ten per cent may be given away at that store: 10.80 of 12.00, not 10."""
    seller = Seller(customer(), item())
    seller.saves(strict(line))
    assert seller.reads == ("rejected", "price_missing", message)
    seller.saves(strict({**line, "ListPrice": 11}))
    assert len(seller.sent) == 1


def test_e8_a_customers_own_price_beats_the_level():
    """Customer X buys at 42.00 what the level sells at 60.00: that is no missing price."""
    own = link("customer_price:netsuite:100-i-5-1", netsuite="100-i-5-1", facts={"price": "10.00"})
    seller = Seller(customer(), item(), own)
    seller.saves(strict({**CUP, "ListPrice": 12}))
    assert len(seller.sent) == 1


def row(total, **more):
    """NetSuite's row of the order of GOOD, accepted."""
    line = {"line": "1", "custcol_accord_line_key": "802000000000000001", "item": "5", "quantity": "2", "fxrate": "10.00", "fxamount": "20.00"}
    return {"internalid": "7", "status": "pendingFulfillment", "fxamount": total, "subtotal": "20.00", "taxtotal": "0.00", "lines": [line], **more}


def test_a_total_that_netsuite_makes_of_its_own_is_told_and_stops_nothing():
    """NetSuite rated the shipping anew: the order goes on, and finance reads the difference until the totals tie again."""
    seller = Seller(customer(), item())
    seller.saves(order_body(CUP, Accord_Shipping_Cost__c=None))
    seller.netsuite_says(row("27.50", shippingcost="7.50"))
    message = "In NetSuite lines, discount, shipping and tax add up to 27.50; the order says 20.00 (difference 7.50 USD)."
    assert seller.reads == ("synced", "total_mismatch", message)
    seller.netsuite_says(row("20.00"))
    assert seller.reads == ("synced", None, None)


def test_an_order_with_a_closed_line_is_not_held_against_its_total():
    """What was cancelled may be in NetSuite's total or not: a warning on every cancelled order would be read by nobody."""
    seller = Seller(customer(), item())
    seller.saves(order_body(CUP, Accord_Shipping_Cost__c=None))
    found = row("0.00")
    seller.netsuite_says({**found, "lines": [{**found["lines"][0], "closed": True, "quantityshiprecv": "1"}]})
    assert seller.reads == ("synced", None, None)


def test_a_stated_total_and_netsuites_tax_may_differ_and_the_order_stays():
    """Mode `netsuite`: the shop said 22.00, NetSuite taxes 1.60: nobody sends the order back, finance reads it."""
    seller = Seller(customer(), item())
    seller.saves(order_body(CUP, store="vat", currency="EUR", Accord_Stated_Total__c="22.00"))
    seller.netsuite_says(row("21.60", taxtotal="1.60", custbody_accord_store="vat"))
    assert seller.reads == ("synced", "tax_differs", "With NetSuite's tax the order comes to 21.60; the order says 22.00 (difference 0.40 EUR).")


def test_an_amendment_on_its_way_is_no_mismatch():
    """Between the write and NetSuite's answer its total is the old one: a seller who is told so learns to ignore the code."""
    seller = Seller(customer(), item())
    seller.saves(GOOD)
    seller.netsuite_says(row("20.00", status="pendingApproval"))
    seller.saves(order_body(order_line(1, "CUP-01", "3", "10.00")))
    seller.netsuite_says(row("20.00", status="pendingApproval"))
    assert seller.reads[1] is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (order_body(CUP, currency="EUR", store="gb"), "The order says no tax; gb takes the tax from its orders (0 if there is none)."),
        (
            order_body({**CUP, "Accord_Tax_Amount__c": 3}, currency="EUR", store="eu", Accord_Tax_Total__c="4.00"),
            "The tax of the lines adds up to 3.00; the order says 4.00.",
        ),
        (
            order_body(CUP, currency="EUR", store="gb", Accord_Tax_Total__c="3.19", Accord_Stated_Total__c="23.19"),
            "Lines, discount, shipping and tax add up to 20.00; the order says 23.19 (difference 3.19 EUR).",
        ),
        (order_body({**CUP, "ListPrice": 10}, store="strict", ShippingCountryCode="DE"), 'Shipping address: country "DE" is not valid for strict.'),
        (order_body(CUP, Accord_Location__c="west"), 'Location "west" is not one of us; it sells from east.'),
    ],
)
def test_further_words_of_the_same_codes(body, message):
    """A tax that is missing, or doesn't tie, and a location of another store come back before NetSuite books them."""
    seller = Seller(customer(), item())
    seller.saves(body)
    assert (seller.reads[0], seller.reads[2]) == ("rejected", message)
