"""A load that a person asked for."""

from __future__ import annotations

import asyncio

import pytest

from accord.errors import Rejected
from accord.reads import NetSuiteRead, SalesforceRead
from producers.backfill import Backfill, Slice, Subsidiary, of_netsuite, of_salesforce, rows_read, unfinished
from producers.cursor import Cursor, read, text
from producers.poll import Poll, Rhythm
from producers.source import Page
from tests.accord.manual_clock import ManualClock
from tests.producers.fakes import FakeFeed, row, take

OLD = 1_000_000
US = Subsidiary("us", "1", ("shop", "b2b"))


def loaded(clock: ManualClock, feed: FakeFeed, *, start: str | None = None, held: list[bool] | None = None) -> tuple[Backfill, list[int]]:
    answers, seen = held or [], []

    async def is_held() -> bool:
        return answers.pop(0) if answers else False

    poll = Poll(feed, clock, Rhythm(), name="backfill.netsuite.customer", marks=False, once=True, window=False)
    return Backfill(poll, clock, is_held, seen.append, start=start), seen


def ids(pages: list[Page]) -> list[str]:
    return [c.record_id for p in pages for c in p.changes]


def test_a_load_that_was_killed_goes_on_where_its_last_page_was_written() -> None:
    """Two million records, and the machine restarts at the end of the night: from the beginning again, it would never end."""
    clock = ManualClock()
    feed = FakeFeed(clock, page=2)
    feed.put(*(row(n, OLD + n) for n in range(7)))
    first = asyncio.run(take(loaded(clock, feed)[0], None, 2))
    stored = first[-1].position
    assert rows_read(stored) == 4
    rest = asyncio.run(take(loaded(clock, feed)[0], stored, 9))
    assert ids(first) + ids(rest) == [str(n) for n in range(7)]
    assert {p.lane for p in first + rest} == {"backfill"}
    assert not any(p.marks or p.requests for p in first + rest), "marks belong to first snapshots; the streams wait for exactly one"


def test_a_load_that_has_not_ended_is_known_by_its_position() -> None:
    """A job of the Bulk API hands out rows as they were when it was made: whoever erases somebody meanwhile must know of it."""
    begun, ended = text(Cursor(since_ms=OLD)), text(Cursor(done=True))
    bulk = '{"account":"00D","job":"750","at_ms":5,"locator":"","rows":0,"done":false}'
    some = Slice(where="x").name("order", "netsuite")
    positions = {
        "backfill.salesforce.order": bulk, some: begun, "backfill.netsuite.order": ended, "backfill.netsuite.order_event": begun, "backfill.order.paused": "paused",
        "netsuite.order": begun,
    }  # fmt: skip
    assert unfinished(positions, "order") == [some, "backfill.salesforce.order"]
    assert unfinished(positions, "customer") == []


def test_a_load_that_had_ended_begins_anew() -> None:
    """Asked for again, nothing would be read: whoever repairs something by a second load would believe that it had run."""
    clock = ManualClock()
    feed = FakeFeed(clock)
    feed.put(row(1, OLD), row(2, OLD))
    done = asyncio.run(take(loaded(clock, feed)[0], None, 9))
    assert read(done[-1].position).done
    assert rows_read(done[-1].position) == 0
    assert ids(asyncio.run(take(loaded(clock, feed)[0], done[-1].position, 9))) == ["1", "2"]


def test_a_load_begins_at_its_slice() -> None:
    """`--since` saves the calls for all the years before."""
    clock = ManualClock()
    feed = FakeFeed(clock)
    feed.put(row(1, OLD), row(2, OLD + 50_000))
    source, seen = loaded(clock, feed, start=text(Cursor(since_ms=OLD + 10)))
    assert ids(asyncio.run(take(source, None, 9))) == ["2"]
    assert seen == [1]


def test_a_load_that_is_held_reads_nothing_and_stays_alive() -> None:
    """Month's end: finance wants the account to itself for an hour, and the load to go on afterwards, not to be called dead."""
    clock = ManualClock()
    feed = FakeFeed(clock, page=1)
    feed.put(row(1, OLD), row(2, OLD + 1))

    async def scenario() -> list[Page]:
        source, _ = loaded(clock, feed, held=[True, True, False, True, False])
        return [page async for page in source.pages(None)]

    pages = asyncio.run(scenario())
    assert [len(p.changes) for p in pages] == [0, 0, 1, 0, 1]
    assert len(clock.slept) == 3


def test_slices_stand_apart() -> None:
    """The position of one slice is no place to go on for another."""
    names = {s.name("customer", "netsuite") for s in (Slice(), Slice(5), Slice(0, "us"), Slice(0, "", "a"), Slice(5, "us", "a"))}
    assert len(names) == 5
    assert Slice().name("customer", "netsuite") == "backfill.netsuite.customer"


def test_a_slice_narrows_the_question_in_the_words_of_each_system() -> None:
    """Everything read and thrown away would cost the calls that a slice is to save."""
    account = SalesforceRead("customer", "Account", "cdc", ("Name", "Accord_Subsidiary__c"), where="Type = 'Customer'")
    part = Slice(1_700_000_000_000, "us", "Name LIKE 'A%'")
    assert of_salesforce(account, part, US).where == (
        "(Type = 'Customer') AND (SystemModstamp >= 2023-11-14T22:13:20.000Z) AND (Accord_Subsidiary__c = 'us') AND (Name LIKE 'A%')"
    )
    order = SalesforceRead("order", "Order", "document", ("Accord_Store__c",))
    assert of_salesforce(order, Slice(subsidiary="us"), US).where == "(Accord_Store__c IN ('shop','b2b'))"
    customer = NetSuiteRead("customer", "customer", ("subsidiary",), filters=("isinactive", "is", "F"))
    assert of_netsuite(customer, Slice(subsidiary="us", where='["email","isnotempty",""]'), US).filters == (
        (("isinactive", "is", "F"), "and", ("subsidiary", "anyof", "1")), "and", ("email", "isnotempty", ""),
    )  # fmt: skip
    assert of_netsuite(customer, Slice(), None) == customer


def test_what_cannot_be_sliced_is_said_before_anything_is_read() -> None:
    """A filter that is silently left out loads the whole company instead of one country."""
    with pytest.raises(Rejected, match="doesn't say its subsidiary"):
        of_salesforce(SalesforceRead("item", "Product2", "poll", ("Name",)), Slice(subsidiary="us"), US)
    with pytest.raises(Rejected, match="no subsidiary"):
        of_netsuite(NetSuiteRead("price", "item", ("price",)), Slice(subsidiary="us"), US)
    with pytest.raises(Rejected, match="leave --since out"):
        of_netsuite(NetSuiteRead("price", "item", ("price",), mode="snapshot"), Slice(since_ms=5), None)
    with pytest.raises(Rejected, match="whole or not at all"):
        of_netsuite(NetSuiteRead("stock", "item", (), mode="snapshot", key=("item",), query="SELECT 1"), Slice(where="[]"), None)
    with pytest.raises(Rejected, match="filter expression"):
        of_netsuite(NetSuiteRead("customer", "customer", ()), Slice(where="isinactive = F"), None)
