from __future__ import annotations

from sinks.lanes import Lanes, Ticket
from tests.sinks.builders import a_write, an_item

A, B = "customer:salesforce:A", "customer:salesforce:B"


def take(lanes: Lanes, now: float = 1.0, size: int = 200, calls: int = 9) -> list[Ticket]:
    return [t for batch in lanes.take(now, lambda _lane, _waiting: size, lambda _lane: calls, lambda _lane, _group: 9) for t in batch]


def test_a_newer_write_replaces_an_older_one_that_waits() -> None:
    """A backlog shrinks: a write states the wanted end state, so only the newest of a record is sent."""
    lanes = Lanes()
    old, new = an_item(a_write(A, 1), 0), an_item(a_write(A, 2), 1)
    assert lanes.offer(old, 0) == ()
    assert lanes.offer(new, 0) == (old,)
    assert [t.item for t in take(lanes)] == [new]


def test_a_write_not_above_what_is_settled_makes_no_call() -> None:
    """A replayed topic, or a slow backfill lane, must not put an older state over a newer one."""
    lanes = Lanes()
    late = an_item(a_write(A, 3, lane="backfill"), 0)
    assert lanes.offer(late, 3) == (late,)
    assert take(lanes) == []


def test_a_write_older_than_the_one_under_way_is_superseded() -> None:
    """The other lane delivers sequence 1 while 2 is on its way: sending 1 afterwards would undo 2."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(A, 2), 0), 0)
    take(lanes)
    late = an_item(a_write(A, 1, lane="backfill"), 0, topic="write.netsuite.backfill")
    assert lanes.offer(late, 0) == (late,)


def test_one_write_of_a_record_is_under_way_at_a_time() -> None:
    """Two calls for one record could land in the wrong order."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(A, 1), 0), 0)
    assert len(take(lanes)) == 1
    lanes.offer(an_item(a_write(A, 2), 1), 0)
    assert take(lanes) == []
    lanes.finish(A)
    assert [t.item.write.sequence for t in take(lanes)] == [2]


def test_live_goes_before_backfill() -> None:
    """A first load of a million records must not delay a person's edit."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(B, 1, lane="backfill"), 0), 0)
    lanes.offer(an_item(a_write(A, 1), 1), 0)
    assert [t.item.key for t in take(lanes, calls=1)] == [A]


def test_a_live_write_that_a_backfill_write_replaces_stays_urgent() -> None:
    """The newer write holds what the person changed: it may not fall back behind the backfill."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(B, 1, lane="backfill"), 0), 0)
    lanes.offer(an_item(a_write(A, 1), 1), 0)
    lanes.offer(an_item(a_write(A, 2, lane="backfill"), 1), 0)
    assert [t.item.write.sequence for t in take(lanes, calls=1)] == [2]


def test_a_newer_write_takes_over_the_doubt_and_the_delay_of_the_one_that_failed() -> None:
    """After a time-out the first call may still land: the newer write too must look before it is sent, and not at once."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(A, 1), 0), 0)
    [first] = take(lanes)
    newer = an_item(a_write(A, 2), 1)
    lanes.offer(newer, 0)
    assert lanes.again(A, 5.0, doubt=True) == (first.item,)
    assert take(lanes, now=4.9) == []
    [second] = take(lanes, now=5.0)
    assert (second.item, second.doubt, second.attempt) == (newer, True, 2)


def test_a_settled_record_starts_afresh() -> None:
    """Attempts and doubts of one write say nothing about the next."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(A, 1), 0), 0)
    take(lanes)
    lanes.again(A, 2.0, doubt=True)
    take(lanes, now=2.0)
    lanes.offer(an_item(a_write(A, 2), 1), 0)
    lanes.finish(A)
    [ticket] = take(lanes, now=2.0)
    assert (ticket.attempt, ticket.doubt) == (1, False)


def test_writes_of_one_group_share_a_call_up_to_its_size() -> None:
    """Salesforce takes 200 rows in a call: batching grows with what waits."""
    lanes = Lanes()
    for n in range(5):
        lanes.offer(an_item(a_write(f"customer:salesforce:{n}"), n, group="Account:update"), 0)
    lanes.offer(an_item(a_write("contact:salesforce:c"), 9, group="Contact:update"), 0)
    batches = lanes.take(1.0, lambda _lane, _waiting: 3, lambda _lane: 9, lambda _lane, _group: 1)
    assert [len(b) for b in batches] == [3, 1]
    assert [len(b) for b in lanes.take(1.0, lambda _lane, _waiting: 3, lambda _lane: 9, lambda _lane, _group: 1)] == [2]


def test_a_group_with_its_calls_under_way_delays_no_other_group() -> None:
    """A slow call for Accounts must not hold Contacts."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(A), 0, group="Account:update"), 0)
    lanes.offer(an_item(a_write("contact:salesforce:c"), 1, group="Contact:update"), 0)
    taken = lanes.take(1.0, lambda _lane, _waiting: 200, lambda _lane: 9, lambda _lane, group: 0 if group == "Account:update" else 1)
    assert [t.item.key for b in taken for t in b] == ["contact:salesforce:c"]


def test_what_belongs_to_a_lost_partition_is_forgotten() -> None:
    """Another worker sends it now: sending it here too would double it."""
    lanes = Lanes()
    lanes.offer(an_item(a_write(A), 0, partition=1), 0)
    lanes.offer(an_item(a_write(B), 0, partition=2), 0)
    lanes.drop({1})
    assert [t.item.key for t in take(lanes)] == [B]
