"""Stock, members of kits and prices agreed with customers: from a real account to Salesforce's shape."""

from __future__ import annotations

from typing import Any

from accord.reads import NetSuiteRead
from ops.sandbox.netsuite import suiteql
from ops.sandbox.netsuite.transform import transform
from tests.ops.sandbox.netsuite.world import World, line, order
from tests.streams.mapping.builders import NOTHING, ask_of, body_of, entities, observed, reading, record_of
from tests.streams.mapping.sandbox_kit import D, rows


def bought(world: World, quantity: int, day: str, item: int = 0) -> int:
    vendor = world.account.create("vendor", {"companyName": "Potters"})
    goods = [{"item": item or world.cup, "quantity": quantity, "location": world.warehouse, "expectedReceiptDate": day}]
    return world.account.create("purchaseOrder", {"entity": vendor, "item": goods})


def stock(world: World, item: int = 0) -> dict[str, Any]:
    (row,) = rows(world.account, "inventory", item or world.cup)
    return dict(observed("inventory", "netsuite", row))


def test_stock_follows_orders_purchases_and_receipts(world: World):
    """What a shop may promise: on hand less what approved orders hold, and the day on which more comes."""
    assert {k: stock(world)[k] for k in ("location", "available", "on_hand", "next_receipt")} == {
        "location": "east", "available": "8", "on_hand": "8", "next_receipt": None,
    }  # fmt: skip
    order(world, line(world.cup, 10, 5, location={"id": str(world.warehouse)}))
    later, first = bought(world, 20, "2026-12-24"), bought(world, 6, "2026-12-01")
    seen = stock(world)
    assert {k: seen[k] for k in ("available", "committed", "back_ordered", "on_order", "next_receipt", "next_receipt_quantity")} == {
        "available": "0", "committed": "8", "back_ordered": "2", "on_order": "26", "next_receipt": "2026-12-01", "next_receipt_quantity": "6",
    }  # fmt: skip
    transform(world.account, "purchaseOrder", first, "itemReceipt", {})
    seen = stock(world)
    assert (seen["on_hand"], seen["available"], seen["on_order"], seen["next_receipt"]) == ("14", "4", "20", "2026-12-24")
    transform(world.account, "purchaseOrder", later, "itemReceipt", {"item": {"items": [{"orderLine": 1, "quantity": 5}]}})
    assert (stock(world)["on_order"], stock(world)["next_receipt_quantity"]) == ("15", "15")


def test_a_stock_row_in_salesforce_names_product_and_location(world: World):
    """Sales reads stock at the product: each location is a row of its own."""
    part = entities()["inventory"].render(
        ask_of("inventory", "salesforce", netsuite=stock(world)), record_of("inventory", f"inventory:netsuite:{world.cup}-1"), NOTHING
    )[0][0]
    body = body_of(part)
    assert (part.object, body["Product__c"], body["Location__c"], body["Available__c"]) == (
        "Accord_Stock__c",
        {"$ref": f"item:netsuite:{world.cup}"},
        "east",
        D(8),
    )


def test_a_product_shows_what_its_store_has_and_what_a_kit_is_made_of(world: World):
    """A kit has no stock of its own: what can be sold of it follows from its members."""
    found = {f["sku"]: f for f in (dict(observed("item", "netsuite", row)) for row in rows(world.account, "item"))}
    assert (found["CUP-01"]["available"], found["LAMP-9"]["available"]) == ("8", None)
    part, *children = entities()["item"].render(
        ask_of("item", "salesforce", netsuite=found["KIT-START"]), record_of("item", f"item:netsuite:{world.kit}", netsuite=found["KIT-START"]), NOTHING
    )[0]
    assert part.object == "Product2"
    assert [(c.object, c.key, body_of(c)["Member__c"], body_of(c)["Quantity__c"]) for c in children] == [
        ("Accord_Kit_Member__c", f"kit_member-netsuite-{world.kit}-{world.cup}", {"$ref": f"item:netsuite:{world.cup}"}, D(2)),
        ("Accord_Kit_Member__c", f"kit_member-netsuite-{world.kit}-{world.lamp}", {"$ref": f"item:netsuite:{world.lamp}"}, D(1)),
    ]


def test_lists_of_the_account_are_told_in_words():
    """A seller can do nothing with unit 7 and pricing group 3."""
    row = {"_type": "inventoryitem", "itemid": "CUP", **{n: {"value": "7", "text": f"The {n}"} for n in ("saleunit", "taxschedule", "pricinggroup")}}
    found = observed("item", "netsuite", row)
    assert [found[n] for n in ("units", "tax_schedule", "pricing_group")] == ["The saleunit", "The taxschedule", "The pricinggroup"]


def test_the_parent_of_variants_has_no_price():
    """It can't be ordered: an entry of it in a price book sells nothing that exists."""
    creates, price = entities()["price"].rules.creates, {"price": "5", "sold": "true", "currency": "USD"}
    assert creates("salesforce", reading(netsuite=price))
    assert creates("salesforce", reading(netsuite={**price, "matrix": "CHILD"}))
    assert not creates("salesforce", reading(netsuite={**price, "matrix": "PARENT"}))


def test_variants_show_what_tells_them_apart():
    """Two T-shirts of one name are two products: an overlay says which option fields make the difference."""
    from streams.mapping.stock import options
    from streams.mapping.stores import Reference

    read = options(("custitem_color", "custitem_size"), None, Reference())  # type: ignore[arg-type]
    assert read({"custitem_color": {"value": "3", "text": "Black"}, "custitem_size": "M"}) == "Color=Black;Size=M"
    assert read({"custitem_color": None, "custitem_size": ""}) is None


def test_prices_agreed_with_a_customer_are_told_line_by_line(world: World):
    """A fixed price holds in its own currency; a level, also of a whole pricing group, resolves through the item's own prices."""
    world.account.update("priceLevel", 2, {"discountPct": -10})
    world.account.update(
        "customer", world.customer,
        {
            "itemPricing": {"items": [{"item": world.lamp, "price": 42, "currency": 2}, {"item": world.cup, "level": 2}]},
            "groupPricing": {"items": [{"group": "Lamps", "level": 2}]},
        },
    )  # fmt: skip
    read = next(r for r in entities()["customer_price"].reads if isinstance(r, NetSuiteRead))
    names, found = suiteql.run(world.account, f"SELECT * FROM ({read.query}) WHERE customer > ? ORDER BY customer, line", [0])
    lines = [dict(observed("customer_price", "netsuite", dict(zip(names, row, strict=True)))) for row in found]
    who = f"customer:netsuite:{world.customer}"
    assert [(p["customer"], p["item"], p["pricing_group"], p["currency"], p["price"], p["level"], p["discount_percent"]) for p in lines] == [
        (who, None, "Lamps", None, None, "wholesale", "-10"),
        (who, f"item:netsuite:{world.cup}", None, None, None, "wholesale", "-10"),
        (who, f"item:netsuite:{world.lamp}", None, "EUR", "42", None, None),
    ]
    part = entities()["customer_price"].render(
        ask_of("customer_price", "salesforce", netsuite=lines[2]), record_of("customer_price", "customer_price:netsuite:1-i-2-2"), NOTHING
    )[0][0]
    assert body_of(part) == {
        "Account__c": {"$ref": who}, "Product__c": {"$ref": f"item:netsuite:{world.lamp}"}, "Currency__c": "EUR", "CurrencyIsoCode": "EUR",
        "Unit_Price__c": D("42.00"), "Active__c": True,
    }  # fmt: skip
