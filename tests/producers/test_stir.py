"""Records that must be read because of others: whom a row stirs, and rows that do nothing else."""

from __future__ import annotations

import asyncio

from accord.reads import NetSuiteRead, Stir
from producers.cursor import read
from producers.difference import Difference
from producers.feed import Row, encoded
from producers.poll import Poll, Rhythm
from producers.stir import Inbox, Stirs
from tests.accord.manual_clock import ManualClock
from tests.producers.fakes import FakeFeed, row, take, values

ORDER = NetSuiteRead(
    "inventory", "transaction", ("item",), stirs=(Stir("inventory", "item"), Stir("customer", "entity"), Stir("nobody", "item")), hint=True
)  # fmt: skip
ITEM = NetSuiteRead("item", "item", ("itemid",), stirs=(Stir("price", "internalid"), Stir("inventory", "lines.memberitem")))
READ = {"inventory", "customer", "price"}


def line(id_: str, item: str, entity: str = "7", stamp_ms: int = 0) -> Row:
    return Row(id_, "salesorder", stamp_ms, encoded({"item": {"value": item, "text": "CUP"}, "entity": entity}))


def test_each_record_is_asked_for_once_however_many_rows_name_it():
    """An order of fifty lines of one item must not read its stock fifty times."""
    stirs = Stirs(ORDER, READ)
    asked = stirs.of([line("1-1", "5"), line("1-2", "5"), line("1-3", "6")])
    assert [(r.entity, r.record_id) for r in asked] == [("inventory", "5"), ("customer", "7"), ("inventory", "6")]
    assert {r.reason for r in asked} == {"transaction changed"}, "people see why something was read"


def test_a_row_stirs_by_its_own_id_and_by_its_lines():
    """A saved item has new prices, and its members other stock; of a row that is gone only the id tells."""
    stirs = Stirs(ITEM, READ)
    rows = [Row("9", "kititem", 0, encoded({"lines": [{"memberitem": {"value": "5"}}, {"memberitem": None}]}))]
    assert [(r.entity, r.record_id) for r in stirs.of(rows)] == [("price", "9"), ("inventory", "5")]
    assert [(r.entity, r.record_id) for r in stirs.gone(["9-1", "9-2"])] == [("price", "9")]


def test_a_hint_begins_now_and_tells_no_changes():
    """Years of documents say nothing about the stock of today: reading them would take days and stir everything."""
    clock = ManualClock()
    feed = FakeFeed(clock)
    feed.put(row(1, clock.ms() - 10**9))
    poll = Poll(feed, clock, Rhythm(5, 10, 300, 30), stirs=Stirs(ORDER, READ), hint=True, marks=False)

    async def scenario():
        task = asyncio.ensure_future(take(poll, None, 1))
        await asyncio.sleep(0)
        feed.put(Row("2", "salesorder", clock.ms(), encoded({"item": "5"})))
        return await task

    (page,) = asyncio.run(scenario())
    assert [(r.entity, r.record_id) for r in page.requests] == [("inventory", "5")]
    assert (list(page.changes), list(page.marks)) == ([], [])
    assert read(page.position).since_ms >= clock.ms() - 400_000
    assert min(call[0] for call in feed.calls) > 0, "never from the beginning of time"


def test_a_row_that_differs_stirs_but_not_at_the_first_reading():
    """At the first reading everything is read anyhow: asking for each record once more would double it."""
    clock = ManualClock()
    feed = FakeFeed(clock)
    feed.put(row("4", 0, "1"), row("5", 0, "1"))
    found = Difference(feed, clock, 60, stirs=Stirs(ITEM, READ))

    async def scenario():
        pages = []
        async for page in found.pages(None):
            pages.append(page)
            if page.position and len(pages) == 2:
                feed.put(row("5", 0, "2"))
                del feed.rows["4"]
            if page.position and len(pages) > 2:
                break
        return pages

    pages = asyncio.run(scenario())
    assert [[(r.entity, r.record_id) for r in p.requests] for p in pages if not p.empty] == [[], [], [("price", "5")], [("price", "4")]]


def test_what_is_told_between_two_readings_and_vanishes_again_is_gone():
    """A price that was made and taken away within one rhythm was known to nobody: it stayed in Salesforce for ever and was sold."""
    clock, inbox = ManualClock(), Inbox()
    feed = FakeFeed(clock)
    feed.put(row("4", 0, "1"))
    found = Difference(feed, clock, 600, inbox=inbox)

    async def scenario():
        seen = []
        async for page in found.pages(None):
            seen += values([page])
            if page.marks:
                feed.put(row("5", 0, "2"))
                Stirs(ITEM, READ, {"price": inbox}).gone(["5-1"])
            if seen[-1:] == [("5", '{"value":"2"}')]:
                del feed.rows["5"]
                inbox.put("5")
            if seen[-1:] == [("5", "gone")]:
                break
        return seen, len([c for c in feed.calls if c[1] == ""])

    seen, sweeps = asyncio.run(scenario())
    assert seen == [("4", '{"value":"1"}'), ("5", '{"value":"2"}'), ("5", "gone")]
    assert sweeps == 1, "without another whole reading"
