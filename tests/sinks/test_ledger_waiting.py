"""What waits, for what, and what lets it go."""

from __future__ import annotations

import json

from schemas.events import Parked, Part
from sinks.target import Verdict
from tests.sinks.builders import TOPIC, a_ledger, a_link, a_write, an_assignment
from tests.sinks.ledger_kit import ITEM, NOW, ORDER, A, B, an_order, events, give, ledger, run


def test_a_missing_item_parks_the_order_with_code_and_line() -> None:
    """The user sees which line waits for what; the order goes by itself once the item is there."""
    led = ledger()
    led.link(A, a_link(A, netsuite="1"), NOW)
    led.link(ITEM, a_link(ITEM, facts={"sku": "SKU-9"}), NOW)
    led.link("item:salesforce:02t", a_link("item:salesforce:02t", netsuite="5"), NOW)
    give(led, an_order(1, "item:salesforce:02t", ITEM))
    batches, outs = run(led)
    [outcome] = events(outs, "outcome")
    assert batches == []
    assert (outcome.kind, outcome.code, outcome.waits_for) == ("waiting", "missing_sku", ITEM)
    assert outcome.message == 'Line 2: product "SKU-9" does not exist in NetSuite yet. The order is sent by itself once it does.'
    [parked] = events(outs, "parked.netsuite")
    assert (parked.key, parked.since, parked.waits_for) == (ORDER, NOW, ITEM)


def test_a_missing_item_that_nobody_has_read_yet_is_called_by_its_sku() -> None:
    """An order may overtake its product: a seller knows "KETTLE-1", not an id."""
    led = ledger()
    led.link(A, a_link(A, netsuite="1"), NOW)
    lines = [{"item": {"id": {"$ref": ITEM, "name": "KETTLE-1"}}, "quantity": 1}]
    give(led, a_write(ORDER, 1, object="salesOrder", body={"entity": {"id": {"$ref": A}}, "item": {"items": lines}}))
    _, outs = run(led)
    [outcome] = events(outs, "outcome")
    assert outcome.message == 'Line 1: product "KETTLE-1" does not exist in NetSuite yet. The order is sent by itself once it does.'


def test_a_create_waits_for_the_record_that_must_be_there_before() -> None:
    """Salesforce takes no wholesale price before the standard one; refused, it would stay refused: nothing that it names changes."""
    led = ledger()
    standard = "price:salesforce:9-1-1"
    give(led, a_write(B, 1, options={"after": standard}))
    batches, outs = run(led)
    [outcome] = events(outs, "outcome")
    assert (batches, outcome.kind, outcome.code, outcome.waits_for) == ([], "waiting", "missing_price", standard)
    led.link(standard, a_link(standard, netsuite="1"), NOW + 5_000)
    outs, _ = led.drain("open")
    assert [o.kind for o in events(outs, "outcome")] == ["released"]


def test_a_parked_write_delays_no_other_and_its_offset_is_settled() -> None:
    """No head-of-line blocking: the partition goes on past what waits."""
    led = ledger()
    give(led, an_order(), a_write(B, 1))
    [batch] = led.start(1.0, NOW)
    led.finish(batch, [Verdict("applied", id="7")], 1.0, NOW)
    _, offsets = led.drain("open")
    assert batch.jobs[0].write.key == B
    assert offsets[TOPIC, 0][0] == 2


def test_the_link_releases_asks_reconcile_and_forgets() -> None:
    """The payload that waited may be old: reconcile says what is wanted now; the parked entry is erased."""
    led = ledger()
    give(led, an_order())
    run(led)
    led.link(A, a_link(A, netsuite="1"), NOW + 5_000)
    outs, _ = led.drain("open")
    [released] = events(outs, "outcome")
    assert (released.kind, released.sequence, released.waits_for) == ("released", 1, A)
    assert events(outs, "parked.netsuite") == [None]
    assert not led.lanes.ready("live"), "the stored payload is not sent"
    assert len(led.parking) == 0


def test_a_link_of_only_one_side_releases_nothing() -> None:
    """The item is known in Salesforce alone: there is still no id to put into the order."""
    led = ledger()
    give(led, an_order())
    run(led)
    led.link(A, a_link(A), NOW)
    assert led.drain("open")[0] == []


def test_a_reference_by_a_folded_key_is_released_by_the_winner() -> None:
    """The customer's key lost against another: what waits for the old one must not wait for ever."""
    led = ledger()
    give(led, an_order())
    run(led)
    led.link(A, a_link(A, alias="customer:netsuite:1"), NOW)
    led.link("customer:netsuite:1", a_link("customer:netsuite:1", salesforce="A"), NOW)
    assert [o.kind for o in events(led.drain("open")[0], "outcome")] == ["released"]


def test_a_parked_record_that_is_folded_into_another_waits_no_more() -> None:
    """Its new key asks for what is wanted; the old entry would stay for ever."""
    led = ledger()
    give(led, a_write(A, 1, body={"parent": {"$ref": B}}))
    run(led)
    led.link(A, a_link(A, alias="customer:netsuite:1"), NOW)
    assert len(led.parking) == 0


def test_an_inactive_item_is_returned_and_tried_again_when_it_is_active() -> None:
    """Waiting doesn't help, the user must choose another; but if the item comes back the order goes by itself."""
    led = ledger()
    led.link(A, a_link(A, netsuite="1"), NOW)
    led.link(ITEM, a_link(ITEM, netsuite="5", standing="inactive", facts={"sku": "OLD"}), NOW)
    give(led, an_order(1, ITEM))
    _, outs = run(led)
    [outcome] = events(outs, "outcome")
    assert (outcome.kind, outcome.code) == ("rejected", "inactive_item")
    assert outcome.message == 'Line 1: "OLD" is no longer sold. Replace it or ask the product team.'
    assert dict(outcome.sent) == {"name": "Acme"}, "the hash of what was refused is over these"
    led.link(ITEM, a_link(ITEM, netsuite="5", standing="active"), NOW)
    assert [o.kind for o in events(led.drain("open")[0], "outcome")] == ["released"]


def test_a_fulfilment_of_an_item_that_is_no_longer_sold_is_told_all_the_same() -> None:
    """It was shipped: the customer must see it, whatever became of the product since."""
    led = a_ledger()
    led.link("item:netsuite:5", a_link("item:netsuite:5", salesforce="01t", standing="inactive"), NOW)
    led.assign(an_assignment(0), 0.0)
    line = Part("Accord_Fulfilment_Line__c", "", "l", json.dumps({"Product__c": {"$ref": "item:netsuite:5"}}))
    give(led, a_write("fulfilment:netsuite:9", 1, target="salesforce", object="Accord_Fulfilment__c", body={}, parts=[line]))
    [batch], _ = run(led)
    assert batch.jobs[0].parts[1].body == {"Product__c": "01t"}


def test_an_order_of_a_customer_that_was_deleted_is_returned() -> None:
    """It won't come back by waiting: a person must see it at once."""
    led = ledger()
    led.link(A, a_link(A, netsuite="1", standing="deleted", facts={"name": "Acme"}), NOW)
    give(led, an_order())
    [outcome] = events(run(led)[1], "outcome")
    assert (outcome.kind, outcome.code, outcome.message) == ("rejected", "missing_customer", 'The customer "Acme" was deleted.')


def test_records_that_wait_for_each_other_are_told_as_a_ring() -> None:
    """Nobody would ever be released: a person must hear of it."""
    led = ledger()
    give(led, a_write(A, 1, body={"parent": {"$ref": B}}))
    run(led)
    give(led, a_write(B, 1, body={"parent": {"$ref": A}}), first=1)
    _, outs = run(led)
    [outcome] = events(outs, "outcome")
    assert f"{B} → {A} → {B}" in outcome.message
    assert [a.code for a in events(outs, "audit")] == ["cycle"]


def test_a_ring_over_partitions_of_two_workers_is_seen() -> None:
    """Each worker parks one half: only who knows all parked writes sees the ring."""
    led = ledger()
    led.parked_as_told(A, 3, Parked("netsuite", A, "customer", 1, "missing_customer", "", B, 0, NOW * 9, {}, "e"), NOW)
    give(led, a_write(B, 1, body={"parent": {"$ref": A}}))
    _, outs = run(led)
    assert "ring" in events(outs, "outcome")[0].message
    led.link(B, a_link(B, netsuite="9"), NOW)
    assert led.drain("open")[0] == [], "another worker's parked write is not ours to release"


def test_a_write_that_a_person_released_waits_no_more() -> None:
    """`accord parked release` erases it in the log: the worker that owns it must not release it a second time, nor call it overdue."""
    led = ledger()
    give(led, an_order())
    run(led)
    led.parked_as_told(ORDER, 0, None, NOW)
    led.link(A, a_link(A, netsuite="1"), NOW)
    assert led.drain("open")[0] == []


def test_a_release_is_not_missed_while_the_log_lags_behind() -> None:
    """An old tombstone of ours comes back after the record was parked anew; the link comes in between."""
    led = ledger()
    give(led, an_order())
    _, outs = run(led)
    [parked] = events(outs, "parked.netsuite")
    led.parked_as_told(ORDER, 0, None, NOW)
    led.link(A, a_link(A, netsuite="1"), NOW)
    led.parked_as_told(ORDER, 0, parked, NOW)
    assert [o.kind for o in events(led.drain("open")[0], "outcome")] == ["released"]


def test_what_waits_too_long_is_told_once_and_stays() -> None:
    """Deadlines are reported; giving the write up would lose it."""
    led = ledger()
    give(led, an_order())
    run(led)
    late = NOW + 8 * 24 * 3600 * 1000
    led.tick(late)
    assert [a.message.split(":")[0] for a in events(led.drain("open")[0], "audit")] == ["overdue"]
    led.tick(late)
    assert led.drain("open")[0] == []
    assert len(led.parking) == 1


def test_a_record_that_names_itself_does_not_wait_for_itself() -> None:
    """Lines of a fulfilment name the fulfilment that is being created."""
    led = ledger()
    part = Part("Accord_Package__c", "", "p", json.dumps({"Fulfilment__c": {"$ref": "fulfilment:netsuite:5"}}))
    give(led, a_write("fulfilment:netsuite:5", 1, body={}, parts=[part]))
    [batch], _ = run(led)
    assert batch.jobs[0].parts[1].body == {"Fulfilment__c": {"$self": True}}


def test_an_erased_record_leaves_neither_its_id_nor_a_waiting_write() -> None:
    """What a sink remembers of a person who asked to be forgotten goes too; what waited doesn't vanish without a word."""
    led = ledger()
    give(led, an_order(), a_write(B, 1))
    run(led)
    led.link(B, None, NOW)
    led.link(ORDER, None, NOW)
    outs, _ = led.drain("open")
    assert [(o.topic, o.key) for o in outs if o.event is None] == [("settled.netsuite", B), ("settled.netsuite", ORDER), ("parked.netsuite", ORDER)]
    assert [(s.step, s.key) for s in events(outs, "audit")] == [("withdrawn", ORDER)]
    led.link(B, None, NOW)
    assert not led.dirty, "once is enough"
