"""Customers, contacts and items: numbers, uniqueness, frozen fields and address book flags when they are saved."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ops.sandbox.netsuite.errors import NsError, required, user_error
from ops.sandbox.netsuite.store import Record
from ops.sandbox.netsuite.taxes import check_registrations

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account


def duplicate(code: str, what: str) -> NsError:
    return NsError(code, f"Error while accessing a resource. {what}")


def customer_before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    v = record.values
    v.setdefault("isPerson", "F")
    if old is not None and old.values.get("isPerson", "F") != v["isPerson"]:
        raise user_error("You cannot change the type of an existing customer (individual or company).")
    if v["isPerson"] == "F" and not v.get("companyName"):
        raise required("Company Name")
    if v["isPerson"] == "T" and not v.get("lastName"):
        raise required("Last Name")
    if not v.get("entityId"):
        v["entityId"] = f"CUST{record.id}"
    elif "entityId" in sent:
        _unique(
            account,
            record,
            "customer",
            "entityid",
            v["entityId"],
            "A customer record with this ID already exists. You must enter a unique customer ID for each record you create.",
        )
    v.setdefault("currency", account.base_currency(v["subsidiary"]))
    v.setdefault("entityStatus", "13")
    v["stage"] = account.metadata.enums["entityStatus"][v["entityStatus"]].partition("-")[0]
    v.setdefault("taxable", "T")
    v.setdefault("creditHoldOverride", "AUTO")
    v.setdefault("balance", Decimal(0))
    v.setdefault("isInactive", "F")
    lines = record.lines.setdefault("currencyList", [])
    if all(line["currency"] != v["currency"] for line in lines):
        lines.insert(0, {"line": len(lines) + 1, "currency": v["currency"]})
    _frozen(account, record, old)
    _addresses(record)
    check_registrations(account, record)


def _frozen(account: Account, record: Record, old: Record | None) -> None:
    if old is None:
        return
    for name, label in (("subsidiary", "primary subsidiary"), ("currency", "primary currency")):
        if old.values.get(name) != record.values.get(name) and account.has_transactions(record.id):
            raise user_error(f"You cannot change the {label} of this customer, because transactions were posted for it.")


def _unique(account: Account, record: Record, table: str, column: str, value: Any, text: str, code: str = "UNIQUE_CUST_ID_REQD") -> None:
    sql = f'select id from "{table}" where "{column}"=? collate nocase and id<>?'
    if account.store.rows(sql, (value, record.id)):
        raise duplicate(code, text)


def _addresses(record: Record) -> None:
    """One default of each kind: the line that set the flag last has it; the defaults are what searches show as bill and ship."""
    lines = record.lines.setdefault("addressBook", [])
    for flag in ("defaultBilling", "defaultShipping"):
        flagged = [line for line in lines if line.get(flag) == "T"]
        fresh = [line for line in flagged if line.pop(f"_{flag}", False)]
        keep = (fresh or flagged)[-1:] if flagged else []
        for line in lines:
            line[flag] = "T" if line in keep else "F"
        address = keep[0].get("addressBookAddress") if keep else None
        record.values.pop(flag, None)
        if address:
            record.values[flag] = dict(address)


def contact_before(account: Account, record: Record, _old: Record | None, _sent: frozenset[str]) -> None:
    v = record.values
    name = " ".join(part for part in (v.get("firstName"), v.get("lastName")) if part)
    if not name and not v.get("entityId"):
        raise required("Contact")
    v.setdefault("isInactive", "F")
    if not v.get("entityId"):
        v["entityId"] = name
    sql = "select id from contact where entityid=? collate nocase and company is ? and id<>?"
    if account.store.rows(sql, (v["entityId"], v.get("company"), record.id)):
        raise duplicate("DUP_ENTITY", "A contact record with this name already exists. Every contact record must have a unique name.")
    if v.get("company"):
        company = account.find("customer", v["company"])
        if company is not None:
            v.setdefault("subsidiary", company.values["subsidiary"])
    _addresses(record)


def item_before(account: Account, record: Record, _old: Record | None, _sent: frozenset[str]) -> None:
    v = record.values
    _unique(account, record, "item", "itemid", v["itemId"], "Uniqueness error - That record already exists.", "DUP_ITEM")
    v.setdefault("isInactive", "F")
    for place, line in enumerate(record.lines.get("price", []), 1):
        line.setdefault("priceLevel", 1)
        line.setdefault("quantity", Decimal(0))
        line.setdefault("priceQty", place)
    for line in record.lines.get("locations", []):
        on_hand = line.get("quantityOnHand")
        if on_hand is not None:
            line["quantityAvailable"] = on_hand - (line.get("quantityCommitted") or Decimal(0))
            line["lastQuantityAvailableChange"] = account.stamp()


def relation_before(account: Account, record: Record, _old: Record | None, _sent: frozenset[str]) -> None:
    sql = "select id from customersubsidiaryrelationship where entity=? and subsidiary=? and id<>?"
    if account.store.rows(sql, (record.values["entity"], record.values["subsidiary"], record.id)):
        raise duplicate("DUP_RCRD", "This record already exists.")
    record.values["isPrimarySub"] = "F"
