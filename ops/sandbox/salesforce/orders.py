"""An order's life: made as a draft, activated with lines, frozen afterwards."""

from __future__ import annotations

from decimal import Decimal

from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.store import Record
from ops.sandbox.salesforce.transaction import Transaction

LOCKED_BY_ACTIVATION = ("AccountId", "Pricebook2Id", "CurrencyIsoCode", "ContractId", "EffectiveDate")
LOCKED_BY_LINES = ("Pricebook2Id", "CurrencyIsoCode")


def order(tx: Transaction, record: Record, old: Record | None, _settings: Settings) -> None:
    status = next((row for row in tx.store.rows["OrderStatus"].values() if row["MasterLabel"] == record["Status"]), None)
    record["StatusCode"] = status["StatusCode"] if status else "Draft"
    if record.get("AccountId") is None:
        raise refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: [AccountId]", "AccountId")
    if old is None:
        if record["StatusCode"] != "Draft":
            raise refuse("FAILED_ACTIVATION", "Choose a status with the Draft category for a new order.", "Status")
        record["TotalAmount"] = Decimal("0.0")
        return
    _locks(tx, record, old)
    if record["StatusCode"] == "Activated" and old.get("StatusCode") != "Activated":
        if not tx.store.children(record["Id"], "OrderItem", "OrderId"):
            raise refuse("FAILED_ACTIVATION", "An order must have at least one product to be activated.", "Status")
        record |= {"ActivatedDate": tx.stamp, "ActivatedById": tx.caller.user}
    elif record["StatusCode"] == "Draft":
        record |= {"ActivatedDate": None, "ActivatedById": None}


def _locks(tx: Transaction, record: Record, old: Record) -> None:
    activated = old.get("StatusCode") == "Activated" and record["StatusCode"] == "Activated"
    changed = [name for name in LOCKED_BY_ACTIVATION if activated and record.get(name) != old.get(name)]
    if changed:
        raise refuse("FIELD_INTEGRITY_EXCEPTION", f"You can't change these fields of an activated order: {', '.join(changed)}", *changed)
    changed = [name for name in LOCKED_BY_LINES if record.get(name) != old.get(name)]
    if changed and tx.store.children(record["Id"], "OrderItem", "OrderId"):
        message = "You can't change the price book or currency of an order that has order products."
        raise refuse("FIELD_INTEGRITY_EXCEPTION", message, *changed)


def before_delete(tx: Transaction, name: str, record: Record) -> None:
    """An activated order, and every line of one, stays."""
    if name == "Order" and record.get("StatusCode") == "Activated":
        raise refuse("DELETE_FAILED", "You can't delete an activated order. Change its status to Draft first.")
    if name == "OrderItem" and (tx.store.live("Order", record.get("OrderId")) or {}).get("StatusCode") == "Activated":
        raise refuse("DELETE_FAILED", "You can't delete order products from an activated order.")
