from __future__ import annotations

import asyncio

import pytest

from accord.pace import OVERDUE_S, PROBE_S, Allowance, Gauge, Lane, Pace, answered, free, refused, spent
from tests.accord.manual_clock import ManualClock


def test_a_refusal_halves_the_window_once_for_calls_that_were_under_way_together() -> None:
    """Twenty calls refused in one moment are one event: halving for each would stop everything."""
    gauge = refused(refused(Gauge.of(16), 10.0), 10.5)
    assert gauge.window == 8
    assert refused(gauge, 11.5).window == 4
    assert refused(Gauge(1, 1.0), 99.0).window == 1


def test_answers_grow_the_window_by_one_slot_a_round_and_never_beyond_the_ceiling() -> None:
    """Growth faster than that would be refused again at once; beyond the ceiling it would take the slots of other programs."""
    gauge = Gauge(8, 4.0)
    for _ in range(4):
        gauge = answered(gauge)
    assert 4.8 < gauge.window <= 5.0
    for _ in range(200):
        gauge = answered(gauge)
    assert gauge.window == 8


@pytest.mark.parametrize(
    ("lane", "running", "backfill", "allowed", "more"),
    [
        ("live", 3, 0, Allowance.whole(4), 1),
        ("live", 4, 0, Allowance.whole(4), 0),
        ("backfill", 3, 3, Allowance.whole(4), 0),
        ("backfill", 2, 2, Allowance.whole(4), 1),
        ("live", 2, 0, Allowance(2, 0), 0),
        ("backfill", 0, 0, Allowance(2, 0), 0),
        ("live", 3, 0, Allowance(2, 2), 0),
        ("backfill", 0, 0, Allowance.whole(1), 1),
        ("live", 0, 0, Allowance(0, 0), 0),
    ],
)
def test_a_lane_has_what_is_allowed_and_backfill_leaves_a_slot_for_live_calls(lane: Lane, running: int, backfill: int, allowed: Allowance, more: int) -> None:
    """A backfill that holds every slot would delay a live order by one slow call; a share that has shrunk is no licence to go on."""
    assert free(Gauge.of(4), lane, running, backfill, allowed) == more


def test_the_last_tenth_of_the_day_is_kept_for_people_and_backfill_stops_earlier() -> None:
    """Programs that use the last daily call lock the people out of their own org."""
    assert not spent(Gauge(4, 4.0, used=899, daily=1000), "live")
    assert spent(Gauge(4, 4.0, used=900, daily=1000), "live")
    assert spent(Gauge(4, 4.0, used=700, daily=1000), "backfill")
    assert not spent(Gauge.of(4), "live")


def test_live_callers_go_before_backfill_that_waited_longer() -> None:
    """Live traffic overtakes a snapshot, whoever came first."""

    async def scenario() -> list[str]:
        pace, order = Pace(1, ManualClock()), []
        hold = asyncio.Event()

        async def call(lane: Lane, name: str) -> None:
            async with pace.slot(lane):
                order.append(name)
                await hold.wait()

        first = asyncio.create_task(call("live", "first"))
        await asyncio.sleep(0)
        rest = [asyncio.create_task(call("backfill", "backfill")), asyncio.create_task(call("live", "live"))]
        await asyncio.sleep(0)
        assert (pace.demand("live"), pace.demand("backfill")) == (2, 1)
        hold.set()
        await asyncio.gather(first, *rest)
        assert (pace.demand("live"), pace.demand("backfill")) == (0, 0)
        return order

    assert asyncio.run(scenario()) == ["first", "live", "backfill"]


def test_a_backfill_call_is_let_in_before_live_ones_once_none_was_for_a_while() -> None:
    """Pollers and the first load are in one process: beside pollers that fill every slot for ever the load never ended."""

    async def scenario() -> list[str]:
        clock, order = ManualClock(), []
        pace = Pace(1, clock)

        async def call(lane: Lane) -> None:
            async with pace.slot(lane):
                order.append(lane)
                clock.advance(0.4 * OVERDUE_S)
                await asyncio.sleep(0)

        lanes: list[Lane] = ["live", *["backfill"] * 2, *["live"] * 8]
        await asyncio.gather(*(call(lane) for lane in lanes))
        return order

    assert asyncio.run(scenario()) == [*["live"] * 4, "backfill", *["live"] * 3, "backfill", *["live"] * 2]


def test_a_waiting_caller_that_gives_up_leaves_no_slot_behind() -> None:
    """A slot leaked by each cancelled caller would stop the client for good."""

    async def scenario() -> None:
        pace = Pace(1, ManualClock())
        async with pace.slot():
            waiting = asyncio.create_task(pace.slot().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), pace.slot():
            assert pace.demand("live") == 1

    asyncio.run(scenario())


def test_out_of_daily_calls_one_call_in_a_while_finds_out_whether_it_goes_again() -> None:
    """Without a call that is let through nobody would ever learn that the rolling use has fallen."""

    async def scenario() -> None:
        clock = ManualClock()
        pace = Pace(2, clock)
        pace.usage(1000, 1000)
        async with pace.slot():
            pass
        async with pace.slot():
            assert sum(clock.slept) >= PROBE_S

    asyncio.run(scenario())


def test_an_allocation_holds_only_as_long_as_it_is_valid() -> None:
    """A worker whose allocator died must not be throttled for ever by its last word."""

    async def scenario() -> None:
        clock = ManualClock()
        pace = Pace(2, clock)
        pace.allot(Allowance(1, 0), 5.0)
        async with pace.slot():
            second = asyncio.create_task(pace.slot().__aenter__())
            await asyncio.sleep(0)
            assert not second.done()
            clock.advance(6.0)
            pace.wake()
            await asyncio.wait_for(second, 1)

    asyncio.run(scenario())


def test_what_is_announced_counts_as_demand_and_is_told_at_once() -> None:
    """A sink begins a batch only where there is room; unannounced, its backlog would never be given any."""

    def told() -> None:
        heard.append((pace.demand("live"), pace.demand("backfill")))

    heard: list[tuple[int, int]] = []
    pace = Pace(4, ManualClock(), alone=lambda: 1)
    pace.listeners.append(told)
    pace.want("live", 7)
    pace.want("live", 7)
    pace.want("backfill", 2)
    assert heard == [(7, 0), (7, 2)]
    assert (pace.free("live"), pace.free("backfill")) == (1, 1)
