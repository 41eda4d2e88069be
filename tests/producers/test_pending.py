from __future__ import annotations

from accord.kafka.records import Offset, Partition
from producers.pending import Pending
from schemas.events import ReadRequest

P0, P1 = Partition("read.salesforce", 0), Partition("read.salesforce", 1)


def request(id_: str, reason: str = "document", not_before: int = 0) -> ReadRequest:
    return ReadRequest("order", "salesforce", "Order", id_, reason, not_before=not_before)


def test_requests_of_one_record_are_one_read_and_the_newest_speaks() -> None:
    """Ten events of one order are one document: ten reads would use up the day's calls."""
    pending = Pending()
    for n, reason in enumerate(("first", "second")):
        pending.add(request("A", reason), P0, n, ())
    pending.add(request("B"), P0, 2, ())
    asks = pending.take(0)
    assert [(a.request.record_id, a.request.reason, len(a.tickets)) for a in asks] == [("A", "second", 2), ("B", "document", 1)]
    assert pending.take(0) == []


def test_a_read_under_way_never_answers_a_later_request() -> None:
    """What the later request wants to know may have happened after the read's query."""
    pending = Pending()
    pending.add(request("A"), P0, 0, ())
    under_way = pending.take(0)
    pending.add(request("A", "later"), P0, 1, ())
    pending.settle(under_way)
    assert pending.offsets() == [Offset(*P0, 1)]
    (again,) = pending.take(0)
    assert again.request.reason == "later"
    pending.settle([again])
    assert pending.offsets() == [Offset(*P0, 2)]


def test_a_request_waits_for_its_time_and_holds_back_no_other() -> None:
    """A read within the margin could not tell its value from the event's; a record that waits delays none."""
    pending = Pending()
    pending.add(request("A", "gap", 5000), P0, 0, ())
    pending.add(request("B"), P0, 1, ())
    assert [a.request.record_id for a in pending.take(4999)] == ["B"]
    assert pending.next_due_ms() == 5000
    assert [a.request.record_id for a in pending.take(5000)] == ["A"]


def test_a_due_request_is_not_put_off_by_one_that_is_not_yet_due() -> None:
    """A record that changes every second would never be read."""
    pending = Pending()
    pending.add(request("A", "now"), P0, 0, ())
    pending.add(request("A", "margin", 9000), P0, 1, ())
    assert [a.request.reason for a in pending.take(0)] == ["now"]
    assert [a.request.reason for a in pending.take(9000)] == ["margin"]


def test_offsets_stop_before_the_first_open_request() -> None:
    """Committed beyond it, a crash would lose the request."""
    pending = Pending()
    pending.add(request("A", "gap", 5000), P0, 7, ())
    pending.add(request("B"), P0, 8, ())
    pending.add(request("C"), P1, 3, ())
    pending.settle(pending.take(0))
    assert pending.offsets() == [Offset(*P0, 7), Offset(*P1, 4)]


def test_a_failed_read_is_asked_again_later() -> None:
    """A read that failed and was forgotten leaves the record as it was before the gap."""
    pending = Pending()
    pending.add(request("A"), P0, 0, ())
    asks = pending.take(0)
    pending.back(asks, 3000)
    assert pending.take(2999) == []
    assert len(pending.take(3000)) == 1
    assert pending.offsets() == [Offset(*P0, 0)]


def test_windows_are_each_their_own_read() -> None:
    """Their `since` differ: one can't answer the other."""
    pending = Pending()
    for n in range(2):
        pending.add(request("*"), P0, n, ())
    assert len(pending.take(0)) == 2


def test_a_lost_partition_is_forgotten() -> None:
    """Its offsets belong to another member now."""
    pending = Pending()
    pending.add(request("A"), P0, 0, ())
    pending.add(request("B"), P1, 0, ())
    pending.drop([P0])
    assert [a.request.record_id for a in pending.take(0)] == ["B"]
    assert [o.partition for o in pending.offsets()] == [1]
