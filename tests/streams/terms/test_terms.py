"""What each store reads of one and the same item."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from schemas.terms import Break, CustomerOffers, CustomerTerms, ItemTerms
from streams.terms.prices import quote
from streams.terms.publish import key_of
from tests.streams.terms.goods import NOW, agreed, customer, item, price, price_break, publisher, put, stock

LAMP = "item:netsuite:9"
#: Example E8 of the mapping's reference: base 60.00, Wholesale 46.50 and 44.00 from 10, customer 1 has 42.00 EUR.
E8 = [
    item(9, "LAMP-9"), price(9, "60.00", currency="EUR"), price(9, "46.50", "wholesale", "EUR"), price_break(9, "10", "44.00", "wholesale", "EUR"),
    price(9, "71.00"), customer(1, "de", "EUR", price_level="wholesale"), customer(2, "de", "EUR", price_level="wholesale"), agreed(1, 9, amount="42.00", currency="EUR"),
]  # fmt: skip


def quoted(written, store="de", customer_key=None, currency="EUR", quantity=None):
    own = written.get((store, f"{LAMP}|{customer_key}"))
    return quote(written[store, LAMP], written.get((store, customer_key)), own, currency, quantity and Decimal(quantity))


def test_two_stores_read_their_own_terms_of_the_same_item():
    """One SKU, two shops: a German price in the American shop is a loss on every order until somebody sees it."""
    written = put(
        publisher(), item(9, "LAMP-9"), price(9, "71.00"), price(9, "60.00", currency="EUR"), price(9, "55.00", "online", "EUR"),
        stock(9, "us_east", "3"), stock(9, "us_west", "4"), stock(9, "de_berlin", "0", date(2026, 12, 1)),
    )  # fmt: skip
    us, de = written["us", LAMP], written["de", LAMP]
    assert isinstance(us, ItemTerms)
    assert isinstance(de, ItemTerms)
    assert (us.currency, us.price, us.level, us.available, us.available_at, us.terms) == ("USD", Decimal(71), "base", Decimal(7), None, "net30")
    assert (de.currency, de.price, de.level, de.available, de.available_at, de.terms) == (
        "EUR",
        Decimal(55),
        "online",
        Decimal(0),
        date(2026, 12, 1),
        "due_on_receipt",
    )
    assert [s.location for s in us.stock] == ["us_east", "us_west"]


@pytest.mark.parametrize(
    ("who", "quantity", "currency", "expected"),
    [
        ("customer:salesforce:0011", "12", "EUR", ("42.00", "customer_item")),
        ("customer:salesforce:0012", None, "EUR", ("46.50", "customer_level")),
        ("customer:salesforce:0012", "9.9", "EUR", ("46.50", "customer_level")),
        ("customer:salesforce:0012", "10", "EUR", ("44.00", "customer_level")),
        (None, "12", "EUR", ("60.00", "base_level")),
        ("customer:salesforce:0011", "12", "USD", (None, "none")),
    ],
)
def test_the_customers_own_price_beats_its_level_and_that_the_stores(who, quantity, currency, expected):
    """A price that sales agreed must hold in the shop too, at any quantity, and only in the currency in which it was agreed."""
    found = quoted(put(publisher(), *E8), customer_key=who, currency=currency, quantity=quantity)
    assert (found.price, found.rule) == (expected[0] and Decimal(expected[0]), expected[1])


def test_a_pricing_group_comes_before_the_customers_level():
    """NetSuite asks in this order; the other way round the shop would show what the order will not keep."""
    written = put(
        publisher(), item(9, pricing_group="lamps"), price(9, "60.00"), price(9, "50.00", "wholesale"), price(9, "40.00", "partner"),
        customer(3, price_level="wholesale"), agreed(3, group="lamps", level="partner"),
    )  # fmt: skip
    found = quoted(written, "us", "customer:salesforce:0013", "USD")
    assert (found.price, found.rule, found.level) == (Decimal(40), "customer_group", "partner")


def test_a_line_for_an_item_may_name_a_level_and_then_has_its_breaks():
    """A customer whose line says "Wholesale" buys at all of wholesale's quantities, not at its first column."""
    written = put(publisher(), *E8[:5], customer(4, "de", "EUR"), agreed(4, 9, level="wholesale"))
    own = written["de", f"{LAMP}|customer:salesforce:0014"]
    assert isinstance(own, CustomerOffers)
    assert own.offers[0].breaks == (Break(Decimal(10), Decimal(44)),)


def test_an_empty_cell_falls_to_the_base_level():
    """A level without a price for this item must not hide the price that holds."""
    written = put(publisher(), item(9), price(9, "60.00"), customer(5, price_level="wholesale"))
    assert quoted(written, "us", "customer:salesforce:0015", "USD").rule == "base_level"


def test_a_price_that_is_taken_away_disappears():
    """A shop that goes on selling at a withdrawn price sells at a loss."""
    stores = publisher()
    put(stores, item(9), price(9, "60.00"))
    written = put(stores, ("price", "price:netsuite:9-base-USD", None))
    assert written["us", LAMP].price is None
    assert put(stores, price(9, None)) == {}


@pytest.mark.parametrize("change", [{"active": False}, {"subsidiaries": "de"}, {"matrix": "parent"}, {"standing": "inactive"}, {"netsuite_id": None}])
def test_what_a_store_may_not_sell_is_taken_from_its_topic(change):
    """An inactive item in a shop is an order that can't be fulfilled."""
    stores = publisher()
    put(stores, item(9), price(9, "60.00"), customer(1), agreed(1, 9, amount="5.00", currency="USD"))
    written = put(stores, item(9, **change))
    assert written["us", LAMP] is None
    assert written["us", f"{LAMP}|customer:salesforce:0011"] is None


def test_a_kit_is_available_as_often_as_its_scarcest_member_allows():
    """A kit has no stock of its own; shown as unlimited it is oversold at once."""
    stores = publisher()
    members = [{"item": "item:netsuite:1", "quantity": Decimal(2)}, {"item": "item:netsuite:2", "quantity": Decimal(1)}]
    kit = item(7, kind="kit", members=members)
    written = put(stores, kit, item(1), item(2), stock(1, "us_east", "5"), stock(2, "us_east", "9"))
    assert written["us", "item:netsuite:7"].available == 2
    assert put(stores, stock(1, "us_east", "1"))["us", "item:netsuite:7"].available == 0


def test_a_customers_terms_tell_what_is_left_of_its_credit():
    """A shop must not take on account what finance has stopped."""
    written = put(publisher(), customer(1, credit_limit=Decimal(1000), balance=Decimal(900), unbilled=Decimal(200), terms="net15"))
    found = written["us", "customer:salesforce:0011"]
    assert isinstance(found, CustomerTerms)
    assert (found.terms, found.credit_left, found.on_hold) == ("net15", Decimal(-100), True)


def test_a_new_level_of_a_customer_brings_that_levels_prices_into_the_store():
    """The first wholesale customer of a store must not read base prices until the next change of each item."""
    stores = publisher()
    put(stores, item(9), price(9, "60.00"), price(9, "50.00", "wholesale"))
    written = put(stores, customer(1, price_level="wholesale"))
    assert [o.level for o in written["us", LAMP].offers] == ["base", "wholesale"]
    assert [o.level for o in put(stores, customer(1))["us", LAMP].offers] == ["base"]


def test_what_did_not_change_is_not_written_again():
    """A replay of all golden records must not wake every shop."""
    stores = publisher()
    assert put(stores, *E8) != {}
    assert put(stores, *E8) == {}
    other = publisher()
    for store, desk in stores._desks.items():
        for event in desk.standing.values():
            other.load(store, key_of(event), event)
    for record in E8:
        other.catalog.put(*record)
    assert list(other.everything(NOW + 1)) == []


def test_what_has_no_ground_any_more_is_taken_back_at_the_start():
    """An item that was deleted while nobody ran would be on sale for ever."""
    stores = publisher()
    put(stores, *E8)
    other = publisher()
    for store, desk in stores._desks.items():
        for event in desk.standing.values():
            other.load(store, key_of(event), event)
    left = {(w.store, w.key): w.event for w in other.everything(NOW)}
    assert set(left.values()) == {None}
    assert {key for _, key in left} >= {LAMP, "customer:salesforce:0011", f"{LAMP}|customer:salesforce:0011"}
