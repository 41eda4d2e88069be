"""None"""

from __future__ import annotations

from schemas.events import Outcome, Settled
from sinks.offsets import Committed, decode
from sinks.settle import Out
from sinks.target import Verdict
from tests.sinks.builders import TOPIC, a_ledger, a_link, a_write, an_assignment, an_item
from tests.sinks.ledger_kit import NOW, A, B, an_order, events, give, ledger, run


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
