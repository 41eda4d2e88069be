"""What finance and the warehouse do in NetSuite, as sales sees it: invoices, payments, credits, refunds and returns, the timeline, and notes on Cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ops.demo.story.people import made
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, order, sales_order, told

D = Decimal


async def test_e10_payments_across_partial_invoices_show_on_order_timeline_cases_and_account(pipeline: Rig):
    """E10: two invoices of one order, paid by payments across them. Sales must read what is owed to the cent, a payment that is taken back
    must show, each event stand once in the timeline and once on the open Case, and the balance follow although NetSuite stamps no change there."""
    buyer = await account(pipeline, "E10 Buyer")
    lines = [("CUP-01", 10, "33.33", {"Accord_Discount_Percent__c": D(10)}), ("TEE-BLK-M", 2, "50.00", {})]
    ident = await order(pipeline, buyer, lines, Accord_Shipping_Cost__c=D("20.00"), Accord_Ship_Method__c="Ground")
    case = await made(pipeline.sf, "Case", {"Subject": "Where are my cups?", "Accord_Order__c": ident})
    closed = await made(pipeline.sf, "Case", {"Subject": "Long ago", "Accord_Order__c": ident, "Status": "Closed"})
    so, customer = await sales_order(pipeline, ident), await customer_of(pipeline, buyer)
    await shipped(pipeline, so)
    first = await invoiced(pipeline, so, {"orderLine": 1, "quantity": 4}, {"orderLine": 3, "quantity": 2})
    await told(pipeline, "Order", ident, Accord_Invoiced__c=D("239.99"), Accord_Open__c=D("239.99"), Accord_Payment_Status__c="unpaid")
    second = await invoiced(pipeline, so)
    await told(pipeline, "Order", ident, Accord_Invoiced__c=D("419.97"), Accord_ERP_Status__c="Billed")

    await paid(pipeline, customer, "300.00", {first: "239.99", second: "60.01"})
    await told(pipeline, "Order", ident, Accord_Paid__c=D("300.00"), Accord_Open__c=D("119.97"), Accord_Payment_Status__c="part_paid")
    await told(pipeline, "Account", buyer, Accord_Balance__c=D("119.97"))
    again = await paid(pipeline, customer, "119.97", {second: "119.97"})
    await told(pipeline, "Order", ident, Accord_Open__c=D(0), Accord_Payment_Status__c="paid")
    await told(pipeline, "Account", buyer, Accord_Balance__c=D(0))
    await pipeline.ns.delete("customerPayment", again)
    await told(pipeline, "Order", ident, Accord_Open__c=D("119.97"), Accord_Payment_Status__c="part_paid")

    invoices = await children(
        pipeline, "Accord_Invoice__c", f"Order__c = '{ident}'", "Total__c", "Remaining__c", "Status__c", lines=("Amount__c", "Discount__c")
    )
    assert [(D(str(i["Total__c"])), D(str(i["Remaining__c"])), i["Status__c"]) for i in invoices] == [
        (D("239.99"), 0, "Paid"),
        (D("179.98"), D("119.97"), "Part paid"),
    ]
    assert sorted((D(str(r["Amount__c"])), D(str(r["Discount__c"] or 0))) for r in invoices[0]["Lines__r"]["records"]) == [
        (D(100), 0),
        (D("133.32"), D("13.33")),
    ]
    soql = f"SELECT Amount__c, Invoice__r.Order__c FROM Accord_Application__c WHERE Active__c = true AND Invoice__r.Order__c = '{ident}'"

    async def two_left() -> bool:
        return sorted(D(str(r["Amount__c"])) for r in (await pipeline.sf.query(soql)).rows) == [D("60.01"), D("239.99")]

    await pipeline.until("the deleted payment's application is gone", two_left)

    wanted = Counter({"accepted": 1, "shipped": 1, "invoiced": 2, "part_paid": 1, "paid": 2, "reopened": 1})
    await events(pipeline, ident, wanted)
    notes = (await pipeline.sf.query(f"SELECT ParentId, CommentBody FROM CaseComment WHERE ParentId IN ('{case}', '{closed}')")).rows
    marks = Counter((n["ParentId"], n["CommentBody"].partition("\n")[0]) for n in notes)
    assert set(marks.values()) == {1}
    assert Counter(parent for parent, _ in marks) == {case: wanted.total()}, "nothing on the Case that is closed"


async def test_a_deleted_invoice_takes_its_order_back(pipeline: Rig):
    """Finance deletes an invoice that was wrong: the order must not go on being called billed, nor owe what nobody asks for. The invoice came
    although an approval held its row: a lock is waited for, nobody has to press a button."""
    await pipeline.fault(
        "salesforce", "row_error", times=1, match={"object": "Accord_Invoice__c"}, params={"code": "ENTITY_IS_LOCKED", "message": "locked by an approval"}
    )
    buyer = await account(pipeline, "Taken Back")
    ident = await order(pipeline, buyer, [("MUG-2", 2, "45.25", {})])
    so = await sales_order(pipeline, ident)
    await shipped(pipeline, so)
    invoice = await invoiced(pipeline, so)
    await told(pipeline, "Order", ident, Accord_ERP_Status__c="Billed", Accord_Invoiced__c=D("90.50"))
    await told(pipeline, "Account", buyer, Accord_Balance__c=D("90.50"))

    async def mirrored() -> bool:
        return await pipeline.sf.count("Accord_Invoice__c", f"Order__c = '{ident}'") == 1

    await pipeline.until("the invoice stands in Salesforce, the lock is over", mirrored)
    assert (await pipeline.control("GET", "/salesforce/faults"))["struck"]["row_error"] == 1
    await pipeline.ns.delete("invoice", invoice)
    await told(pipeline, "Order", ident, Accord_ERP_Status__c="Shipped, to bill", Accord_Invoiced__c=D(0), Accord_Payment_Status__c=None)
    await told(pipeline, "Account", buyer, Accord_Balance__c=D(0))
    await events(pipeline, ident, Counter({"accepted": 1, "shipped": 1, "invoiced": 1, "reverted": 1}))

    async def gone() -> bool:
        return not await mirrored()

    await pipeline.until("the mirrored invoice is gone", gone)


async def test_e11_a_return_is_received_credited_and_refunded(pipeline: Rig):
    """E11: one piece comes back. Sales must see the return, the credit and the refund; what was paid stays paid."""
    buyer = await account(pipeline, "E11 Buyer")
    ident = await order(pipeline, buyer, [("CUP-01", 4, "59.90", {})], Accord_Shipping_Cost__c=D("5.90"), Accord_Ship_Method__c="Ground")
    so, customer = await sales_order(pipeline, ident), await customer_of(pipeline, buyer)
    await shipped(pipeline, so)
    invoice = await invoiced(pipeline, so)
    await paid(pipeline, customer, "245.50", {invoice: "245.50"})
    await told(pipeline, "Order", ident, Accord_Invoiced__c=D("245.50"), Accord_Payment_Status__c="paid")

    body = {"orderStatus": {"id": "B"}, "memo": "Handle broken", "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    back = await pipeline.ns.transform("salesOrder", so, "returnAuthorization", body)
    await pipeline.ns.transform("returnAuthorization", back, "itemReceipt", {})
    credit = await pipeline.ns.transform("returnAuthorization", back, "creditMemo", {})
    await told(pipeline, "Order", ident, Accord_Credited__c=D("59.90"), Accord_Payment_Status__c="paid")
    await pipeline.ns.create("customerRefund", {"customer": {"id": customer}, "apply": {"items": [{"doc": {"id": credit}}]}})

    async def settled() -> bool:
        memos = await children(
            pipeline, "Accord_Credit_Memo__c", f"Order__c = '{ident}'", "Status__c", "Unapplied__c", "Return__r.Status__c", lines=("Quantity__c",)
        )
        refunds = (await pipeline.sf.query(f"SELECT Amount__c FROM Accord_Refund__c WHERE Order__c = '{ident}'")).rows
        seen = [(m["Status__c"], D(str(m["Unapplied__c"])), m["Return__r"]["Status__c"]) for m in memos], [D(str(r["Amount__c"])) for r in refunds]
        return seen == ([("Applied", D(0), "Refunded")], [D("59.90")])

    await pipeline.until("the credit is applied, the return refunded", settled)
    await events(pipeline, ident, Counter({"accepted": 1, "shipped": 1, "invoiced": 1, "paid": 1, "returned": 1, "credited": 1, "refunded": 1}))


async def shipped(rig: Rig, so: str) -> None:
    """Approved, and shipped whole."""
    await rig.ns.update("salesOrder", so, {"orderStatus": {"id": "B"}})
    await rig.ns.transform("salesOrder", so, "itemFulfillment", {"shipStatus": {"id": "C"}})


async def invoiced(rig: Rig, so: str, *lines: Mapping[str, Any]) -> str:
    """An invoice of these quantities, or of all that is left; answers its id."""
    return await rig.ns.transform("salesOrder", so, "invoice", {"item": {"items": list(lines)}} if lines else {})


async def paid(rig: Rig, customer: str, amount: str, invoices: Mapping[str, str]) -> str:
    """A payment that is applied to these invoices."""
    apply = [{"doc": {"id": doc}, "apply": True, "amount": D(part)} for doc, part in invoices.items()]
    return await rig.ns.create("customerPayment", {"customer": {"id": customer}, "payment": D(amount), "apply": {"items": apply}})


async def children(rig: Rig, object_: str, where: str, *fields: str, lines: tuple[str, ...]) -> list[Any]:
    """Mirrored documents with their lines, by number."""
    soql = f"SELECT {', '.join(fields)}, (SELECT {', '.join(lines)} FROM Lines__r) FROM {object_} WHERE {where} ORDER BY Number__c"
    return list((await rig.sf.query(soql)).rows)


async def events(rig: Rig, ident: str, wanted: Counter[str]) -> None:
    """Wait until the order's timeline holds exactly these."""
    seen: Counter[str] = Counter()

    async def look() -> bool:
        nonlocal seen
        seen = Counter(r["Type__c"] for r in (await rig.sf.query(f"SELECT Type__c FROM Accord_Order_Event__c WHERE Order__c = '{ident}'")).rows)
        return seen == wanted

    try:
        await rig.until(f"timeline of Order {ident}", look)
    except AssertionError as error:
        raise AssertionError(f"wanted {wanted}, found {seen}; {error}") from None
