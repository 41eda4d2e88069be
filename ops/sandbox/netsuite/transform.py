"""`!transform`: an order becomes a fulfilment, an invoice or a return; an estimate becomes an order (netsuite.md section 8.1)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ops.sandbox.netsuite import orders, patch
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.errors import NsError, user_error
from ops.sandbox.netsuite.metadata import RecordType
from ops.sandbox.netsuite.patch import STRICT, Manner
from ops.sandbox.netsuite.store import Record

ZERO = Decimal(0)
TARGETS = {
    "salesOrder": ("itemFulfillment", "invoice", "returnAuthorization"),
    "estimate": ("salesOrder", "invoice"),
    "invoice": ("creditMemo", "returnAuthorization"),
    "returnAuthorization": ("itemReceipt", "creditMemo"),
    "purchaseOrder": ("itemReceipt",),
}
OWN_FIELDS = frozenset({"tranId", "tranDate", "status", "orderStatus", "createdFrom", "total", "subtotal", "taxTotal", "discountTotal", "dueDate"})
OWN_LINE_FIELDS = frozenset(
    {
        "line",
        "lineUniqueKey",
        "orderLine",
        "orderDoc",
        "isClosed",
        *(f"quantity{n}" for n in ("Committed", "BackOrdered", "Picked", "Packed", "Fulfilled", "Billed", "Received")),
    }
)


def transform(
    account: Account,
    source_type: str,
    source_id: int,
    target_type: str,
    body: Mapping[str, Any],
    manner: Manner = STRICT,
    *,
    stamp: str = "",
) -> int:
    """Make the target from the source, with `body` over the defaults; the new record's id.

    Lines of the body are matched by `orderLine`; what the body doesn't name keeps its default (all that remains), unless
    `replace=item` was asked for: then only the named lines are taken.
    """
    source = account.get(source_type, source_id)
    if target_type not in TARGETS.get(source_type, ()):
        raise NsError("INVALID_CONTENT", f"Transformation from {source_type} to {target_type} is not supported.")
    _check_state(source, target_type)
    kind = account.kind(target_type)
    record = account.blank(kind)
    record.values = {n: v for n, v in source.values.items() if n in kind.fields and n not in OWN_FIELDS}
    record.values["createdFrom"] = source_id
    record.lines["item"] = _lines(account.kind(target_type), source, target_type)
    change = patch.parse(account, kind, body, manner)
    sent = change.lines.pop("item", None)
    if sent is not None and target_type == "salesOrder":  # an order names no lines of its estimate: its own are added, or stand for all
        change.lines["item"] = sent
    elif sent is not None:
        record.lines["item"] = _choose(record.lines["item"], sent, only="item" in manner.replace)
    if target_type == "itemFulfillment":
        _add_kit_members(account, record)
    record.lines["item"] = [line for line in record.lines["item"] if line.get("itemReceive") != "F"]
    if target_type not in ("itemFulfillment", "itemReceipt", "salesOrder"):
        record.lines["item"] = _share_discounts(account, source, record.lines["item"])
    if not record.lines["item"]:
        raise user_error("There are no lines left to transform.")
    if target_type == "returnAuthorization":  # it has no shipping of its own (mapping.md 2.13)
        for name in ("shippingCost", "handlingCost", "shipMethod"):
            record.values.pop(name, None)
    if target_type == "invoice":
        _first_invoice_only(account, record)
    account.save(record, None, change, "create", stamp)
    return record.id


def _check_state(source: Record, target: str) -> None:
    status = source.values.get("status")
    if source.type.name == "salesOrder" and status in ("A", "C", "H"):
        raise user_error("The order cannot be transformed in its current status.")
    if source.type.name == "returnAuthorization" and status in ("A", "C", "H"):
        raise user_error("The return authorization cannot be transformed in its current status.")
    if source.type.name == "purchaseOrder" and status not in ("B", "D", "E"):
        raise user_error("The purchase order cannot be received in its current status.")
    if source.type.name == "estimate" and status != "A":
        raise NsError("USER_ERROR", f"The estimate was already processed and cannot become a {target}.")


def _lines(kind: RecordType, source: Record, target: str) -> list[dict[str, Any]]:
    fields = kind.sublists["item"].fields
    out: list[dict[str, Any]] = []
    for line in source.lines["item"]:
        copied = {n: v for n, v in line.items() if n in fields and n not in OWN_LINE_FIELDS}
        copied |= {"line": len(out) + 1, "orderLine": line["line"], "orderDoc": source.id}
        if target == "salesOrder":
            out.append({n: v for n, v in copied.items() if n not in ("orderLine", "orderDoc")} | {"_amount": True})
        elif line["itemType"] == "Discount":
            if target not in ("itemFulfillment", "itemReceipt"):
                out.append(copied)
        elif (left := _left(line, source.type.name, target)) > 0:
            out.append(_taken(copied, line, left))
    return out


def _left(line: dict[str, Any], source: str, target: str) -> Decimal:
    quantity: Decimal = line["quantity"]
    done: Decimal = line.get("quantityFulfilled") or ZERO
    billed: Decimal = line.get("quantityBilled") or ZERO
    if target == "itemFulfillment":
        return quantity - (line.get("quantityPicked") or ZERO) if line.get("isClosed") != "T" else ZERO
    if target == "invoice":
        return (done or (ZERO if line.get("isClosed") == "T" else quantity)) - billed
    if source == "purchaseOrder":
        return quantity - (line.get("quantityReceived") or ZERO) if line.get("isClosed") != "T" else ZERO
    if source == "returnAuthorization":
        return quantity - (line.get("quantityReceived") or ZERO) if target == "itemReceipt" else quantity - billed
    return quantity


def _taken(copied: dict[str, Any], line: dict[str, Any], quantity: Decimal) -> dict[str, Any]:
    """The copied line at that quantity; a whole line keeps an amount that isn't rate x quantity."""
    copied |= {"quantity": quantity, "itemReceive": "T"}
    if quantity != line["quantity"]:
        copied.pop("amount", None)
    elif "amount" in copied:
        copied["_amount"] = True
    return copied


def _share_discounts(account: Account, source: Record, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each discount at the part of the line above that is taken; without that line it goes too. The last part takes what is left."""
    owners = _owners(source)
    quantities = {line["orderLine"]: line["quantity"] for line in lines if line["itemType"] != "Discount"}
    out = []
    for line in lines:
        if line["itemType"] == "Discount":
            owner = owners.get(line["orderLine"])
            if owner is None or owner["line"] not in quantities:
                continue
            line |= {"amount": _share(account, source, line, owner, quantities[owner["line"]]), "_amount": True}
        out.append(line)
    return out


def _owners(source: Record) -> dict[int, dict[str, Any]]:
    """Discount line -> the line that it acts on."""
    out: dict[int, dict[str, Any]] = {}
    above: dict[str, Any] | None = None
    for line in source.lines["item"]:
        if line["itemType"] != "Discount":
            above = line
        elif above is not None:
            out[line["line"]] = above
    return out


def _share(account: Account, source: Record, line: dict[str, Any], owner: dict[str, Any], quantity: Decimal) -> Decimal:
    sql = (
        'select sum(l.amount) from transactionline l join "transaction" t on t.id=l.parent '
        "where l.createdfrom=? and l.orderline=? and t.type='CustInvc' and l.mainline='F'"
    )
    whole: Decimal = next(row["amount"] for row in source.lines["item"] if row["line"] == line["orderLine"])
    before = Decimal(str(account.store.rows(sql, (source.id, line["orderLine"]))[0][0] or 0))
    if (owner.get("quantityBilled") or ZERO) + quantity >= owner["quantity"]:
        return whole - before
    smallest = Decimal(1).scaleb(-account.precision(source.values["currency"]))
    return orders.rounded(whole * quantity / owner["quantity"], smallest)


def _choose(defaults: list[dict[str, Any]], sent: list[dict[str, Any]], *, only: bool) -> list[dict[str, Any]]:
    by_line = {line.get("orderLine"): line for line in defaults}
    named = set()
    for change in sent:
        line = by_line.get(change.get("orderLine", change.get("line")))
        if line is None:
            raise user_error(f"Line {change.get('orderLine')} has nothing left on the order.")
        if "quantity" in change and change["quantity"] != line["quantity"] and "_amount" not in change:
            line.pop("amount", None)
            line.pop("_amount", None)
        line |= {n: v for n, v in change.items() if n != "line" and v is not None}
        named.add(line["orderLine"])
    return [line for line in defaults if not only or line["orderLine"] in named or line["itemType"] == "Discount"]


def _add_kit_members(account: Account, record: Record) -> None:
    out: list[dict[str, Any]] = []
    for line in record.lines["item"]:
        out.append(line)
        if line.get("itemReceive") == "F" or line["itemType"] != "Kit":
            continue
        members = account.store.rows("select item, quantity from itemmember where parent=? order by seq", (line["item"],))
        for item, quantity in members:
            member: dict[str, Any] = {n: line[n] for n in ("orderLine", "orderDoc", "location") if n in line}
            facts = account.item(item)
            member |= {
                "item": item,
                "quantity": line["quantity"] * Decimal(str(quantity or 1)),
                "kitMemberOf": line["line"],
                "itemReceive": "T",
            }
            member["itemType"] = facts.kind if facts else "InvtPart"
            out.append(member | {"line": 100 * line["line"] + len(out)})
    record.lines["item"] = out


def _first_invoice_only(account: Account, record: Record) -> None:
    """Shipping, handling and a flat discount are billed with the first invoice (mapping.md section 7)."""
    source = record.values["createdFrom"]
    if account.store.rows("select 1 from \"transaction\" where createdfrom=? and type='CustInvc'", (source,)):
        for name in ("shippingCost", "handlingCost", "discountRate"):
            record.values.pop(name, None)
