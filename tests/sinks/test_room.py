"""A sink keeps to its part of the account's calls at once, live before backfill."""

from __future__ import annotations

from accord.pace import Allowance
from sinks.ledger import Ledger
from tests.sinks.builders import BACKFILL, TOPIC, a_ledger, a_write, an_assignment, an_item
from tests.sinks.ledger_kit import NOW


def ledger(live: int, backfill: int, **options: int) -> Ledger:
    """So many writes wait in each lane."""
    led = a_ledger(**options)
    led.assign(an_assignment(0), 0.0)
    led.assign(an_assignment(0, topic=BACKFILL), 0.0)
    for n in range(live):
        led.take_in(an_item(a_write(f"customer:salesforce:L{n}", 1), n), NOW)
    for n in range(backfill):
        led.take_in(an_item(a_write(f"customer:salesforce:B{n}", 1, lane="backfill"), n, topic=BACKFILL), NOW)
    return led


def test_no_more_is_begun_than_the_allotment_has_room_for() -> None:
    """A write that is begun can't be replaced by a newer one any more, and must end before its partition moves: none may queue for a slot."""
    led = ledger(live=5, backfill=5)
    assert [b.lane for b in led.start(1.0, NOW, Allowance(3, 1))] == ["live"] * 3
    assert led.start(1.0, NOW, Allowance(3, 1)) == []
    assert (led.wanted("live"), led.wanted("backfill")) == (2, 5)
    assert ledger(live=5, backfill=5).start(1.0, NOW, Allowance(0, 0)) == []


def test_a_backfill_that_holds_every_call_does_not_keep_a_live_one_from_standing_first_in_line() -> None:
    """An order that waits until a backfill's batch has ended and its results are committed waits for seconds."""
    led = ledger(live=0, backfill=9, calls=4)
    share = Allowance(4, 4)
    assert [b.lane for b in led.start(1.0, NOW, share)] == ["backfill"] * 4
    led.take_in(an_item(a_write("customer:salesforce:L", 1), 0), NOW)
    assert [b.lane for b in led.start(1.0, NOW, share)] == ["live"]
    assert led.start(1.0, NOW, share) == []


def test_alone_the_backfill_leaves_one_call_free() -> None:
    """Whoever comes next finds a free call, and not a slow one to wait for."""
    led = ledger(live=0, backfill=9, calls=4)
    assert len(led.start(1.0, NOW)) == 3


def test_what_is_wanted_is_counted_in_batches() -> None:
    """Four hundred rows that go in two calls need two slots, not four hundred."""
    led = ledger(live=0, backfill=9, size=4, parallel=2)
    assert led.wanted("backfill") == 2
    assert a_ledger(size=4).wanted("live") == 0
    assert TOPIC != BACKFILL
