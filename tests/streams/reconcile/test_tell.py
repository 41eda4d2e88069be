"""What documents tell their order and its timeline, and whom they have read again."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Link, Observation, Record, Values
from schemas.ids import parse_ref
from streams.reconcile import Decision, reconcile
from streams.rules import Rules
from tests.streams.mapping.builders import Links, entities, link

ORDER = "order:salesforce:801A"
INVOICE = "invoice:netsuite:55"
ORDER_LINK = link(ORDER, salesforce="801A", netsuite="9")
BILL: Values = {
    "customer": "customer:netsuite:100", "order": "order:netsuite:9", "number": "INV7", "date": "2026-11-20", "currency": "USD",
    "status": "open", "total": "179.98", "paid": "0.00", "remaining": "179.98",
}  # fmt: skip
PAID: Values = {**BILL, "status": "paid", "paid": "179.98", "remaining": "0.00"}


class Book:
    """A record of an entity, fed one input after the other."""

    def __init__(self, key: str, *links: Link) -> None:
        self.entity = parse_ref(key).entity
        self.record, self.links = Record(key, self.entity), Links(*links)
        self.rules: Rules = entities()[self.entity].rules

    def take(self, input_: Any) -> Decision:
        decision = reconcile(self.record, input_, self.rules, self.links)
        self.record = decision.record
        return decision

    def row(self, time: int, fields: Values, *, gone: bool = False, lane: str = "live") -> Decision:
        ref = parse_ref(self.record.key)
        seen = Observation(
            key=self.record.key, entity=self.entity, system="netsuite", object="", source_id=ref.id if ref.system == "netsuite" else "9", kind="row", number=0,
            time=time, gone=gone, whole=not gone, fields=fields, lane=lane,
        )  # fmt: skip
        return self.take(seen)


def words(decision: Decision) -> list[tuple[str, Any]]:
    """(who is told, what): the type of an event, the amounts of a document."""
    out: list[tuple[str, Any]] = []
    for key, seen in decision.forwards:
        assert isinstance(seen, Observation)
        fields = dict(seen.fields)
        told = [msgspec.json.decode(v) if v else None for n, v in fields.items() if n.startswith("document ")]
        out.append((key, told[0] if told else fields["type"]))
    return out


def test_an_invoice_tells_its_order_and_the_timeline_once():
    """Repeats and replays are the rule in Kafka: sales must not read one invoice twice."""
    book = Book(INVOICE, ORDER_LINK)
    first = book.row(1_000, BILL)
    assert words(first) == [("order_event:netsuite:55-invoiced", "invoiced"), (ORDER, {"invoiced": "179.98", "paid": "0.00", "open": "179.98"})]
    assert words(book.row(1_000, BILL)) == []
    assert words(book.row(9_000, BILL)) == []
    paid = book.row(20_000, PAID)
    assert words(paid) == [("order_event:netsuite:55-paid", "paid"), (ORDER, {"invoiced": "179.98", "paid": "179.98", "open": "0.00"})]
    assert words(book.row(1_000, BILL)) == [], "a late row is no news"


def test_an_invoice_that_is_not_approved_owes_nothing_yet():
    """Approval is waited for: until then nobody is told of a debt, and a voided invoice takes its debt back."""
    book = Book(INVOICE, ORDER_LINK)
    assert words(book.row(1_000, {**BILL, "status": "pending_approval"})) == []
    assert [key for key, _ in words(book.row(20_000, BILL))] == ["order_event:netsuite:55-invoiced", ORDER]
    assert words(book.row(40_000, {**BILL, "status": "voided"})) == [(ORDER, None)]


def test_a_payment_that_is_taken_back_reopens_the_invoice():
    """What is owed again must show, and the history that it was paid once stays."""
    book = Book(INVOICE, ORDER_LINK)
    book.row(1_000, PAID)
    assert words(book.row(20_000, BILL))[0] == ("order_event:netsuite:55-reopened-179_98", "reopened")


def test_an_event_keeps_the_moment_and_lane_of_its_first_sight():
    """The order's link may come later than the invoice: the event waits for it, and neither changes its time nor turns history into news."""
    for lane, at in (("live", "1970-01-01T00:00:01Z"), ("backfill", "2026-11-20T00:00:00Z")):
        book = Book(INVOICE)
        assert words(book.row(1_000, BILL, lane=lane)) == []
        book.links = Links(ORDER_LINK)
        ((_, told), _) = book.row(50_000, BILL).forwards
        assert isinstance(told, Observation)
        assert (told.fields["at"], told.lane, told.time) == (at, lane, 1_000)


def test_an_order_is_the_same_by_either_systems_name():
    """A credit learns its order from another document's link, which may name it by Salesforce's id one day: that is no other order."""
    book = Book(INVOICE, ORDER_LINK)
    book.row(1_000, BILL)
    assert words(book.row(20_000, {**BILL, "order": ORDER})) == []


def test_a_deleted_invoice_takes_its_amounts_back_and_stays_in_history():
    """Finance deletes what was wrong: the order owes it no more, and nobody wonders where it went."""
    book = Book(INVOICE, ORDER_LINK)
    book.row(1_000, BILL)
    assert words(book.row(20_000, {}, gone=True)) == [("order_event:netsuite:55-reverted", "reverted"), (ORDER, None)]


def test_a_shipment_is_told_once_with_its_parcels_and_taken_back_when_it_is_deleted():
    """E9: whoever answers the customer needs the tracking numbers, once; a shipment that never was must be seen to be taken back."""
    parcels = '[{"key":"package-netsuite-55-1","tracking":"T1"},{"key":"package-netsuite-55-2","tracking":"T2"}]'
    goods = '[{"key":"a","quantity":"6"},{"key":"b","quantity":"4"}]'
    held = {"order": "order:netsuite:9", "number": "IF1", "date": "2026-11-20", "status": "shipped", "packages": parcels, "lines": goods}
    book = Book("fulfilment:netsuite:55", ORDER_LINK)
    ((key, seen),) = book.row(1_000, held).forwards
    assert isinstance(seen, Observation)
    told = {name: seen.fields[name] for name in ("type", "text", "tracking", "quantity", "document")}
    assert (key, told) == ("order_event:netsuite:55-shipped", {
        "type": "shipped", "text": "Fulfilment IF1 is shipped. T1, T2", "tracking": "T1, T2", "quantity": "10", "document": "fulfilment-netsuite-55",
    })  # fmt: skip
    assert words(book.row(20_000, {**held, "status": "shipped"})) == []
    gone = book.row(40_000, {}, gone=True)
    assert words(gone) == [("order_event:netsuite:55-reverted", "reverted")]
    assert {(r.entity, r.record_id) for r in gone.reads} == {("order", "9")}, "the order's status and quantities go back"


def test_documents_have_read_again_what_changes_without_a_stamp():
    """NetSuite stamps neither the customer's balance nor the invoice that is paid: who isn't asked for stays wrong in Salesforce."""
    rows = '[{"amount":"60.01","invoice":"invoice:netsuite:55","key":"payment_application-netsuite-70-55"}]'
    fields = {"customer": "customer:netsuite:100", "number": "P1", "date": "2026-11-21", "status": "deposited", "applications": rows}
    book = Book("payment:netsuite:70")
    asked = {(r.entity, r.record_id) for r in book.row(1_000, fields).reads}
    assert asked == {("customer", "100"), ("invoice", "55")}
    assert book.row(9_000, fields).reads == (), "nothing changed"
    assert {(r.entity, r.record_id) for r in book.row(20_000, {}, gone=True).reads} == asked, "what it paid is open again"
    assert Book("payment:netsuite:70").row(1_000, fields, lane="backfill").reads == (), "a first load reads everything anyhow"


def test_a_word_of_a_document_raises_no_deleted_order():
    """Its invoices may outlive an order: their word must not make it look alive."""
    order = Book(ORDER, ORDER_LINK)
    order.row(1_000, {"key": "order-salesforce-801A", "status_letter": "B"})
    order.row(2_000, {}, gone=True)
    invoice = Book(INVOICE, ORDER_LINK)
    for key, seen in invoice.row(30_000, BILL).forwards:
        if key == ORDER:
            order.take(seen)
    assert order.record.presence["netsuite"].row is not None
    assert order.record.presence["netsuite"].row.value == "deleted"


def test_an_order_tells_its_own_timeline_when_it_is_accepted_cancelled_and_open_again():
    """Whoever looks at the order must find when NetSuite took it, not only what was shipped."""
    order = Book(ORDER, ORDER_LINK)
    order.row(1_000, {"status_letter": "A", "erp_status": "Pending approval", "number": "SO7"})
    steps = [("B", "Accepted"), ("D", "Partly shipped"), ("C", "Cancelled"), ("B", "Accepted")]
    told = [words(order.row(20_000 * n, {"status_letter": letter, "erp_status": shown})) for n, (letter, shown) in enumerate(steps, 1)]
    assert [[type_ for _, type_ in each] for each in told] == [["accepted"], [], ["cancelled"], ["reopened"]]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_sums_of_an_order_depend_on_no_order_of_arrival(data: st.DataObject):
    """Documents of one order are decided on in different partitions: whatever comes first, late or twice, the order says the same."""
    sent: list[Observation] = []
    for number, (bill, then) in enumerate([(BILL, PAID), ({**BILL, "total": "10.00", "remaining": "10.00"}, None), (PAID, BILL)]):
        book = Book(f"invoice:netsuite:{number}", ORDER_LINK)
        steps = [book.row(1_000 * number + 1_000, bill), book.row(50_000 + number, then or {}, gone=then is None)]
        sent += [seen for step in steps for key, seen in step.forwards if key == ORDER and isinstance(seen, Observation)]
    shuffled = data.draw(st.permutations(sent)) + data.draw(st.lists(st.sampled_from(sent), max_size=4))
    order = Book(ORDER, ORDER_LINK)
    for seen in shuffled:
        order.take(seen)
    held = {name: r.row.value for name, r in order.record.registers["netsuite"].items() if r.row and not name.startswith("document ")}
    assert held == {"invoiced": "359.96", "paid": "179.98", "open": "179.98", "credited": "0", "payment_status": "part_paid"}
