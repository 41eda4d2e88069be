"""Price levels, prices and quantity breaks of a real account in Salesforce's shape."""

from __future__ import annotations

import json
from typing import Any

from tests.streams.mapping.builders import NOTHING, ask_of, body_of, entities, observed, reading, record_of
from tests.streams.mapping.sandbox_kit import D, rows

USD, EUR = 1, 2
BASE, WHOLESALE = 1, 2


def cell(level: int, price: str, currency: int = USD, quantity: int = 0) -> dict[str, Any]:
    return {"currencyPage": currency, "priceLevel": level, "quantity": quantity, "price": D(price)}


def lamp(account: Any, *more: dict[str, Any]) -> int:
    """The lamp of E8: a base price, and a wholesale price that falls from ten on."""
    cells = [cell(BASE, "60.00", EUR), cell(WHOLESALE, "46.50", EUR), cell(WHOLESALE, "44.00", EUR, 10), *more]
    return int(account.create("inventoryItem", {"itemId": "LAMP-X", "subsidiary": 1, "price": cells}))


def found(account: Any, entity: str, *ids: int) -> list[dict[str, Any]]:
    return [dict(observed(entity, "netsuite", row)) for row in rows(account, entity, *ids)]


def test_each_level_has_a_price_in_each_currency(world):
    """A wholesaler who is offered the base price buys elsewhere; breaks don't count as prices of their own here."""
    item = lamp(world.account, cell(BASE, "70.00"))
    prices = found(world.account, "price", item)
    assert sorted((p["level"], p["currency"], p["price"], p["book"], p["active"]) for p in prices) == [
        ("base", "EUR", "60", "pricebook:netsuite:1", "true"),
        ("base", "USD", "70", "pricebook:netsuite:1", "true"),
        ("wholesale", "EUR", "46.5", "pricebook:netsuite:2", "true"),
    ]


def test_a_price_of_another_book_waits_for_the_standard_one(world):
    """Salesforce refuses it before (STANDARD_PRICE_NOT_DEFINED), and the refusal would stand: nothing that the write names changes later."""
    item = lamp(world.account)
    wholesale = next(p for p in found(world.account, "price", item) if p["level"] == "wholesale")
    record = record_of("price", f"price:netsuite:{item}-2-2", netsuite=wholesale)
    (part,), options = entities()["price"].render(ask_of("price", "salesforce", netsuite=wholesale), record, NOTHING)
    assert body_of(part) == {
        "Product2Id": {"$ref": f"item:netsuite:{item}"}, "Pricebook2Id": {"$ref": "pricebook:netsuite:2"}, "CurrencyIsoCode": "EUR",
        "UnitPrice": D("46.50"), "IsActive": True,
    }  # fmt: skip
    assert options["after"] == f"price:netsuite:{item}-1-2"
    base = next(p for p in found(world.account, "price", item) if p["level"] == "base")
    assert (
        "after"
        not in entities()["price"].render(ask_of("price", "salesforce", netsuite=base), record_of("price", "price:netsuite:x", netsuite=base), NOTHING)[1]
    )
    update = ask_of("price", "salesforce", kind="update", netsuite=wholesale)
    assert "after" not in entities()["price"].render(update, record, NOTHING)[1], "only a create needs it"


def test_entries_are_matched_within_their_own_level():
    """The wholesale price of a SKU is not its base price: taking one for the other sells at the wrong price."""
    match = entities()["price"].rules.match_values
    base = {"sku": "CUP-01", "currency": "USD", "level": "base"}
    assert match("netsuite", reading(netsuite=base)) == ("price|sku|CUP-01|BASE|USD",)
    body = {"Product2.StockKeepingUnit": "cup-01", "CurrencyIsoCode": "USD"}
    standard = observed("price", "salesforce", {**body, "Pricebook2.IsStandard": True, "Pricebook2.Accord_Price_Level__c": None})
    assert match("salesforce", reading(salesforce=standard)) == ("price|sku|CUP-01|BASE|USD",)
    other = observed("price", "salesforce", {**body, "Pricebook2.IsStandard": False, "Pricebook2.Accord_Price_Level__c": "wholesale"})
    assert match("salesforce", reading(salesforce=other)) == ("price|sku|CUP-01|WHOLESALE|USD",)


def test_breaks_are_rows_of_their_own(world):
    """A price book entry holds one price: without the break ten lamps are sold at 46.50."""
    item = lamp(world.account)
    (only,) = found(world.account, "price_break", item)
    assert (only["level"], only["currency"], only["from_quantity"], only["price"]) == ("wholesale", "EUR", "10", "44")
    part = entities()["price_break"].render(
        ask_of("price_break", "salesforce", netsuite=only), record_of("price_break", "price_break:netsuite:9-2-2-10"), NOTHING
    )[0][0]
    assert part.object == "Accord_Price_Break__c"
    assert body_of(part) == {
        "Product__c": {"$ref": f"item:netsuite:{item}"}, "Pricebook__c": {"$ref": "pricebook:netsuite:2"}, "Currency__c": "EUR",
        "CurrencyIsoCode": "EUR", "From_Quantity__c": D(10), "Unit_Price__c": D("44.00"),
    }  # fmt: skip


def test_the_base_level_is_the_standard_book_and_each_other_level_a_book(world):
    """A second book beside the standard one for the base level would hold prices that no order can use."""
    world.account.create("priceLevel", {"name": "Friends"})
    books = {b["level"]: b for b in found(world.account, "pricebook")}
    assert set(books) == {"base", "wholesale"}, "levels that the configuration does not name stay in NetSuite"
    rules = entities()["pricebook"].rules
    read = {level: reading(netsuite=book) for level, book in books.items()}
    assert not rules.creates("salesforce", read["base"])
    assert rules.creates("salesforce", read["wholesale"])
    standard = observed("pricebook", "salesforce", {"Name": "Standard Price Book", "IsStandard": True, "IsActive": True})
    assert set(rules.match_values("salesforce", reading(salesforce=standard))) & set(rules.match_values("netsuite", read["base"]))
    assert "pricebook|standard|TRUE" not in rules.match_values("netsuite", read["wholesale"])
    part = entities()["pricebook"].render(
        ask_of("pricebook", "salesforce", netsuite=books["wholesale"]), record_of("pricebook", "pricebook:netsuite:2"), NOTHING
    )[0][0]
    body = json.loads(part.body)
    assert (body["Name"], body["Accord_Price_Level__c"], body["IsActive"]) == ("Wholesale", "wholesale", True)
