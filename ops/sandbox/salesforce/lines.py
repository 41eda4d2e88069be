"""Prices and lines: price book entries, order products, quote lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.store import Record
from ops.sandbox.salesforce.transaction import Transaction
from ops.sandbox.salesforce.values import number

ZERO = Decimal("0.0")
FROZEN = ("Quantity", "UnitPrice")


def entry(tx: Transaction, record: Record, old: Record | None, _settings: Settings) -> None:
    """An entry of a custom book needs one of the standard book first; (book, product, currency) is unique."""
    product = tx.store.live("Product2", record["Product2Id"]) or {}
    record |= {"Name": product.get("Name"), "ProductCode": product.get("ProductCode")}
    siblings = [row for row in tx.store.children(record["Product2Id"], "PricebookEntry", "Product2Id") if row["Id"] != record["Id"]]
    siblings = [row for row in siblings if row.get("CurrencyIsoCode") == record.get("CurrencyIsoCode")]
    if old is None and any(row["Pricebook2Id"] == record["Pricebook2Id"] for row in siblings):
        raise refuse("DUPLICATE_VALUE", "This price definition already exists in this price book")
    if (tx.store.get("Pricebook2", record["Pricebook2Id"]) or {}).get("IsStandard"):
        if record.get("UseStandardPrice"):
            raise refuse("FIELD_INTEGRITY_EXCEPTION", "Cannot use standard price in the standard price book", "UseStandardPrice")
        return
    standard = next((row for row in siblings if (tx.store.get("Pricebook2", row["Pricebook2Id"]) or {}).get("IsStandard")), None)
    if standard is None:
        raise refuse("STANDARD_PRICE_NOT_DEFINED", "Before creating a custom price, create a standard price.")
    if record.get("UseStandardPrice"):
        record["UnitPrice"] = standard["UnitPrice"]


def _priced(tx: Transaction, record: Record, head: Record, what: str) -> Record:
    """The entry of a line, checked against the head's book and currency."""
    price = tx.store.live("PricebookEntry", record.get("PricebookEntryId"))
    if price is None:
        raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "PricebookEntryId")
    if price["Pricebook2Id"] != head.get("Pricebook2Id"):
        message = f"pricebook entry is in a different pricebook than the one assigned to the {what}"
        raise refuse("FIELD_INTEGRITY_EXCEPTION", message, "PricebookEntryId")
    if price.get("CurrencyIsoCode") != head.get("CurrencyIsoCode"):
        message = f"The pricebook entry currency code does not match the {what.lower()} currency code"
        raise refuse("FIELD_INTEGRITY_EXCEPTION", message, "PricebookEntryId")
    record |= {"Product2Id": price["Product2Id"], "CurrencyIsoCode": price.get("CurrencyIsoCode"), "ListPrice": price["UnitPrice"]}
    return price


def order_item(tx: Transaction, record: Record, old: Record | None, settings: Settings) -> None:
    head = tx.store.live("Order", record["OrderId"])
    if head is None:
        raise refuse("ENTITY_IS_DELETED", "entity is deleted", "OrderId", status=400)
    activated = head.get("StatusCode") == "Activated"
    if old is None:
        if activated:
            raise refuse("FIELD_INTEGRITY_EXCEPTION", "Order products can't be added to an activated order.", "OrderId")
        if head.get("Pricebook2Id") is None:
            raise refuse("FIELD_INTEGRITY_EXCEPTION", "The order must have a price book before order products can be added.", "OrderId")
        price = _priced(tx, record, head, "Order")
        if not price.get("IsActive"):
            raise refuse("FIELD_INTEGRITY_EXCEPTION", "pricebook entry is inactive", "PricebookEntryId")
        record.setdefault("UnitPrice", price["UnitPrice"])
    elif activated and settings.enhanced_commerce_orders:
        changed = [name for name in FROZEN if record.get(name) != old.get(name)]
        if changed:
            message = f"You can't change the {' or '.join(changed)} of order products on an activated order."
            raise refuse("FIELD_INTEGRITY_EXCEPTION", message, *changed)
    if record.get("UnitPrice") is None:
        raise refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", "UnitPrice")
    if record.get("Quantity") is None or (record["Quantity"] <= 0 and not head.get("IsReductionOrder")):
        raise refuse("FIELD_INTEGRITY_EXCEPTION", "Quantity must be greater than zero.", "Quantity")
    record["TotalPrice"] = number(record["UnitPrice"] * record["Quantity"], 2)
    record["AvailableQuantity"] = record["Quantity"]


def quote(tx: Transaction, record: Record, _old: Record | None, _settings: Settings) -> None:
    record["AccountId"] = (tx.store.live("Opportunity", record["OpportunityId"]) or {}).get("AccountId")
    record |= quote_totals(record, tx.store.children(record["Id"], "QuoteLineItem", "QuoteId"))


def quote_line(tx: Transaction, record: Record, old: Record | None, _settings: Settings) -> None:
    head = tx.store.live("Quote", record["QuoteId"]) or {}
    if old is None:
        price = _priced(tx, record, head, "Quote")
        record.setdefault("UnitPrice", price["UnitPrice"])
    record["Subtotal"] = number(record["UnitPrice"] * record["Quantity"], 2)
    record["TotalPrice"] = number(record["Subtotal"] * (1 - record.get("Discount", ZERO) / 100), 2)


def quote_totals(head: Record, rows: Sequence[Record]) -> dict[str, Any]:
    """Subtotal, TotalPrice, Discount (the percent between them) and GrandTotal of a quote."""
    subtotal = sum((row.get("Subtotal", ZERO) for row in rows), ZERO)
    total = sum((row.get("TotalPrice", ZERO) for row in rows), ZERO)
    grand = total + head.get("ShippingHandling", ZERO) + head.get("Tax", ZERO)
    discount = number((subtotal - total) / subtotal * 100, 2) if subtotal else ZERO
    return {"Subtotal": subtotal, "TotalPrice": total, "Discount": discount, "GrandTotal": grand}
