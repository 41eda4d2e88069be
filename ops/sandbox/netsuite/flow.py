"""What follows from other documents: quantities and status of orders, and balances (mapping.md section 4)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ops.sandbox.netsuite import stock
from ops.sandbox.netsuite.errors import invalid
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

ZERO = Decimal(0)
SHIP_STEPS = {
    "A": ("quantityPicked",),
    "B": ("quantityPicked", "quantityPacked"),
    "C": ("quantityPicked", "quantityPacked", "quantityFulfilled"),
}
NAMES = ("quantityPicked", "quantityPacked", "quantityFulfilled", "quantityBilled")


def refresh_order(account: Account, order_id: int) -> None:
    """Count again what its fulfilments and invoices say, and set the status that follows; the stamp moves only by option."""
    order = account.find("salesOrder", order_id)
    if order is None:
        return
    before = order.values.get("status")
    done = _done(account, order_id)
    for line in order.lines["item"]:
        line |= {name: done[(line["line"], name)] or ZERO for name in NAMES}
    order.values["status"] = status(account, order)
    if order.values["status"] != before and account.options.touch_parent:
        order.modified = account.stamp()
    account.store.put(order)
    stock.commit(account, stock.spots(order))


def _done(account: Account, order_id: int) -> Counter[tuple[int, str]]:
    sql = (
        'select t.type, t.shipstatus, l.orderline, l.quantity, l.itemreceive from transactionline l join "transaction" t on t.id=l.parent '
        "where l.createdfrom=? and l.mainline='F' and l.cogs='F' and l.kitmemberof is null and t.type in ('ItemShip','CustInvc')"
    )
    out: Counter[tuple[int, str]] = Counter()
    for kind, ship_status, line, quantity, receive in account.store.rows(sql, (order_id,)):
        names: tuple[str, ...] = ("quantityBilled",) if kind == "CustInvc" else SHIP_STEPS.get(ship_status, ()) if receive != "F" else ()
        for name in names:
            out[(line, name)] += Decimal(str(quantity or 0))  # type: ignore[assignment]
    return out


def status(account: Account, order: Record) -> str:
    """A to H of a sales order; A and B are what was set, the rest follows."""
    lines = [line for line in order.lines["item"] if line["itemType"] != "Discount"]
    if order.values.get("status") == "C":
        return "C"
    wanted = [line["quantity"] if line.get("isClosed") != "T" else (line.get("quantityFulfilled") or ZERO) for line in lines]
    shipped = [line.get("quantityFulfilled") or ZERO for line in lines]
    billed = [line.get("quantityBilled") or ZERO for line in lines]
    all_closed = bool(lines) and all(line.get("isClosed") == "T" for line in lines)
    if all_closed and not any(b < s for b, s in zip(billed, shipped, strict=True)):
        return "H" if not any(billed) else "G"
    if order.values.get("orderStatus", "A") == "A" and not any(shipped) and not any(billed):
        return "A"
    if all(s >= w for s, w in zip(shipped, wanted, strict=True)):
        return "G" if all(b >= w for b, w in zip(billed, wanted, strict=True)) else "F"
    if not any(shipped):
        return "B"
    unbilled = any(b < s for b, s in zip(billed, shipped, strict=True))
    return "E" if unbilled and (any(billed) or account.options.status_e) else "D"


def refresh_invoice(account: Account, invoice_id: int) -> None:
    """Remaining and status from the applications that name it; no stamp moves."""
    rows = account.store.rows("select sum(amount) from application where doc=? and apply='T'", (invoice_id,))
    paid = Decimal(str(rows[0][0] or 0))
    invoice = account.find("invoice", invoice_id)
    if invoice is None:
        return
    paid = paid.quantize(Decimal(1).scaleb(-account.precision(invoice.values["currency"])))
    invoice.values["amountPaid"] = paid
    invoice.values["amountRemaining"] = invoice.values["total"] - paid
    invoice.values["status"] = "B" if invoice.values["amountRemaining"] <= 0 else "A"
    account.store.put(invoice)


def refresh_balance(account: Account, customer: int | None) -> None:
    """The customer's balance and open orders; computed, so no stamp of the customer moves."""
    if customer is None:
        return
    today = account.today()
    sql = (
        "select sum(case when type='CustInvc' then amountremaining else 0 end) - sum(case when type in ('CustPymt','CustCred') then coalesce(unapplied,0) "
        "else 0 end), sum(case when type='CustInvc' and duedate<? then amountremaining else 0 end), "
        "sum(case when type='SalesOrd' and status in ('B','D','E','F') then total else 0 end) - sum(case when type='CustInvc' and createdfrom is not null "
        "then total else 0 end), min(case when type='CustInvc' and duedate<? and amountremaining>0 then duedate end) "
        'from "transaction" where entity=?'
    )
    balance, overdue, unbilled, oldest = account.store.rows(sql, (today, today, customer))[0]
    days = account.days_since(oldest) if oldest else 0
    values: list[Any] = [_money(balance), _money(overdue), _money(max(unbilled or 0, 0)), days, customer]
    account.store.db.execute("update customer set balance=?, overduebalance=?, unbilledorders=?, daysoverdue=? where id=?", values)


def _money(value: float | None) -> str:
    return str(round(Decimal(str(value or 0)), 3))


def of_customer(account: Account, record: Record) -> None:
    """What a payment or a refund takes from its customer where it does not say it itself: subsidiary, currency and rate; the date is today's."""
    v = record.values
    v.setdefault("tranDate", account.today())
    customer = account.find("customer", v["customer"])
    if customer is None:
        raise invalid("customer", v["customer"])
    v.setdefault("subsidiary", customer.values["subsidiary"])
    v.setdefault("currency", customer.values["currency"])
    if not v.get("exchangeRate"):
        v["exchangeRate"] = account.exchange_rate(v["currency"], v["subsidiary"])
