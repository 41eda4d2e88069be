"""Items, prices and fulfilments of a real account in Salesforce's shape."""

from __future__ import annotations

import json

from tests.streams.mapping.builders import NOTHING, Links, ask_of, body_of, entities, link, observed, reading, record_of
from tests.streams.mapping.sandbox_kit import D, rows, shipped


def test_items_of_all_kinds_become_products(world):
    """Search type and sub-type name the REST record; a SKU loses its matrix parent; sold nowhere means not active."""
    world.account.create("serviceSaleItem", {"itemId": "FIT", "displayName": "Fitting", "subsidiary": 1})
    world.account.create("nonInventoryResaleItem", {"itemId": "WRAP", "subsidiary": 2, "isInactive": True})
    found = {f["sku"]: f for f in (observed("item", "netsuite", row) for row in rows(world.account, "item"))}
    assert {sku: (f["kind"], f["record_type"], f["active"]) for sku, f in found.items()} == {
        "CUP-01": ("inventory", "inventoryItem", "true"), "TEE-BLK-M": ("inventory", "inventoryItem", "true"),
        "LAMP-9": ("inventory", "inventoryItem", "true"), "KIT-START": ("kit", "kitItem", "true"),
        "FIT": ("service", "serviceSaleItem", "true"), "WRAP": ("non_inventory", "nonInventoryResaleItem", "false"),
    }  # fmt: skip
    assert found["FIT"]["name"] == "Fitting"
    assert found["CUP-01"]["name"] == "CUP-01"
    assert observed("item", "netsuite", {"itemid": "TEE : TEE-BLK-M", "_type": "inventoryitem"})["sku"] == "TEE-BLK-M"
    ask = ask_of("item", "salesforce", netsuite=found["FIT"])
    part = entities()["item"].render(ask, record_of("item", "item:netsuite:9"), NOTHING)[0][0]
    body = body_of(part)
    assert (part.object, body["StockKeepingUnit"], body["ProductCode"], body["IsActive"], body["Accord_Kind__c"]) == (
        "Product2",
        "FIT",
        "FIT",
        True,
        "service",
    )


def test_a_fulfilment_shows_its_lines_and_parcels_on_the_order(world):
    """Each line names the order product, each parcel its tracking number; children carry keys of their own, so a repeat doubles nothing."""
    made, id_ = shipped(world, package={"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 2.5}, {"packageTrackingNumber": "1Z2"}]})
    theirs = dict(observed("fulfilment", "netsuite", rows(world.account, "fulfilment", id_)[0]))
    assert (theirs["order"], theirs["erp_status"], theirs["order_salesforce_id"]) == (f"order:netsuite:{made}", "Shipped", "801A")
    key = f"fulfilment:netsuite:{id_}"
    parts, options = entities()["fulfilment"].render(
        ask_of("fulfilment", "salesforce", netsuite=theirs), record_of("fulfilment", key, netsuite=theirs), NOTHING
    )
    head, children = parts[0], parts[1:]
    assert (head.object, body_of(head)["Order__c"], body_of(head)["Status__c"]) == (
        "Accord_Fulfilment__c",
        {"$ref": f"order:netsuite:{made}"},
        "Shipped",
    )
    assert [(p.object, p.key, body_of(p).get("Order_Item__c"), body_of(p).get("Quantity__c"), body_of(p).get("Tracking__c")) for p in children] == [
        ("Accord_Fulfilment_Line__c", f"fulfilment_line-netsuite-{id_}-{json.loads(theirs['lines'])[0]['key'].rpartition('-')[2]}", "802A", 4, None),
        ("Accord_Package__c", f"package-netsuite-{id_}-1", None, None, "1Z1"),
        ("Accord_Package__c", f"package-netsuite-{id_}-2", None, None, "1Z2"),
    ]  # fmt: skip
    assert all(json.loads(p.seeds) == {"Fulfilment__c": {"$ref": key}} for p in children)
    assert json.loads(options["ref_codes"]) == {"customer": "missing_customer", "item": "missing_sku", "order": "missing_order"}


def test_children_read_back_as_they_were_written(world):
    """Salesforce's rows of our own children are the same list: else they would be written for ever."""
    _, id_ = shipped(world, package={"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 2.5}]})
    theirs = dict(observed("fulfilment", "netsuite", rows(world.account, "fulfilment", id_)[0]))
    item = f"item:netsuite:{world.cup}"
    links = Links(link(item, netsuite=str(world.cup), salesforce="01t1"))
    line_key = json.loads(theirs["lines"])[0]["key"]
    ours = observed("fulfilment", "salesforce", {
        "Lines__r": [{"Accord_Key__c": line_key, "Order_Item__c": "802A", "Product__c": "01t1", "Quantity__c": D("4.0"), "Location__c": None}],
        "Packages__r": [{"Accord_Key__c": f"package-netsuite-{id_}-1", "Tracking__c": "1Z1", "Weight__c": D("2.5")}],
    })  # fmt: skip
    rules = entities()["fulfilment"].rules
    for name in ("lines", "packages"):
        assert rules.normal("salesforce", name, ours[name], links, reading()) == rules.normal("salesforce", name, theirs[name], links, reading()), name


def test_a_parcel_that_is_gone_is_emptied():
    """NetSuite may take a parcel back: what was shown must not go on claiming it."""
    held = {"packages": json.dumps([{"key": "package-netsuite-5-1", "tracking": "A"}, {"key": "package-netsuite-5-2", "tracking": "B"}])}
    wanted = {"packages": json.dumps([{"key": "package-netsuite-5-1", "tracking": "A"}])}
    ask = ask_of("fulfilment", "salesforce", kind="update", only={"packages"}, netsuite=wanted)
    parts, _ = entities()["fulfilment"].render(ask, record_of("fulfilment", "fulfilment:netsuite:5", salesforce=held, netsuite=wanted), NOTHING)
    assert [(p.key, body_of(p)["Tracking__c"]) for p in parts[1:]] == [("package-netsuite-5-1", "A"), ("package-netsuite-5-2", None)]
    rules = entities()["fulfilment"].rules
    emptied = json.dumps([{"key": "package-netsuite-5-1", "tracking": "A"}, {"key": "package-netsuite-5-2"}])
    assert rules.normal("salesforce", "packages", emptied, NOTHING, reading()) == rules.normal("salesforce", "packages", wanted["packages"], NOTHING, reading())
