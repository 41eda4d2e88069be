"""Returns, item receipts and refunds when they are saved, and what they cause: quantities and status of the return, what is left of a credit."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from ops.sandbox.netsuite import flow, orders, purchases
from ops.sandbox.netsuite.errors import invalid, user_error
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

ZERO = Decimal(0)
QUANTITIES = {"ItemRcpt": "quantityReceived", "CustCred": "quantityBilled"}


def return_before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    orders.before(account, record, old, sent)
    record.values.setdefault("orderStatus", "A")
    record.values["status"] = _status(record)


def receipt_before(account: Account, record: Record, old: Record | None, _sent: frozenset[str]) -> None:
    """Goods of a return come back: not more than are outstanding. Bought goods are a purchase order's matter."""
    if purchases.is_purchase(account, record):
        purchases.receipt_before(account, record, old)
        return
    record.values.setdefault("tranDate", account.today())
    source = account.find("returnAuthorization", record.values["createdFrom"])
    if source is None:
        raise invalid("createdFrom", record.values.get("createdFrom"))
    left = {line["line"]: line["quantity"] - (line.get("quantityReceived") or ZERO) for line in source.lines["item"]}
    before = {line.get("orderLine"): line["quantity"] for line in old.lines["item"]} if old else {}
    for place, line in enumerate(record.lines["item"]):
        if line.get("orderLine") not in left:
            raise invalid(f"item.items[{place}].orderLine", line.get("orderLine"))
        if line["quantity"] > left[line["orderLine"]] + before.get(line["orderLine"], ZERO):
            raise user_error("The quantity to receive is greater than the quantity remaining on the return.")


def receipt_after(account: Account, record: Record | None, old: Record | None) -> None:
    found: Record = record or old  # type: ignore[assignment]
    if purchases.is_purchase(account, found):
        purchases.receipt_after(account, record, old)
    else:
        refresh_return(account, found.values["createdFrom"])


def refresh_return(account: Account, return_id: int | None) -> None:
    """Count again what was received and credited, and set the status that follows. A return is stamped when its goods come."""
    found = account.find("returnAuthorization", return_id) if return_id else None
    if found is None:
        return
    sql = (
        'select t.type, l.orderline, l.quantity from transactionline l join "transaction" t on t.id=l.parent '
        "where l.createdfrom=? and l.mainline='F' and l.cogs='F' and t.type in ('ItemRcpt','CustCred')"
    )
    done: Counter[tuple[int, str]] = Counter()
    for kind, line, quantity in account.store.rows(sql, (found.id,)):
        done[line, QUANTITIES[kind]] += Decimal(str(quantity or 0))  # type: ignore[assignment]
    for row in found.lines["item"]:
        row |= {name: done[row["line"], name] or ZERO for name in QUANTITIES.values()}
        row["quantityFulfilled"] = row["quantityReceived"]  # one search column, "Quantity Fulfilled/Received"
    found.values["status"] = _status(found)
    found.modified = account.stamp()
    account.store.put(found)


def _status(record: Record) -> str:
    """A to H of a return; A and B are what was set, the rest follows."""
    lines = [line for line in record.lines["item"] if line.get("itemType") != "Discount"]
    received = [line.get("quantityReceived") or ZERO for line in lines]
    credited = [line.get("quantityBilled") or ZERO for line in lines]
    if lines and all(line.get("isClosed") == "T" for line in lines):
        return "H"
    if all(c >= line["quantity"] for c, line in zip(credited, lines, strict=True)):
        return "G"
    if all(r >= line["quantity"] for r, line in zip(received, lines, strict=True)):
        return "F"
    if any(received):
        return "E" if any(r > c for r, c in zip(received, credited, strict=True)) else "D"
    return str(record.values.get("orderStatus", "A"))


def refund_before(account: Account, record: Record, _old: Record | None, _sent: frozenset[str]) -> None:
    """Money goes back for credits that are still open."""
    v = record.values
    flow.of_customer(account, record)
    v |= {"total": _refunded(account, record, v["customer"]), "status": "R"}


def _refunded(account: Account, record: Record, customer: int) -> Decimal:
    total = ZERO
    for place, line in enumerate(record.lines.get("apply", [])):
        credit = account.find("creditMemo", line["doc"])
        if credit is None or credit.values["entity"] != customer:
            raise invalid(f"apply.items[{place}].doc", line["doc"])
        line.setdefault("apply", "T")
        due = credit.values["total"] - _used(account, credit.id, besides=record.id)
        line |= {"trantype": "CustCred", "total": credit.values["total"], "due": due}
        line |= {"refNum": credit.values["tranId"], "applyDate": record.values["tranDate"]}
        if line["apply"] != "T":
            continue
        line.setdefault("amount", due)
        if line["amount"] > due:
            raise user_error("You cannot refund more than the credit that is left.")
        total += line["amount"]
    return total


def _used(account: Account, credit: int, *, besides: int = 0) -> Decimal:
    """What of a credit is applied to invoices or refunded."""
    sql = "select sum(amount) from application where (doc=? or parent=?) and apply='T' and parent<>?"
    return Decimal(str(account.store.rows(sql, (credit, credit, besides))[0][0] or 0))


def refund_after(account: Account, record: Record | None, old: Record | None) -> None:
    for doc in {line["doc"] for side in (record, old) if side for line in side.lines.get("apply", [])}:
        credit = account.find("creditMemo", doc)
        if credit is not None:
            settle_credit(account, credit)
            account.store.put(credit)
    for customer in {side.values.get("customer") for side in (record, old) if side}:
        flow.refresh_balance(account, customer)


def settle_credit(account: Account, credit: Record) -> None:
    """Applied, unapplied and status of a credit memo; no stamp moves."""
    smallest = Decimal(1).scaleb(-account.precision(credit.values["currency"]))
    applied = _used(account, credit.id).quantize(smallest)
    left = credit.values["total"] - applied
    credit.values |= {"applied": applied, "unapplied": left, "amountRemaining": left, "status": "B" if left <= 0 else "A"}
