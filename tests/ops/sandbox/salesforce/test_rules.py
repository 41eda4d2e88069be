"""Rules between records: prices, orders, roll-ups, addresses, the recycle bin."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ops.sandbox.salesforce.problems import Refused
from ops.sandbox.salesforce.settings import Settings


def code(call) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.problems[0].code


def test_a_custom_price_needs_the_standard_one_first(org, shop):
    """STANDARD_PRICE_NOT_DEFINED: a sink that writes books in the wrong order must hear of it."""
    book = org.create("Pricebook2", {"Name": "Wholesale EUR", "IsActive": True})
    other = org.create("Product2", {"Name": "Lamp", "IsActive": True})
    entry = {"Pricebook2Id": book, "Product2Id": other, "UnitPrice": 5, "IsActive": True}
    assert code(lambda: org.create("PricebookEntry", entry)) == "STANDARD_PRICE_NOT_DEFINED"
    org.create("PricebookEntry", entry | {"Pricebook2Id": shop.book})
    made = org.create("PricebookEntry", entry)
    assert org.get("PricebookEntry", made)["Name"] == "Lamp"
    assert code(lambda: org.create("PricebookEntry", entry)) == "DUPLICATE_VALUE"
    assert code(lambda: org.create("PricebookEntry", entry | {"CurrencyIsoCode": "JPY"})) == "STANDARD_PRICE_NOT_DEFINED"


def test_totals_roll_up_to_the_cent(org, shop):
    """7 x 9.99 and 1 x 120.00 make 189.93 on the order (worked order E1), and a deleted draft line takes its part back."""
    order = shop.order()
    line = shop.line(order, 7, "9.99")
    shop.line(order, 1, "120.00")
    assert org.get("OrderItem", line)["TotalPrice"] == Decimal("69.93")
    assert org.get("Order", order)["TotalAmount"] == Decimal("189.93")
    org.delete("OrderItem", line)
    assert org.get("Order", order)["TotalAmount"] == Decimal("120.0")


def test_prices_keep_two_decimals(org, shop):
    """0.755 is stored as 0.76 (worked order E6): Salesforce prices have scale 2."""
    order = shop.order()
    line = shop.line(order, 3, "0.755")
    assert org.get("OrderItem", line)["UnitPrice"] == Decimal("0.76")
    assert org.get("OrderItem", line)["TotalPrice"] == Decimal("2.28")


def test_an_order_begins_as_a_draft_and_needs_lines_to_be_activated(org, shop):
    """FAILED_ACTIVATION both times: the demo's orders must take the steps that people take."""
    assert code(lambda: shop.order(Status="Activated")) == "FAILED_ACTIVATION"
    order = shop.order()
    assert code(lambda: org.update("Order", order, {"Status": "Activated"})) == "FAILED_ACTIVATION"
    shop.line(order)
    org.update("Order", order, {"Status": "Activated"}, user="sales@accord-sandbox.example")
    record = org.get("Order", order)
    assert record["StatusCode"] == "Activated"
    assert record["ActivatedById"] == org.user_id("sales@accord-sandbox.example")
    assert record["OrderNumber"] == "00000001"


def test_an_activated_order_is_frozen(org, shop):
    """Lines neither come nor go nor change price; the head keeps customer, book and currency; our own fields stay open."""
    order = shop.order()
    line = shop.line(order)
    org.update("Order", order, {"Status": "Activated"})
    other = org.create("Account", {"Name": "Other"})
    assert code(lambda: org.update("OrderItem", line, {"Quantity": 8})) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: org.update("OrderItem", line, {"UnitPrice": 8})) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: org.delete("OrderItem", line)) == "DELETE_FAILED"
    assert code(lambda: org.delete("Order", order)) == "DELETE_FAILED"
    assert code(lambda: shop.line(order)) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: org.update("Order", order, {"AccountId": other})) == "FIELD_INTEGRITY_EXCEPTION"
    org.update("OrderItem", line, {"Accord_Qty_Shipped__c": 3})
    assert org.get("OrderItem", line)["Accord_Qty_Shipped__c"] == Decimal("3.0")


def test_lines_must_match_the_orders_book_and_currency(org, shop):
    """An entry of another book or currency is refused, as is an order without a book."""
    order = shop.order()
    assert code(lambda: shop.line(order, PricebookEntryId=shop.euro)) == "FIELD_INTEGRITY_EXCEPTION"
    euro = shop.order(CurrencyIsoCode="EUR")
    line = shop.line(euro, PricebookEntryId=shop.euro)
    assert org.get("OrderItem", line)["CurrencyIsoCode"] == "EUR"
    bare = shop.order(Pricebook2Id=None)
    assert code(lambda: shop.line(bare)) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: shop.line(order, quantity=0)) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: org.update("Order", euro, {"CurrencyIsoCode": "USD"})) == "FIELD_INTEGRITY_EXCEPTION"


def test_countries_and_states_come_from_their_lists(org):
    """Code and text move together; what is on no list is FIELD_INTEGRITY_EXCEPTION, so a bad address can't slip in."""
    record_id = org.create("Account", {"Name": "A", "BillingCountryCode": "US", "BillingStateCode": "CA"})
    record = org.get("Account", record_id)
    assert (record["BillingCountry"], record["BillingState"]) == ("United States", "California")
    org.update("Account", record_id, {"BillingCountry": "Germany", "BillingState": None})
    assert org.get("Account", record_id)["BillingCountryCode"] == "DE"
    assert code(lambda: org.update("Account", record_id, {"BillingCountry": "Atlantis"})) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: org.create("Account", {"Name": "A", "BillingState": "CA"})) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(lambda: org.create("Account", {"Name": "A", "BillingCountryCode": "US", "BillingState": "Bavaria"})) == "FIELD_INTEGRITY_EXCEPTION"


def test_the_recycle_bin_keeps_what_went_together(org):
    """A customer takes its contacts along and brings them back; custom lookups to it are cleared."""
    account = org.create("Account", {"Name": "A", "Accord_Key__c": "k"})
    contact = org.create("Contact", {"FirstName": "Ann", "LastName": "Lee", "AccountId": account})
    mirror = org.create("Accord_Fulfilment__c", {"Account__c": account})
    assert org.get("Contact", contact)["Name"] == "Ann Lee"
    org.delete("Account", account)
    assert org.get("Account", account) is None
    assert org.get("Contact", contact) is None
    assert "Account__c" not in org.get("Accord_Fulfilment__c", mirror)
    assert org.query("SELECT IsDeleted FROM Account", deleted=True)[0]["IsDeleted"] is True
    assert org.query("SELECT Id FROM Account") == []
    org.undelete("Account", account)
    assert org.get("Contact", contact)["AccountId"] == account


def test_a_key_in_the_recycle_bin_blocks_the_undelete_not_the_new_record(org):
    """The key is free once its record is deleted; then the old one can't come back beside the new."""
    old = org.create("Account", {"Name": "A", "Accord_Key__c": "k"})
    org.delete("Account", old)
    org.create("Account", {"Name": "B", "Accord_Key__c": "k"})
    assert code(lambda: org.undelete("Account", old)) == "DUPLICATE_VALUE"


def test_merge_moves_children_and_deletes_the_loser(org):
    """The loser carries MasterRecordId; its contacts belong to the survivor."""
    master, loser = (org.create("Account", {"Name": name}) for name in ("A", "B"))
    contact = org.create("Contact", {"LastName": "L", "AccountId": loser})
    org.merge("Account", master, [loser])
    assert org.get("Contact", contact)["AccountId"] == master
    assert org.store.get("Account", loser)["MasterRecordId"] == master
    assert org.get("Account", loser) is None


def test_a_customer_with_orders_and_a_product_in_use_stay(org, shop):
    """DELETE_FAILED names what holds it."""
    shop.line(shop.order())
    assert code(lambda: org.delete("Account", shop.account)) == "DELETE_FAILED"
    assert code(lambda: org.delete("Product2", shop.product)) == "DELETE_FAILED"
    assert code(lambda: org.delete("PricebookEntry", shop.entry)) == "DELETE_FAILED"


def test_master_detail_goes_with_its_head(org):
    """Lines and packages of a deleted fulfilment are gone with it; auto numbers count."""
    head = org.create("Accord_Fulfilment__c", {"Number__c": "IF1", "Accord_Key__c": "f1"})
    line = org.create("Accord_Fulfilment_Line__c", {"Fulfilment__c": head, "Quantity__c": "1.5"})
    assert org.get("Accord_Fulfilment__c", head)["Name"] == "AF-0000001"
    assert code(lambda: org.create("Accord_Package__c", {"Tracking__c": "T"})) == "REQUIRED_FIELD_MISSING"
    org.delete("Accord_Fulfilment__c", head)
    assert org.get("Accord_Fulfilment_Line__c", line) is None


class TestWithoutDeployment:
    @pytest.fixture
    def settings(self):
        return Settings(undeployed=("Account.Accord_Key__c", "Accord_Package__c"))

    def test_what_the_admin_forgot_is_not_there(self, org):
        """A missing field or object is refused like any unknown name, so that Accord's own check can be proven."""
        assert code(lambda: org.create("Account", {"Name": "A", "Accord_Key__c": "k"})) == "INVALID_FIELD"
        assert "Accord_Package__c" not in org.objects


def test_quotes_add_up(org, shop):
    """Line discounts, shipping and tax make the grand total; the customer comes from the opportunity."""
    opportunity = org.create("Opportunity", {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-12-01", "AccountId": shop.account})
    quote = org.create("Quote", {"Name": "Q", "OpportunityId": opportunity, "Pricebook2Id": shop.book, "ShippingHandling": "4.9", "Tax": "1.1"})
    org.create("QuoteLineItem", {"QuoteId": quote, "PricebookEntryId": shop.entry, "Quantity": 10, "UnitPrice": "9.99", "Discount": 15})
    record = org.get("Quote", quote)
    assert (record["AccountId"], record["Subtotal"], record["TotalPrice"]) == (shop.account, Decimal("99.9"), Decimal("84.92"))
    assert record["GrandTotal"] == Decimal("90.92")
