"""Customers, contacts, items, prices and fulfilments against the NetSuite sandbox: what is rendered is taken, what is read is understood."""

from __future__ import annotations

from tests.streams.mapping.builders import NOTHING, Links, ask_of, body_of, entities, link, observed, reading, record_of
from tests.streams.mapping.sandbox_kit import ACCOUNT, CUSTOMER, D, agree, created, rows


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
