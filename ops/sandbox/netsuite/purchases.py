"""Purchase orders, and what they do to the stock: open lines are on order, a receipt brings them on hand (mapping.md section 2.6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ops.sandbox.netsuite import stock
from ops.sandbox.netsuite.errors import invalid, required, user_error
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

ZERO = Decimal(0)
SOURCE = "purchaseOrder"


def purchase_before(account: Account, record: Record, _old: Record | None, _sent: frozenset[str]) -> None:
    v = record.values
    if not record.lines.get("item"):
        raise required("Item")
    v.setdefault("orderStatus", "B")
    for place, line in enumerate(record.lines["item"]):
        facts = account.item(line["item"])
        if facts is None:
            raise invalid(f"item.items[{place}].item", line["item"])
        line["itemType"] = facts.kind
        line.setdefault("location", v.get("location"))
        if (line.get("quantity") or ZERO) <= 0:
            raise required("Quantity")
    v["status"] = _status(record)


def purchase_after(account: Account, record: Record | None, old: Record | None) -> None:
    on_order(account, stock.spots(record) | stock.spots(old))


def is_purchase(account: Account, record: Record) -> bool:
    """Is the receipt one of bought goods (and not of a return)?"""
    return account.find(SOURCE, record.values["createdFrom"]) is not None


def receipt_before(account: Account, record: Record, old: Record | None) -> None:
    record.values.setdefault("tranDate", account.today())
    bought = account.get(SOURCE, record.values["createdFrom"])
    left = {line["line"]: line["quantity"] - (line.get("quantityReceived") or ZERO) for line in bought.lines["item"]}
    before = {line.get("orderLine"): line["quantity"] for line in old.lines["item"]} if old else {}
    for line in record.lines["item"]:
        if line["quantity"] > left.get(line.get("orderLine"), ZERO) + before.get(line.get("orderLine"), ZERO):
            raise user_error("The quantity to receive is greater than the quantity remaining on the purchase order.")


def receipt_after(account: Account, record: Record | None, old: Record | None) -> None:
    """On hand by what came; the purchase order counts again and is stamped."""
    for side, sign in ((record, 1), (old, -1)):
        for line in side.lines["item"] if side else ():
            account.store.db.execute(
                "update itemlocation set quantityonhand = coalesce(quantityonhand, 0) + ? where parent=? and location=?",
                (str(sign * line["quantity"]), line["item"], line.get("location")),
            )
    bought = account.get(SOURCE, (record or old).values["createdFrom"])  # type: ignore[union-attr]
    sql = (
        'select l.orderline, sum(l.quantity) from transactionline l join "transaction" t on t.id=l.parent '
        "where l.createdfrom=? and t.type='ItemRcpt' and l.mainline='F' group by 1"
    )
    came = {line: Decimal(str(quantity or 0)) for line, quantity in account.store.rows(sql, (bought.id,))}
    for line in bought.lines["item"]:
        line["quantityReceived"] = line["quantityFulfilled"] = came.get(line["line"], ZERO)
    bought.values["status"], bought.modified = _status(bought), account.stamp()
    account.store.put(bought)
    places = stock.spots(bought)
    on_order(account, places)
    stock.commit(account, places)


def on_order(account: Account, places: set[stock.Spot]) -> None:
    """What open purchase order lines will bring."""
    sql = (
        'select sum(l.quantity - coalesce(l.quantityshiprecv, 0)) from transactionline l join "transaction" t on t.id=l.parent '
        "where l.item=? and l.location=? and t.type='PurchOrd' and t.status in ('B','D','E') and l.mainline='F' and coalesce(l.isclosed,'F')<>'T'"
    )
    for item, location in places:
        coming = account.store.rows(sql, (item, location))[0][0] or 0
        account.store.db.execute("update itemlocation set quantityonorder=? where parent=? and location=?", (str(coming), item, location))


def _status(record: Record) -> str:
    lines = record.lines["item"]
    if all(line.get("isClosed") == "T" for line in lines):
        return "H"
    came = [(line.get("quantityReceived") or ZERO, line["quantity"]) for line in lines]
    if all(got >= wanted for got, wanted in came):
        return "F"
    return "D" if any(got for got, _ in came) else str(record.values["orderStatus"])
