"""Each code of the interface, tripped by the one thing that is wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.events import Problem
from tests.streams.mapping.builders import NOTHING, Links, entities, link, observed, order_body, order_line, reading

D = Decimal
GOOD = [order_line(1, "CUP-01", "2", "10.00")]


def problems(body: dict[str, Any], *, stage: str = "submitted", links: Links = NOTHING) -> list[tuple[str, str]]:
    found = entities()["order"].rules.validate(reading(salesforce=observed("order", "salesforce", body)), stage, links)
    assert all(isinstance(p, Problem) and not p.park for p in found)
    return [(p.code, p.message) for p in found]


def without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in line.items() if k not in names}


def test_a_good_order_passes():
    """A validation that refuses what is in order stops a merchant's day."""
    assert problems(order_body(*GOOD, TotalAmount=D("20.00"), Accord_Stated_Total__c="20.00")) == []


@pytest.mark.parametrize("stage", ["draft", "accepted", "closed"])
def test_only_orders_on_their_way_are_judged(stage):
    """A draft may be unfinished, and after acceptance NetSuite's word counts."""
    assert problems(order_body(AccountId=None), stage=stage) == []


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (order_body(without(GOOD[0], "Product2Id")), "missing_sku", "Line 1: has no product."),
        (
            order_body({**without(GOOD[0], "Product2.StockKeepingUnit"), "Product2.Name": "Cup"}),
            "missing_sku",
            'Line 1: product "Cup" has no SKU, so NetSuite can\'t know it.',
        ),
        (order_body(*GOOD, AccountId=None), "missing_customer", "The order names no customer."),
        (
            order_body(*GOOD, ShippingPostalCode="10001"),
            "address_invalid",
            'Shipping address: postal code "10001" is not valid for US, e.g. 95014.',
        ),
        (order_body(*GOOD, ShippingCity=None), "address_invalid", "Shipping address: city is missing for US."),
        (order_body(*GOOD, BillingCountryCode="QQ", BillingStreet="x"), "address_invalid", 'Billing address: country "QQ" is not valid.'),
        (order_body(*GOOD, currency="JPY"), "currency_mismatch", "The order is in JPY; us sells to this customer in USD, EUR."),
        (order_body(without(GOOD[0], "UnitPrice")), "price_missing", 'Line 1: no USD price for "CUP-01" at level base.'),
        (order_body(*GOOD, Accord_Terms__c="Net 99"), "terms_unknown", 'Payment terms "Net 99" are not known in NetSuite.'),
        (
            order_body(order_line(1, "CUP-01", "0", "1")),
            "quantity_invalid",
            'Line 1: quantity 0 is not allowed for "CUP-01" (it must be above 0).',
        ),
        (
            order_body(order_line(1, "CUP-01", "1.5", "2")),
            "quantity_invalid",
            'Line 1: quantity 1.5 is not allowed for "CUP-01" (only whole units).',
        ),
        (order_body(), "quantity_invalid", "The order has no lines."),
        (
            order_body(*GOOD, Accord_Stated_Total__c="21.00"),
            "total_mismatch",
            "Lines, discount, shipping and tax add up to 20.00; the order says 21.00 (difference 1.00 USD).",
        ),
        (
            order_body(*GOOD, TotalAmount=D("10.00")),
            "total_mismatch",
            "Lines, discount, shipping and tax add up to 20.00; the order says 10.00 (difference 10.00 USD).",
        ),
        (order_body(*GOOD, store="moon"), "subsidiary_mismatch", 'Store "moon" is not known, so no subsidiary sells this order.'),
    ],
)
def test_each_code_says_what_is_wrong(body, code, message):
    """The text is all that the user sees: it names the line or the part, and nothing that changes by itself."""
    assert (code, message) in problems(body)


def test_one_fault_trips_one_code():
    """A storm of codes hides the one that matters."""
    assert [c for c, _ in problems(order_body(*GOOD, Accord_Terms__c="Net 99"))] == ["terms_unknown"]


def test_e6_a_third_decimal_is_never_rounded_silently():
    """KWD at two decimals: NetSuite would make 8.77 of 8.765."""
    body = order_body(
        order_line(1, "CUP-01", "4", "1.250"),
        order_line(2, "LAMP-9", "3", "0.755"),
        currency="KWD",
        store="kw",
        Accord_Shipping_Cost__c="1.500",
    )
    assert problems(body) == [("total_mismatch", "Line 2: 2.265 KWD needs 3 decimals; both systems hold 2 of KWD.")]
    rounded = order_body(
        order_line(1, "CUP-01", "4", "1.25"), order_line(2, "LAMP-9", "3", "0.76"), currency="KWD", store="kw",
        Accord_Shipping_Cost__c="1.50", Accord_Stated_Total__c="8.765",
    )  # fmt: skip
    message = "Lines, discount, shipping and tax add up to 8.78; the order says 8.765 (difference 0.015 KWD)."
    assert problems(rounded) == [("total_mismatch", message)]
    b = order_body(
        order_line(1, "CUP-01", "4", "1.25"), order_line(2, "LAMP-9", "2", "0.75", Discount_Amount="0.25"), currency="KWD", store="kw",
        Accord_Shipping_Cost__c="1.50", Accord_Stated_Total__c="7.75",
    )  # fmt: skip
    assert problems(b) == []


def test_a_stated_total_with_tax_waits_for_netsuites_tax():
    """Mode `netsuite`: what is above the sum without tax may be tax; what is below can't be."""
    lines = [order_line(1, "CUP-01", "1", "1000")]
    assert problems(order_body(*lines, currency="JPY", store="jp", Accord_Stated_Total__c="1100")) == []
    assert [c for c, _ in problems(order_body(*lines, currency="JPY", store="jp", Accord_Stated_Total__c="900"))] == ["total_mismatch"]


def test_e3_mode_sent_ties_with_tax():
    """What the shop charged must be the sum of its parts, tax included."""
    lines = [order_line(1, "CUP-01", "3", "13.33"), order_line(2, "TEE", "5", "7.79"), order_line(3, "LAMP-9", "1", "99.95")]
    head = {
        "currency": "EUR",
        "store": "eu",
        "Accord_Discount_Percent__c": "7.5",
        "Accord_Shipping_Cost__c": "4.90",
        "Accord_Tax_Total__c": "32.38",
    }
    assert problems(order_body(*lines, **head, Accord_Stated_Total__c="202.75")) == []
    assert [c for c, _ in problems(order_body(*lines, **head, Accord_Stated_Total__c="202.74"))] == ["total_mismatch"]


def test_services_need_no_ship_to():
    """An order of services is not sent back for a parcel that nobody sends."""
    service = Links(link("item:netsuite:5", netsuite="5", salesforce="01t-CUP-01", facts={"kind": "service"}))
    body = order_body(*GOOD, ShippingCity=None)
    assert problems(body, links=service) == []
