from __future__ import annotations

import json
from typing import Any

from schemas.events import Outcome, Parked, Part, Settled
from sinks.ledger import Batch, Ledger
from sinks.offsets import Committed, decode
from sinks.settle import Out
from sinks.target import Verdict
from tests.sinks.builders import TOPIC, a_ledger, a_link, a_write, an_assignment, an_item

A, B = "customer:salesforce:A", "customer:salesforce:B"
ORDER, ITEM = "order:salesforce:801", "item:salesforce:01t"
NOW = 1_000_000


def ledger(**options: Any) -> Ledger:
    made = a_ledger(**options)
    made.assign(an_assignment(0), 0.0)
    made.drain("open")
    return made


def give(led: Ledger, *writes: Any, first: int = 0) -> None:
    for n, write in enumerate(writes):
        led.take_in(an_item(write, first + n), NOW)


def events(outs: list[Out], topic: str) -> list[Any]:
    return [o.event for o in outs if o.topic == topic]


def run(led: Ledger, verdict: Verdict | None = None, now: float = 1.0) -> tuple[list[Batch], list[Out]]:
    """Start what may go and answer it all."""
    batches = led.start(now, NOW)
    for batch in batches:
        led.finish(batch, [verdict or Verdict("applied", id="7", calls=1) for _ in batch.jobs], now, NOW)
    return batches, led.drain("open")[0]


def an_order(sequence: int = 1, *items: str, customer: str = A) -> Any:
    lines = [{"item": {"id": {"$ref": i}}, "quantity": 1} for i in items]
    return a_write(ORDER, sequence, object="salesOrder", body={"entity": {"id": {"$ref": customer}}, "item": {"items": lines}})


def test_the_outcome_names_what_was_sent_with_seeds_only_where_the_record_was_made() -> None:
    """An outcome confirms only what was really sent: seeds of a create that became an update were not."""
    led = ledger()
    give(
        led,
        a_write(A, 1, values={"name": "x"}, seed_values={"credit_limit": "5"}),
        a_write(B, 1, values={"name": "y"}, seed_values={"credit_limit": "5"}),
    )
    [first, second] = led.start(1.0, NOW)
    led.finish(first, [Verdict("applied", id="7", created=True)], 1.0, NOW)
    led.finish(second, [Verdict("applied", id="8")], 1.0, NOW)
    made, found = events(led.drain("open")[0], "outcome")
    assert dict(made.sent) == {"name": "x", "credit_limit": "5"}
    assert dict(found.sent) == {"name": "y"}


def test_an_id_that_an_answer_taught_is_used_before_reconcile_knows_it() -> None:
    """Two writes follow each other quickly: the second is still a create, and must not make a second record."""
    led = ledger()
    give(led, a_write(A, 1))
    run(led)
    give(led, a_write(A, 2), first=1)
    [batch], _ = run(led)
    assert batch.jobs[0].id == "7"


def test_a_record_that_is_gone_takes_its_id_along() -> None:
    """A later create of the same key is a create; it doesn't go to an id that isn't there."""
    led = ledger()
    give(led, a_write(A, 1, id="7"))
    _, outs = run(led, Verdict("gone", id="7"))
    assert events(outs, "settled.netsuite") == [Settled(1, "")]
    assert events(outs, "outcome")[0].id == "7"


def test_a_withdrawal_settles_without_a_call() -> None:
    """Nothing is wanted any more: the queued write before it is superseded, and nobody is called."""
    led = ledger()
    give(led, a_write(A, 1), a_write(A, 2, kind="withdraw"))
    batches, outs = run(led)
    assert batches == []
    assert events(outs, "settled.netsuite") == [Settled(2, "")]
    assert events(outs, "outcome") == []


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
    assert not led.lanes.take(99.0, 9, 9, lambda _l, _g: 9), "the stored payload is not sent"
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


def test_a_transient_failure_is_tried_again_in_its_lane_and_then_parked() -> None:
    """An outage of one record's object may not hold its partition for hours: past the bound it is parked, and asked for again later."""
    led, now = ledger(bound_s=30.0), 1.0
    give(led, a_write(A, 1))
    [batch] = led.start(now, NOW)
    outs: list[Out] = []
    for _ in range(100):
        led.finish(batch, [Verdict("retry", code="UNABLE_TO_LOCK_ROW", message="locked", wait_s=5.0)], now, NOW)
        outs = led.drain("open")[0]
        if events(outs, "outcome"):
            break
        due = led.lanes.next_due()
        assert due is not None
        now = due
        [batch] = led.start(now, NOW)
    [outcome] = events(outs, "outcome")
    assert (outcome.kind, outcome.code, outcome.message) == ("waiting", "retrying", "locked")
    [parked] = events(outs, "parked.netsuite")
    assert parked.until == NOW + 300_000
    assert now - 1.0 <= 30.0
    led.tick(parked.until)
    assert [o.kind for o in events(led.drain("open")[0], "outcome")] == ["released"]


def test_half_of_a_create_that_was_done_is_finished_by_id() -> None:
    """The record was made, its child failed: the next attempt must not make it again."""
    led = ledger()
    give(led, a_write(A, 1))
    [batch] = led.start(1.0, NOW)
    led.finish(batch, [Verdict("retry", id="7", ambiguous=True)], 1.0, NOW)
    [again] = led.start(500.0, NOW)
    assert (again.jobs[0].id, again.jobs[0].doubt) == ("7", True)


def test_after_an_unclean_end_what_may_be_in_flight_is_held_and_then_looked_up() -> None:
    """The dead sink's call may land any moment: sending beside it doubles a create or puts an old state over a new one."""
    led = a_ledger(call_s=30.0)
    led.assign(an_assignment(0, offsets={0: Committed(5, frozenset({7}), clean=False)}, ends={0: 8}), 100.0)
    led.drain("open")
    for offset, key in ((5, A), (6, B), (7, "customer:salesforce:done"), (8, "customer:salesforce:new")):
        led.take_in(an_item(a_write(key, 1), offset), NOW)
    [now] = led.start(100.0, NOW)
    assert (now.jobs[0].write.key, now.jobs[0].doubt) == ("customer:salesforce:new", False)
    held = led.start(130.0, NOW)
    assert [(b.jobs[0].write.key, b.jobs[0].doubt) for b in held] == [(A, True), (B, True)]


def test_a_newer_write_does_not_break_the_hold_of_its_record() -> None:
    """It would overtake the call that may still be on its way."""
    led = a_ledger(call_s=30.0)
    led.assign(an_assignment(0, offsets={0: Committed(0, frozenset(), clean=False)}, ends={0: 1}), 100.0)
    give(led, a_write(A, 1), a_write(A, 2))
    assert led.start(129.0, NOW) == []
    [batch] = led.start(130.0, NOW)
    assert (batch.jobs[0].write.sequence, batch.jobs[0].doubt) == (2, True)


def test_after_a_clean_end_and_at_the_very_first_start_nothing_is_held() -> None:
    """A rolling deployment must not stand still for minutes."""
    for committed in (None, Committed(0, frozenset(), clean=True)):
        led = a_ledger()
        led.assign(an_assignment(0, offsets={0: committed}, ends={0: 5}), 100.0)
        give(led, a_write(A, 1))
        assert len(led.start(100.0, NOW)) == 1


def test_the_mark_that_somebody_is_at_work_is_committed_before_the_first_call() -> None:
    """Killed before its first commit, a sink would else look as if it never ran, and its call in flight be doubled."""
    led = a_ledger()
    led.assign(an_assignment(0), 0.0)
    assert led.dirty
    _, offsets = led.drain("open")
    assert decode(*offsets[TOPIC, 0]).clean is False


def test_a_sequence_that_was_settled_is_not_sent_again_in_either_lane() -> None:
    """Replaying the write topic writes nothing."""
    led = ledger()
    given = an_assignment(0)
    led.assign(type(given)(given.offsets, given.starts, given.ends, {A: (0, Settled(5, "7"))}, {}), 0.0)
    give(led, a_write(A, 5), a_write(A, 4, lane="backfill"))
    assert led.start(1.0, NOW) == []
    assert led.drain("open")[1][TOPIC, 0][0] == 2


def test_answers_for_partitions_that_were_taken_away_are_ignored() -> None:
    """The new owner holds the record and looks it up; two outcomes of one write would be counted twice."""
    led = ledger()
    give(led, a_write(A, 1))
    [batch] = led.start(1.0, NOW)
    led.revoke({0})
    led.finish(batch, [Verdict("applied", id="7")], 1.0, NOW)
    assert led.drain("open") == ([], {})


def test_a_code_of_the_mapping_says_what_is_missing() -> None:
    """`ref_codes` names the code of each entity as the interface has it."""
    led = ledger()
    give(led, a_write(A, 1, body={"parent": {"$ref": B}}, options={"ref_codes": '{"customer": "missing_parent"}'}))
    _, outs = run(led)
    assert events(outs, "outcome")[0].code == "missing_parent"


def test_everything_a_change_causes_carries_its_correlation_id() -> None:
    """`accord trace` finds the whole story under one id, also where a release has no headers of its own."""
    led = ledger()
    give(led, an_order())
    _, outs = run(led)
    led.link(A, a_link(A, netsuite="1"), NOW)
    more, _ = led.drain("open")
    assert len({a.correlation_id for a in [*events(outs, "audit"), *events(more, "audit")]}) == 1


def test_outcomes_go_to_the_partition_of_their_record_in_the_lane_of_their_write() -> None:
    """Reconcile's state of a record lives in that partition; a backfill's answers may not delay live ones."""
    led = ledger()
    led.assign(an_assignment(3), 0.0)
    led.take_in(an_item(a_write(A, 1, lane="backfill"), 0, partition=3), NOW)
    _, outs = run(led)
    placed = [(o.topic, o.lane, o.partition) for o in outs if o.topic != "audit"]
    assert placed == [("outcome", "backfill", 3), ("settled.netsuite", "live", 3)]
    assert isinstance(outs[0].event, Outcome)
