"""Fulfilments, invoices, payments and credit memos when they are saved, and what they cause in other documents."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ops.sandbox.netsuite import flow, orders, returns, stock
from ops.sandbox.netsuite.errors import invalid, user_error
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

ZERO = Decimal(0)
SHIP_DATES = {"A": ("pickedDate",), "B": ("pickedDate", "packedDate"), "C": ("pickedDate", "packedDate", "shippedDate")}


def order_before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    record.values.setdefault("orderStatus", account.options.default_order_status)
    orders.before(account, record, old, sent)
    if old is not None and record.values["orderStatus"] == "A" and old.values.get("status") not in (None, "A", "B"):
        raise user_error("This order cannot go back to Pending Approval.")
    record.values["status"] = flow.status(account, record)


def order_after(account: Account, record: Record | None, old: Record | None) -> None:
    stock.commit(account, stock.spots(record) | stock.spots(old))
    _touch_balances(account, record, old)
    source = (record or old).values.get("createdFrom")  # type: ignore[union-attr]
    if source:
        processed = "B" if record is not None else "A"
        account.store.db.execute("update \"transaction\" set status=? where id=? and type='Estimate'", (processed, source))


def estimate_before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    orders.before(account, record, old, sent)
    v, was = record.values, old.values.get("status") if old else None
    if was in ("B", "V"):
        return
    late = v.get("dueDate") is not None and v["dueDate"] < account.today()
    v["status"] = "C" if v.get("entityStatus") == "14" else "X" if late else "A"


def fulfilment_before(account: Account, record: Record, old: Record | None, _sent: frozenset[str]) -> None:
    v = record.values
    v.setdefault("shipStatus", "C")
    v.setdefault("tranDate", account.today())
    v["status"] = v["shipStatus"]
    for name in SHIP_DATES[v["shipStatus"]]:
        v.setdefault(name, account.today())
    v["trackingNumbers"] = "<BR>".join(p["packageTrackingNumber"] for p in record.lines.get("package", []) if p.get("packageTrackingNumber")) or None
    before = {line["line"]: line["quantity"] for line in old.lines["item"]} if old else {}
    order = account.find("salesOrder", v["createdFrom"])
    if order is None:
        raise invalid("createdFrom", v.get("createdFrom"))
    lines = {line["line"]: line for line in order.lines["item"]}
    taken = _picked_elsewhere(account, order, record)
    for place, line in enumerate(record.lines["item"]):
        if line.get("kitMemberOf") or line.get("itemReceive") == "F":
            continue
        ordered = lines.get(line.get("orderLine", 0))
        if ordered is None:
            raise invalid(f"item.items[{place}].orderLine", line.get("orderLine"))
        if line["quantity"] + taken.get(ordered["line"], ZERO) > ordered["quantity"] and line["quantity"] != before.get(line["line"]):
            raise user_error("The quantity to fulfil is greater than the quantity remaining on the order.")


def _picked_elsewhere(account: Account, order: Record, record: Record) -> dict[int, Decimal]:
    sql = (
        "select l.orderline, sum(l.quantity) from transactionline l join \"transaction\" t on t.id=l.parent where l.createdfrom=? and t.type='ItemShip' "
        "and l.mainline='F' and l.cogs='F' and l.kitmemberof is null and coalesce(l.itemreceive,'T')='T' and l.parent<>? group by 1"
    )
    return {line: Decimal(str(quantity or 0)) for line, quantity in account.store.rows(sql, (order.id, record.id))}


def fulfilment_after(account: Account, record: Record | None, old: Record | None) -> None:
    stock.move(account, old, record)
    flow.refresh_order(account, (record or old).values["createdFrom"])  # type: ignore[union-attr]
    stock.commit(account, stock.spots(record) | stock.spots(old))
    _touch_balances(account, record, old)


def invoice_before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    orders.before(account, record, old, sent)
    v = record.values
    if not v.get("dueDate"):
        term = account.find("term", v["terms"]) if v.get("terms") else None
        days = int(term.values.get("daysUntilNetDue") or 0) if term else 0
        v["dueDate"] = (date.fromisoformat(v["tranDate"]) + timedelta(days=days)).isoformat()
    v.setdefault("approvalStatus", "2")
    v.setdefault("amountPaid", ZERO)
    v["amountRemaining"] = v["total"] - v["amountPaid"]
    v["status"] = "B" if v["amountRemaining"] <= 0 else "A"


def invoice_after(account: Account, record: Record | None, old: Record | None) -> None:
    source = (record or old).values.get("createdFrom")  # type: ignore[union-attr]
    if source:
        flow.refresh_order(account, source)
    _touch_balances(account, record, old)


def _apply_lines(account: Account, record: Record, customer: int) -> Decimal:
    """Check and complete the applications; the sum that is applied."""
    applied = ZERO
    for place, line in enumerate(record.lines.get("apply", [])):
        invoice = account.find("invoice", line["doc"])
        if invoice is None or invoice.values["entity"] != customer:
            raise invalid(f"apply.items[{place}].doc", line["doc"])
        line.setdefault("apply", "T")
        rows = account.store.rows("select sum(amount) from application where doc=? and apply='T' and parent<>?", (line["doc"], record.id))
        due = invoice.values["total"] - Decimal(str(rows[0][0] or 0))
        line |= {
            "trantype": "CustInvc",
            "total": invoice.values["total"],
            "due": due,
            "refNum": invoice.values["tranId"],
            "applyDate": record.values["tranDate"],
        }
        if line["apply"] != "T":
            continue
        line.setdefault("amount", due)
        if line["amount"] > due:
            raise user_error("You cannot apply more than the amount due.")
        applied += line["amount"]
    return applied


def payment_before(account: Account, record: Record, _old: Record | None, _sent: frozenset[str]) -> None:
    v = record.values
    flow.of_customer(account, record)
    applied = _apply_lines(account, record, v["customer"])
    if applied > v["payment"]:
        raise user_error("The amounts applied are greater than the payment.")
    v |= {"applied": applied, "unapplied": v["payment"] - applied, "total": v["payment"]}
    v["status"] = "B" if v.get("undepFunds") == "T" else "C"


def credit_before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    orders.before(account, record, old, sent)
    v = record.values
    applied = _apply_lines(account, record, v["entity"])
    if applied > v["total"]:
        raise user_error("The amounts applied are greater than the credit.")
    v |= {"applied": applied, "unapplied": v["total"] - applied, "amountRemaining": v["total"] - applied}
    v["status"] = "B" if v["amountRemaining"] <= 0 else "A"


def credit_after(account: Account, record: Record | None, old: Record | None) -> None:
    if record is not None:
        returns.settle_credit(account, record)
        account.store.put(record)
    returns.refresh_return(account, (record or old).values.get("createdFrom"))  # type: ignore[union-attr]
    applied_after(account, record, old)


def applied_after(account: Account, record: Record | None, old: Record | None) -> None:
    docs = {line["doc"] for side in (record, old) if side for line in side.lines.get("apply", [])}
    for doc in docs:
        flow.refresh_invoice(account, doc)
    _touch_balances(account, record, old)


def _touch_balances(account: Account, record: Record | None, old: Record | None) -> None:
    for customer in {side.values.get("entity") or side.values.get("customer") for side in (record, old) if side}:
        flow.refresh_balance(account, customer)
