"""Keyset polling on a feed in memory, with a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from accord.errors import Fatal
from producers.brake import Stopped
from producers.cursor import read
from producers.poll import Poll, Rhythm
from producers.source import Page
from tests.accord.manual_clock import ManualClock
from tests.producers.fakes import FakeFeed, rounds, row, take, values

RHYTHM = Rhythm(poll_s=5, lag_s=10, overlap_s=300, sweep_s=30)


def world(*, page: int = 1000) -> tuple[ManualClock, FakeFeed, Poll]:
    clock = ManualClock()
    feed = FakeFeed(clock, page=page)
    return clock, feed, Poll(feed, clock, RHYTHM)


def test_the_first_snapshot_goes_by_the_backfill_lane_and_ends_with_the_mark() -> None:
    """Nobody may be matched or created before everything of both sides was read: the mark comes after the last record."""
    clock, feed, poll = world(page=2)
    feed.put(*(row(i, clock.ms() - 10**8 + i) for i in range(1, 6)))
    pages = asyncio.run(take(poll, None, 3))
    assert [len(p.changes) for p in pages] == [2, 2, 1]
    assert {p.lane for p in pages} == {"backfill"}
    assert [len(p.marks) for p in pages] == [0, 0, 1]
    assert [c[0] for c in values(pages)] == ["1", "2", "3", "4", "5"]
    assert read(pages[-1].position).done
    assert read(pages[-1].position).account == "ACC"


def test_an_empty_system_ends_its_snapshot_too() -> None:
    """Without the mark of an empty side nothing would ever be created there."""
    _, _, poll = world()
    (page,) = asyncio.run(take(poll, None, 1))
    assert page.changes == []
    assert len(page.marks) == 1


def test_a_snapshot_goes_on_where_it_was_cut() -> None:
    """A restart after an hour must not begin anew."""
    clock, feed, poll = world(page=2)
    feed.put(*(row(i, clock.ms() - 10**8 + i) for i in range(1, 6)))
    first = asyncio.run(take(poll, None, 1))
    again = asyncio.run(take(Poll(feed, clock, RHYTHM), first[0].position, 2))
    assert [c[0] for c in values(again)] == ["3", "4", "5"]
    assert read(again[-1].position).rows == 5


def test_a_change_is_told_once_though_it_is_read_many_times() -> None:
    """The overlap is read again and again; each repeat would cost the whole pipeline."""
    clock, feed, poll = world()
    feed.put(row(1, clock.ms() - 10**8))

    async def scenario() -> list[Page]:
        out = []
        async for page in poll.pages(None):
            out.append(page)
            if len(out) == 2:
                feed.put(row(2, clock.ms(), "new"))
            if len(out) == 30:
                return out
        return out

    pages = asyncio.run(scenario())
    assert [c[0] for c in values(pages)] == ["1", "2"]
    assert [p.lane for p in pages if p.changes] == ["backfill", "live"]


def test_two_saves_within_one_second_are_both_told() -> None:
    """They have the same stamp; the content tells them apart, also when the first value comes back."""
    clock, feed, poll = world()
    stamp = clock.ms()

    async def scenario() -> list[Page]:
        out = []
        async for page in poll.pages(None):
            out.append(page)
            if len(out) < 4:
                feed.put(row(1, stamp, ["A", "B", "A"][len(out) - 1]))
            if len(out) == 12:
                return out
        return out

    assert values(asyncio.run(scenario())) == [("1", '{"value":"A"}'), ("1", '{"value":"B"}'), ("1", '{"value":"A"}')]


def test_a_late_commit_is_found_and_the_overlap_widens() -> None:
    """A save that takes minutes appears behind the newest row; a cursor at the newest row loses it for good."""
    clock, feed, poll = world()
    feed.put(row(1, clock.ms()))

    async def scenario() -> list[Page]:
        out = []
        async for page in poll.pages(None):
            out.append(page)
            if len(out) == 20:
                feed.put(row(2, clock.ms() - 250_000, "late"))
            if len(out) == 40:
                return out
        return out

    pages = asyncio.run(scenario())
    assert values(pages)[-1] == ("2", '{"value":"late"}')
    assert read([p.position for p in pages if p.position][-1]).overlap_ms > 500_000


def test_a_value_that_changes_without_a_stamp_is_told_and_is_no_late_commit() -> None:
    """What remains of an invoice falls when it is paid, and its stamp stays: taken for a late commit it would make each sweep ever longer."""
    clock, feed, poll = world()
    stamped = clock.ms() - 200_000
    feed.put(row(1, stamped, "open"))

    async def scenario() -> list[Page]:
        out = []
        async for page in poll.pages(None):
            out.append(page)
            if len(out) == 3:
                feed.put(row(1, stamped, "paid"))
            if len(out) == 40:
                return out
        return out

    pages = asyncio.run(scenario())
    assert values(pages)[-1] == ("1", '{"value":"paid"}')
    assert read([p.position for p in pages if p.position][-1]).overlap_ms == 300_000


def test_what_was_not_committed_is_told_again() -> None:
    """A broker that refuses the page must not make its rows count as seen."""
    clock, feed, poll = world()
    start = asyncio.run(take(poll, None, 1))[0].position
    feed.put(row(9, clock.ms(), "refused"))

    async def refused() -> None:
        async for page in poll.pages(start):
            if page.changes:
                return  # the runner's commit failed: the generator is closed at the yield

    asyncio.run(refused())
    assert values(asyncio.run(take(poll, start, 1))) == [("9", '{"value":"refused"}')]


def test_an_idle_source_gives_signs_of_life_and_stores_its_position_now_and_then() -> None:
    """A transaction for each empty round would cost the broker more than the changes."""
    _, _, poll = world()
    start = asyncio.run(take(poll, None, 1))[0].position
    pages = asyncio.run(rounds(poll, start, 60))
    stored = [p for p in pages if p.position]
    assert 5 <= len(stored) <= 12
    assert Page() in pages


def test_another_account_is_fatal() -> None:
    """Records of another account under the known ids would be mixed into ours."""
    _, feed, poll = world()
    start = asyncio.run(take(poll, None, 1))[0].position
    feed.account = "OTHER"
    with pytest.raises(Fatal, match="account OTHER") as other:
        asyncio.run(rounds(poll, start, 1))
    assert other.value.code == "another_account"


def test_an_edited_search_is_read_anew_from_the_beginning() -> None:
    """What the edit brought into scope has old stamps: keyset polling would never see it."""
    clock, feed, poll = world()
    feed.put(row(1, clock.ms() - 10**8))
    start = asyncio.run(take(poll, None, 1))[0].position
    feed.definition = "v2"
    feed.put(row(2, clock.ms() - 2 * 10**8))
    (page,) = asyncio.run(take(poll, start, 1))
    assert {c.record_id for c in page.changes} == {"1", "2"}
    assert page.lane == "backfill"


def test_many_deletions_stop_the_source_with_nothing_passed_on() -> None:
    """A recycle bin filled by a mistaken mass delete must not empty NetSuite."""
    clock, feed, poll = world()
    start = asyncio.run(take(poll, None, 1))[0].position
    feed.put(*(row(i, clock.ms(), gone=True) for i in range(1, 40)))
    with pytest.raises(Stopped) as stopped:
        asyncio.run(take(poll, start, 1))
    stopped.value.brake.confirm(clock.ms() + 3_600_000)
    (page,) = asyncio.run(take(poll, start, 1))
    assert {c.kind for c in page.changes} == {"gone"}
    assert len(page.changes) == 39


def test_a_snapshot_before_events_asks_for_what_changed_meanwhile_and_ends() -> None:
    """An event source may have subscribed a moment after the snapshot's first page."""
    clock = ManualClock()
    feed = FakeFeed(clock)
    feed.put(row(1, clock.ms() - 10**8))
    began = clock.ms()

    async def scenario() -> list[Page]:
        return [page async for page in Poll(feed, clock, RHYTHM, once=True).pages(None)]

    (page,) = asyncio.run(scenario())
    (request,) = page.requests
    assert (request.record_id, request.since) == ("*", began - 310_000)

    async def again() -> list[Page]:
        return [p async for p in Poll(feed, clock, RHYTHM, once=True).pages(page.position)]

    assert asyncio.run(again()) == []


def test_a_repeat_of_a_change_has_the_same_event_id() -> None:
    """Ids made of the record and its content let everything behind recognise a repeat."""
    clock, feed, poll = world()
    feed.put(row(1, clock.ms() - 10**8, "A"))
    (one,) = asyncio.run(take(poll, None, 1))
    clock.advance(60)
    (two,) = asyncio.run(take(Poll(feed, clock, RHYTHM), None, 1))
    assert one.changes[0].event_id == two.changes[0].event_id
    assert one.changes[0].time < two.changes[0].time
