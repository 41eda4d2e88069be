from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from accord.errors import Transient
from producers.brake import Stopped
from producers.difference import PARTS, Difference, opened, part_of
from producers.outbox import Outbox, held, positions
from producers.source import Page
from schemas.events import Position
from schemas.topics import Topics
from tests.accord.manual_clock import ManualClock
from tests.producers.fakes import FakeFeed, rounds, row, take, values
from tests.producers.test_runner import Json


def world(count: int = 3) -> tuple[ManualClock, FakeFeed, Difference]:
    clock = ManualClock()
    feed = FakeFeed(clock, page=2)
    feed.put(*(row(i, 0, f"{i}.00") for i in range(1, count + 1)))
    return clock, feed, Difference(feed, clock, 60)


def whole(source: Difference, position: str | None) -> tuple[list[Page], str]:
    """One whole reading: its pages, and the position behind it."""

    async def scenario() -> list[Page]:
        out: list[Page] = []
        async for page in source.pages(position):
            out.append(page)
            if page.position:
                break
        return out

    pages = asyncio.run(scenario())
    return pages, f"{pages[-1].position}\n{json.dumps(dict(pages[-1].parts))}"


def test_prices_are_told_when_they_differ_and_only_then() -> None:
    """They have no stamp: all are read, few are told."""
    clock, feed, prices = world()
    first, position = whole(prices, None)
    assert [v[0] for v in values(first)] == ["1", "2", "3"]
    assert first[-1].marks
    feed.put(row(2, 0, "2.50"))
    (page,) = asyncio.run(take(Difference(feed, clock, 60), position, 1))
    assert values([page]) == [("2", '{"value":"2.50"}')]
    assert page.lane == "live"


def test_a_row_that_has_vanished_is_gone_also_after_a_restart() -> None:
    """A price that was taken away while Accord was down must not be sold for ever."""
    clock, feed, prices = world()
    _, position = whole(prices, None)
    del feed.rows["3"]
    pages = asyncio.run(take(Difference(feed, clock, 60), position, 1))
    assert values(pages) == [("3", "gone")]
    assert not pages[0].marks


def test_nothing_is_gone_because_the_search_was_edited() -> None:
    """A narrower filter is no deletion."""
    clock, feed, prices = world()
    _, position = whole(prices, None)
    feed.definition = "v2"
    del feed.rows["3"]
    pages, _ = whole(Difference(feed, clock, 60), position)
    assert values(pages) == []


def test_nothing_is_gone_while_the_role_is_barred_from_what_it_must_see() -> None:
    """The prices of a subsidiary vanish with the role's right to see it; given back, nothing has happened."""
    clock, feed, prices = world()
    _, position = whole(prices, None)
    del feed.rows["3"]
    feed.barred = Transient("the role doesn't see subsidiary 2", code="subsidiary_hidden")
    again = Difference(feed, clock, 60)
    with pytest.raises(Transient):
        asyncio.run(take(again, position, 1))
    feed.put(row(3, 0, "3.00"), row(1, 0, "1.50"))
    feed.barred = None
    assert values(whole(again, position)[0]) == [("1", '{"value":"1.50"}')]


def test_many_vanished_rows_stop_the_source() -> None:
    """A permission taken away makes all prices vanish."""
    clock, feed, prices = world(60)
    _, position = whole(prices, None)
    feed.rows.clear()
    with pytest.raises(Stopped):
        asyncio.run(take(Difference(feed, clock, 60), position, 1))


def test_only_the_parts_in_which_something_changed_are_stored_again() -> None:
    """200,000 prices fill megabytes: stored whole with each change of price they would fill the broker's disk, and no record takes them."""
    clock, feed, prices = world(3000)
    first, position = whole(prices, None)
    assert len(first[-1].parts) == PARTS
    feed.put(row(7, 0, "7.50"))
    (changed, end) = asyncio.run(take(Difference(feed, clock, 60), position, 2))
    assert (values([changed]), list(end.parts)) == ([("7", '{"value":"7.50"}')], [part_of("7")])
    assert len(end.parts[part_of("7")]) < 8000


def test_a_failed_reading_is_begun_again_from_what_was_committed() -> None:
    """A call that fails in the middle must not take what was not read yet for gone, nor tell all of it a second time as new."""
    clock, feed, prices = world(5)
    _, position = whole(prices, None)
    feed.put(row(1, 0, "1.50"), row(5, 0, "5.50"))
    again = Difference(feed, clock, 60)

    async def scenario() -> tuple[list[Page], list[Page]]:
        broken = await rounds(again, position, 1)
        return broken, await take(again, "not looked at: what was committed is known", 3)

    broken, pages = asyncio.run(scenario())
    assert values(broken) == [("1", '{"value":"1.50"}')]
    assert values(pages) == [("1", '{"value":"1.50"}'), ("5", '{"value":"5.50"}')]


def test_parts_are_stored_beside_the_position_and_come_back_with_it() -> None:
    """In one transaction with the changes: a position without its parts would take every price for new."""
    clock, feed, prices = world()
    pages, _ = whole(prices, None)
    outbox = Outbox(Json(), Topics(), [], clock.ms, partitions=1)
    outs = [out for page in pages for out in outbox.records("netsuite.price", page) if out.topic.endswith("position")]
    stored = positions(((out.key, out.value) for out in outs), lambda value: msgspec.convert(msgspec.json.decode(value)[2], Position))
    assert held(stored, "netsuite.item") is None
    text = held({**stored, "netsuite.price.confirmed": "1"}, "netsuite.price")
    assert opened(text) == opened(f"{pages[-1].position}\n{json.dumps(dict(pages[-1].parts))}")
    assert set(opened(text)[1]) == set(feed.rows)
