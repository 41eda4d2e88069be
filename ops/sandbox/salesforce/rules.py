"""Rules of single objects: price books, orders and their lines, roll-ups, names, and what a delete takes with it.

Sources: Object Reference (Order, OrderItem, PricebookEntry), help "Edit Activated Orders", "Enhanced Commerce Orders".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ops.sandbox.salesforce import lines, orders
from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.store import Record
from ops.sandbox.salesforce.transaction import Transaction

Before = Callable[[Transaction, Record, Record | None, Settings], None]
ZERO = Decimal("0.0")
PARENT_OF_LINE = {"OrderItem": ("Order", "OrderId"), "QuoteLineItem": ("Quote", "QuoteId")}
CASCADES = {
    ("Account", "Contact"),
    ("Order", "OrderItem"),
    ("Quote", "QuoteLineItem"),
    ("Product2", "PricebookEntry"),
    ("Case", "CaseComment"),
}
GUARDS = {("Account", "Order"): "orders", ("Product2", "OrderItem"): "order products", ("PricebookEntry", "OrderItem"): "order products"}


def before(tx: Transaction, item: SObject, record: Record, old: Record | None, settings: Settings) -> None:
    """Check and complete `record` in place, before it is stored. `old`: what it replaces, None for a new one."""
    rule = BEFORE.get(item.name)
    if rule is not None:
        rule(tx, record, old, settings)


def after(tx: Transaction, item: SObject, record: Record, old: Record | None) -> None:
    """What follows from a stored record: totals of its head, names that others show."""
    if item.name in PARENT_OF_LINE:
        roll_up(tx, item.name, record)
    if item.name == "Product2" and old is not None and (record.get("Name"), record.get("ProductCode")) != (old.get("Name"), old.get("ProductCode")):
        for entry in tx.store.children(record["Id"], "PricebookEntry", "Product2Id"):
            tx.put("PricebookEntry", entry | {"Name": record.get("Name"), "ProductCode": record.get("ProductCode")}, quiet=True)


def delete(tx: Transaction, item: SObject, record: Record) -> None:
    """Into the recycle bin, with its details; lookups of ours to it are cleared; what is in use is refused."""
    for child, field in list(tx.store.objects.children(item.name)):
        rows = tx.store.children(record["Id"], child.name, field.name)
        if rows and (item.name, child.name) in GUARDS:
            what = GUARDS[item.name, child.name]
            name = record.get("Name") or record["Id"]
            message = f"Your attempt to delete {name} could not be completed because it is associated with the following {what}"
            raise refuse("DELETE_FAILED", message)
        for row in rows:
            if (item.name, child.name) in CASCADES or field.master_detail:
                delete(tx, child, row)
            elif field.custom:
                tx.put(child.name, row | {field.name: None})
    orders.before_delete(tx, item.name, record)
    tx.put(item.name, record | {"IsDeleted": True})
    if item.name in PARENT_OF_LINE:
        roll_up(tx, item.name, record)


def undelete(tx: Transaction, item: SObject, record: Record) -> None:
    tx.put(item.name, {key: value for key, value in record.items() if key != "MasterRecordId"} | {"IsDeleted": False})
    for child, field in list(tx.store.objects.children(item.name)):
        if (item.name, child.name) in CASCADES or field.master_detail:
            for row in tx.store.matching(child.name, field, record["Id"]):
                if row.get("IsDeleted") and row.get("SystemModstamp") == record.get("SystemModstamp"):
                    undelete(tx, child, row)
    if item.name in PARENT_OF_LINE:
        roll_up(tx, item.name, record)


def roll_up(tx: Transaction, line_object: str, line: Record) -> None:
    """TotalAmount of the order, Subtotal and totals of the quote."""
    head_object, field = PARENT_OF_LINE[line_object]
    head = tx.store.live(head_object, line.get(field))
    if head is None:
        return
    rows = tx.store.children(head["Id"], line_object, field)
    total = sum((row.get("TotalPrice", ZERO) for row in rows), ZERO)
    values: dict[str, Any] = {"TotalAmount": total} if head_object == "Order" else lines.quote_totals(head, rows)
    if any(head.get(key) != value for key, value in values.items()):
        tx.put(head_object, head | values)


def _contact(_tx: Transaction, record: Record, _old: Record | None, _settings: Settings) -> None:
    record["Name"] = " ".join(part for part in (record.get("FirstName"), record.get("LastName")) if part)


def _case(tx: Transaction, record: Record, _old: Record | None, _settings: Settings) -> None:
    record["IsClosed"] = record.get("Status") == "Closed"
    record["ClosedDate"] = (record.get("ClosedDate") or tx.stamp) if record["IsClosed"] else None


def _opportunity(_tx: Transaction, record: Record, _old: Record | None, _settings: Settings) -> None:
    record["IsWon"] = record.get("StageName") == "Closed Won"
    record["IsClosed"] = str(record.get("StageName")).startswith("Closed")


BEFORE: dict[str, Before] = {
    "Contact": _contact,
    "User": _contact,
    "Case": _case,
    "Opportunity": _opportunity,
    "PricebookEntry": lines.entry,
    "OrderItem": lines.order_item,
    "QuoteLineItem": lines.quote_line,
    "Quote": lines.quote,
    "Order": orders.order,
}
