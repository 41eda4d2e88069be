"""Customers, contacts, items, prices and fulfilments against the NetSuite sandbox: what is rendered is taken, what is read is understood."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from accord.reads import NetSuiteRead
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.transform import transform
from tests.ops.sandbox.netsuite.world import World, build, line, new_account, order, poll
from tests.streams.mapping.builders import NOTHING, Links, ask_of, body_of, entities, link, observed, reading, record_of

D = Decimal
CUSTOMER = "customer:salesforce:001A"
ACCOUNT = {
    "Name": "Müller & Söhne GmbH", "Type": "Customer - Direct", "Phone": "030 123456", "Accord_Email__c": "Info@Mueller.DE", "Website": "mueller.de",
    "AccountNumber": "C-77", "BillingStreet": "Unter den Linden 1\r\nHinterhaus", "BillingCity": "Berlin", "BillingStateCode": None,
    "BillingPostalCode": "10115", "BillingCountryCode": "DE", "ShippingStreet": "1 Main St", "ShippingCity": "San Francisco",
    "ShippingStateCode": "CA", "ShippingPostalCode": "94105-1234", "ShippingCountryCode": "US", "CurrencyIsoCode": "USD",
    "Accord_Subsidiary__c": "us", "Accord_Terms__c": "Net 30", "Accord_Credit_Limit__c": D("5000.50"), "Accord_Ship_Complete__c": False,
    "Description": "Line 1\r\nLine 2", "Accord_Language__c": "de_DE", "Accord_Inactive__c": False, "Accord_Tax_Exempt__c": False,
}  # fmt: skip


@pytest.fixture
def world() -> World:
    made = build(new_account())
    for name, days in (("Net 15", 15), ("Net 30", 30)):
        made.account.create("term", {"name": name, "daysUntilNetDue": days})
    return made


def rows(account: Account, entity: str, *ids: int) -> list[dict[str, Any]]:
    """Rows of the entity's own read, each as a body."""
    asked = next(r for r in entities()[entity].reads if isinstance(r, NetSuiteRead))
    request: dict[str, Any] = {"type": asked.type, "columns": list(asked.columns), "filters": listed(asked.filters), "pageSize": 100}
    if ids:
        request["ids"] = [str(i) for i in ids]
    if asked.lines:
        request["lines"] = {"columns": list(asked.lines.fields), "filters": listed(asked.lines.filters)}
    if asked.sublists:
        request["sublists"] = {s.name: list(s.fields) for s in asked.sublists}
    found = poll(account, request)["rows"]
    return [{**row["values"], "_type": row["type"], "lines": row.get("lines", []), **(row.get("sublists") or {})} for row in found]


def listed(value: Any) -> Any:
    return [listed(v) for v in value] if isinstance(value, tuple | list) else value


def created(account: Account, entity: str, kind: str, sides: dict[str, Any], seeds: set[str] = frozenset(), links: Links = NOTHING) -> int:
    made = ask_of(entity, "netsuite", links=links, **sides)
    proposed = {n: entities()[entity].rules.normal("netsuite", n, sides["salesforce"][n], NOTHING, reading(**sides)) for n in seeds}
    ask = type(made)(made.target, 1, "create", "", made.fields, proposed, "", {**made.desired, **proposed}, {})
    part = entities()[entity].render(ask, record_of(entity, f"{entity}:salesforce:X", **sides), links)[0][0]
    body = {**json.loads(part.seeds, parse_float=D), **body_of(part)}
    return account.create(kind, json.loads(json.dumps(body, default=str).replace('{"$ref": "customer:salesforce:001A"}', "100")))


def agree(entity: str, ours: dict[str, Any], theirs: dict[str, Any], links: Links = NOTHING) -> dict[str, tuple[Any, Any]]:
    """Fields of Salesforce that NetSuite, having been written, would be written again."""
    rules = entities()[entity].rules
    read = reading(salesforce=ours, netsuite=theirs)
    out = {}
    for name, value in ours.items():
        rule = rules.fields[name]
        if rules.owner(name, rules.stages[0]) != "salesforce" or len(rule.systems) < 2 or rule.ref or value is None:
            continue
        wanted = rules.normal("netsuite", name, value, links, read)
        held = rules.normal("netsuite", name, theirs[name], links, read) if theirs.get(name) is not None else None
        if wanted != held:
            out[name] = (wanted, held)
    return out


def test_a_new_customer_arrives_whole(world):
    """Every field that Salesforce owns reads back as it was wanted: nothing is left to be written a second time."""
    ours = dict(observed("customer", "salesforce", ACCOUNT, "create"))
    id_ = created(
        world.account,
        "customer",
        "customer",
        {"salesforce": ours},
        {"subsidiary", "currency", "terms", "credit_limit", "tax_exempt", "inactive"},
    )
    theirs = dict(observed("customer", "netsuite", rows(world.account, "customer", id_)[0]))
    assert agree("customer", ours, theirs) == {}
    assert (theirs["credit_limit"], theirs["terms"], theirs["subsidiary"], theirs["netsuite_stage"]) == (
        "5000.50",
        "net30",
        "us",
        "customer",
    )
    assert theirs["phone"] == "+4930123456"
    assert theirs["shipping_state"] == "CA"
    assert theirs["tax_exempt"] == "false"


def test_equal_addresses_are_one_line_of_the_address_book(world):
    """Two lines with the same address would be edited apart."""
    same = {n.replace("Billing", "Shipping"): v for n, v in ACCOUNT.items() if n.startswith("Billing")}
    ours = dict(observed("customer", "salesforce", {**ACCOUNT, **same}, "create"))
    id_ = created(world.account, "customer", "customer", {"salesforce": ours}, {"subsidiary"})
    assert len(world.account.get("customer", id_).lines["addressBook"]) == 1
    theirs = dict(observed("customer", "netsuite", rows(world.account, "customer", id_)[0]))
    assert theirs["shipping_street"] == "Unter den Linden 1\nHinterhaus"


def test_one_changed_part_renders_the_address_whole():
    """A sub-record is replaced whole: a city alone would come without street and country."""
    ours = dict(observed("customer", "salesforce", ACCOUNT, "create"))
    ask = ask_of("customer", "netsuite", kind="update", only={"shipping_city"}, salesforce=ours)
    (part,), options = entities()["customer"].render(ask, record_of("customer", CUSTOMER, salesforce=ours), NOTHING)
    assert body_of(part) == {
        "addressBook": {
            "items": [
                {
                    "defaultShipping": True,
                    "addressBookAddress": {
                        "addr1": "1 Main St", "addr2": None, "addr3": None, "city": "San Francisco", "state": "CA", "zip": "94105-1234",
                        "country": {"id": "US"},
                    },
                }
            ]
        }
    }  # fmt: skip
    assert options == {"lines": "addressBook"}


def test_a_cleared_reference_is_cleared_by_name():
    """A null alone leaves the parent where it was: NetSuite wants to be told which fields it may empty."""
    ours = {**observed("customer", "salesforce", ACCOUNT, "create"), "parent": None}
    ask = ask_of("customer", "netsuite", kind="update", only=set(), salesforce=ours)
    ask = type(ask)(ask.target, 2, "update", "77", {"parent": None, "phone": None}, {}, "", ask.desired, {})
    parts, options = entities()["customer"].render(ask, record_of("customer", CUSTOMER), NOTHING)
    assert body_of(parts[0]) == {"parent": None, "phone": None}
    assert options == {"replace": "parent", "replaceSelectedFields": "true"}


def test_finance_fields_go_to_the_account():
    """What NetSuite owns is written in Salesforce's own words."""
    theirs = {
        "terms": "net30",
        "credit_limit": "7500",
        "on_hold": "on",
        "tax_exempt": "true",
        "balance": "12.5",
        "days_overdue": "3",
        "inactive": "false",
    }
    ask = ask_of("customer", "salesforce", kind="update", netsuite=theirs, salesforce={"currency": "USD"})
    part = entities()["customer"].render(ask, record_of("customer", CUSTOMER), NOTHING)[0][0]
    assert (part.object, part.id, body_of(part)) == ("Account", "77", {
        "Accord_Terms__c": "Net 30", "Accord_Credit_Limit__c": D("7500.00"), "Accord_On_Hold__c": "on", "Accord_Tax_Exempt__c": True,
        "Accord_Balance__c": D("12.50"), "Accord_Days_Overdue__c": 3, "Accord_Inactive__c": False,
    })  # fmt: skip


def test_a_contact_is_in_its_customers_subsidiary(world):
    """NetSuite refuses a contact whose subsidiary isn't its company's."""
    links = Links(link(CUSTOMER, salesforce="001A", netsuite=str(world.customer), facts={"subsidiary": "us"}))
    body = {"AccountId": "001A", "FirstName": "Ann", "LastName": "Lee", "Email": "Ann@X.com", "MobilePhone": "+14155550100", "Title": "CEO"}
    ours = dict(observed("contact", "salesforce", body, "create"))
    id_ = created(world.account, "contact", "contact", {"salesforce": ours}, links=links)
    theirs = dict(observed("contact", "netsuite", rows(world.account, "contact", id_)[0]))
    assert agree("contact", ours, theirs) == {}
    assert (theirs["customer"], theirs["subsidiary"], theirs["entity_name"]) == (f"customer:netsuite:{world.customer}", "us", "Ann Lee")


def test_customers_are_matched_by_number_never_by_name():
    """Two companies of one name are two companies."""
    match = entities()["customer"].rules.match_values
    assert match("salesforce", reading(salesforce={"account_number": "c-77 ", "name": "Acme"})) == (
        "customer|number|C-77",
        "customer|account_number|C-77",
    )
    assert match("netsuite", reading(netsuite={"number": "C-77", "name": "Acme"})) == ("customer|number|C-77",)
    assert match("salesforce", reading(salesforce={"name": "Acme"})) == ()


def test_a_prospect_stays_where_it_is():
    """Only customers are made on the other side."""
    creates = entities()["customer"].rules.creates
    assert creates("netsuite", reading(salesforce={"customer_type": "customer", "inactive": "false"}))
    assert not creates("netsuite", reading(salesforce={"customer_type": "prospect"}))
    assert not creates("netsuite", reading(salesforce={"customer_type": "customer", "inactive": "true"}))
    assert creates("salesforce", reading(netsuite={"netsuite_stage": "customer", "subsidiary": "us"}))
    assert not creates("salesforce", reading(netsuite={"netsuite_stage": "customer", "subsidiary": "elsewhere"}))


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


def test_base_prices_become_entries_of_the_standard_book(world):
    """One row for each item and currency; other levels stay out; an entry names its book once, at creation."""
    found = [observed("price", "netsuite", row) for row in rows(world.account, "price", world.cup)]
    assert sorted((f["currency"], f["price"], f["active"], f["sku"]) for f in found) == [
        ("EUR", "9.99", "true", "CUP-01"),
        ("USD", "9.99", "true", "CUP-01"),
    ]
    ask = ask_of("price", "salesforce", netsuite=next(f for f in found if f["currency"] == "USD"))
    parts, options = entities()["price"].render(ask, record_of("price", f"price:netsuite:{world.cup}-1-1"), NOTHING)
    assert body_of(parts[0]) == {
        "Product2Id": {"$ref": f"item:netsuite:{world.cup}"},
        "CurrencyIsoCode": "USD",
        "UnitPrice": D("9.99"),
        "IsActive": True,
    }
    assert json.loads(parts[0].seeds) == {"Pricebook2Id": "01sSTD"}
    assert json.loads(options["ref_codes"]) == {"item": "missing_sku"}
    match = entities()["price"].rules.match_values
    salesforce = observed(
        "price",
        "salesforce",
        {"Product2Id": "01t", "Product2.StockKeepingUnit": "cup-01", "CurrencyIsoCode": "USD", "UnitPrice": D("9.99")},
    )
    assert match("salesforce", reading(salesforce=salesforce)) == ("price|sku|CUP-01|USD",)


def shipped(world: World, **parcel: Any) -> tuple[int, int]:
    made = order(
        world,
        line(world.cup, 6, 8, custcol_accord_line_key="802A"),
        line(world.lamp, 2, 25, custcol_accord_line_key="802B"),
        custbody_accord_sf_id="801A",
    )
    body = {
        "shipStatus": {"id": "C"},
        "item": {"items": [{"orderLine": 1, "quantity": 4}, {"orderLine": 2, "itemReceive": False}]},
        **parcel,
    }
    return made, transform(world.account, "salesOrder", made, "itemFulfillment", body)


def test_a_fulfilment_shows_its_lines_and_parcels_on_the_order(world):
    """Each line names the order product, each parcel its tracking number; children carry keys of their own, so a repeat doubles nothing."""
    made, id_ = shipped(
        world, package={"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 2.5}, {"packageTrackingNumber": "1Z2"}]}
    )
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
        assert rules.normal("salesforce", name, ours[name], links, reading()) == rules.normal(
            "salesforce", name, theirs[name], links, reading()
        ), name


def test_a_parcel_that_is_gone_is_emptied():
    """NetSuite may take a parcel back: what was shown must not go on claiming it."""
    held = {"packages": json.dumps([{"key": "package-netsuite-5-1", "tracking": "A"}, {"key": "package-netsuite-5-2", "tracking": "B"}])}
    wanted = {"packages": json.dumps([{"key": "package-netsuite-5-1", "tracking": "A"}])}
    ask = ask_of("fulfilment", "salesforce", kind="update", only={"packages"}, netsuite=wanted)
    parts, _ = entities()["fulfilment"].render(
        ask, record_of("fulfilment", "fulfilment:netsuite:5", salesforce=held, netsuite=wanted), NOTHING
    )
    assert [(p.key, body_of(p)["Tracking__c"]) for p in parts[1:]] == [("package-netsuite-5-1", "A"), ("package-netsuite-5-2", None)]
    rules = entities()["fulfilment"].rules
    emptied = json.dumps([{"key": "package-netsuite-5-1", "tracking": "A"}, {"key": "package-netsuite-5-2"}])
    assert rules.normal("salesforce", "packages", emptied, NOTHING, reading()) == rules.normal(
        "salesforce", "packages", wanted["packages"], NOTHING, reading()
    )
