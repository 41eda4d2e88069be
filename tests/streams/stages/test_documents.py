"""A document's word on its way through the stage: to its order, to the timeline, and nowhere else."""

from __future__ import annotations

import json

from schemas.events import Link, Observation, ReadRequest, Write
from streams.stages.reconcile import ReconcileStage
from tests.streams.mapping.builders import entities
from tests.streams.reconcile.test_tell import BILL, INVOICE, ORDER, ORDER_LINK
from tests.streams.stages.memory import PARTITIONS, Memory, desk


def world(*names: str) -> Memory:
    return Memory([ReconcileStage(desk(), {name: entities()[name] for name in names}, partitions=PARTITIONS)])


def invoice(lane: str = "live") -> Observation:
    return Observation(INVOICE, "invoice", "netsuite", "invoice", "55", "row", 0, 1_000, gone=False, whole=True, fields=BILL, lane=lane)


def test_an_invoice_becomes_an_event_with_a_note_for_open_cases():
    """From NetSuite's row to the write of the timeline in one go, whichever worker has the order."""
    memory = world("invoice", "order", "order_event", "customer")
    memory.put("link", ORDER, ORDER_LINK)
    memory.put("observation", INVOICE, invoice())
    memory.run()
    (write,) = [w for w in memory.of("write.salesforce", Write) if w.entity == "order_event"]
    body = json.loads(write.parts[0].body)
    assert (write.kind, write.key, body["Type__c"], body["Order__c"]) == (
        "create",
        "order_event:netsuite:55-invoiced",
        "invoiced",
        {"$ref": "order:netsuite:9"},
    )
    assert json.loads(write.options["case_note"]) == {"match": "order", "order": "Order__c", "text": "Text__c"}
    assert {(r.entity, r.record_id) for r in memory.of("read.netsuite", ReadRequest)} == {("customer", "100"), ("order", "9")}
    sent = len(memory.sent["t.write.salesforce"])
    memory.put("observation", INVOICE, invoice())
    memory.run()
    assert len(memory.sent["t.write.salesforce"]) == sent, "a replay writes nothing"


def test_history_goes_to_the_timeline_by_the_backfill_lane():
    """The sink tells Cases of live events only."""
    memory = world("invoice", "order", "order_event", "customer")
    memory.put("link", ORDER, ORDER_LINK)
    memory.put("observation", INVOICE, invoice("backfill"), lane="backfill")
    memory.run()
    (write,) = [w for w in memory.of("write.salesforce", Write) if w.entity == "order_event"]
    assert (write.lane, json.loads(write.parts[0].body)["At__c"]) == ("backfill", "2026-11-20T00:00:00Z")


def test_who_mirrors_no_timeline_gets_no_dead_letters():
    """`entities` of the configuration may leave the timeline, customers or orders out."""
    memory = world("invoice")
    memory.put("link", ORDER, ORDER_LINK)
    memory.put("observation", INVOICE, invoice())
    memory.run()
    assert memory.sent["t.deadletter"] == []
    assert memory.of("read.netsuite", ReadRequest) == []
    assert memory.of("observation", Observation) == [invoice()]
    assert memory.of("link", Link)
