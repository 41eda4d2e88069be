"""Any number of workers on one account, in simulated time."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accord.budget.turns import TURN_S
from tests.accord.budget.town import Town
from tests.bench.figures import percentile

RATES = st.sampled_from([0.0, 0.0, 0.5, 3.0, 40.0])


@example(limit=4, rates=[(0.0, 40.0, 0.7), (0.0, 40.0, 0.1), (40.0, 0.0, 0.1)], acts=[("lead", 0), ("lead", 1)])
@settings(max_examples=30, deadline=None)
@given(
    limit=st.integers(1, 8),
    rates=st.lists(st.tuples(RATES, RATES, st.sampled_from([0.03, 0.1, 0.7])), min_size=1, max_size=10),
    acts=st.lists(st.tuples(st.sampled_from(["lead", "kill", "swap", "run"]), st.integers(0, 9)), max_size=8),
)
def test_the_limit_holds_whoever_comes_goes_or_decides(limit: int, rates: list[tuple[float, float, float]], acts: list[tuple[str, int]]) -> None:
    """Over its limit NetSuite refuses calls of everybody in the account: people's and other integrations' too."""
    town = Town(limit, len(rates))
    for worker, (live, backfill, call_s) in zip(town.workers, rates, strict=True):
        worker.live_rate, worker.backfill_rate, worker.call_s = live, backfill, call_s
    town.run(1.0)
    for act, n in acts:
        worker = town.workers[n % len(rates)]
        if act == "lead" and worker.alive:
            town.lead(n % len(rates))
        elif act == "kill":
            worker.alive = False
        elif act == "swap":
            worker.live_rate, worker.backfill_rate = worker.backfill_rate, worker.live_rate
        town.run(0.7)
    assert town.over == 0


@pytest.mark.parametrize(("limit", "workers", "hot"), [(5, 4, 1), (5, 4, 2), (15, 6, 1), (5, 12, 12), (3, 8, 8), (1, 4, 4)])
@pytest.mark.parametrize("lane", ["live", "backfill"])
def test_what_is_granted_is_used_with_a_hot_partition_and_with_more_workers_than_slots(limit: int, workers: int, hot: int, lane: str) -> None:
    """Slots that idle workers sit on are throughput that nobody gets; slots in motion all the time are too."""
    town = Town(limit, workers)
    for worker in town.workers[:hot]:
        setattr(worker, f"{lane}_rate", 200.0)
    town.run(3.0)
    town.fresh()
    town.run(20.0)
    spare = 1 if lane == "backfill" and limit > 1 else 0  # stays free for live calls
    assert town.over == 0
    assert town.used >= 0.95 * (town.granted - spare * 20)
    assert town.used >= 0.9 * (limit - spare) * 20


def test_nobody_starves_where_there_are_more_workers_than_slots() -> None:
    """A partition whose worker never gets a slot is a standstill for a quarter of all records."""
    town = Town(2, 7)
    for worker in town.workers:
        worker.live_rate = 100.0
    town.run(2.0)
    town.fresh()
    town.run(30.0)
    assert max(w.longest_wait for w in town.workers) <= (7 / 2 + 1) * (TURN_S + 0.3)
    share = [w.started["live"] for w in town.workers]
    assert min(share) >= 0.6 * max(share)


def test_live_calls_of_one_worker_go_before_the_backfill_of_another() -> None:
    """A snapshot on one machine must not hold up orders on another."""
    town = Town(5, 3)
    town.workers[0].backfill_rate = town.workers[1].backfill_rate = 200.0
    town.run(3.0)
    town.workers[2].live_rate = 30.0  # three calls at once
    town.run(1.0)
    town.fresh()
    town.run(10.0)
    assert town.workers[2].started["live"] >= 0.97 * 300
    assert town.workers[2].longest_wait <= 0.15
    assert sum(w.started["backfill"] for w in town.workers) >= 0.9 * 10 * 10 * 1  # at least the fifth slot is theirs


def test_an_idle_worker_gets_its_first_call_through_within_a_call_of_the_busy_one() -> None:
    """Whoever waited for work pays for the others' backlog with one call's time at most, not with a turn."""
    town = Town(4, 4)
    town.workers[0].live_rate = 200.0
    town.run(3.0)
    town.workers[3].live_rate = 2.0
    town.run(10.0)
    assert town.workers[3].longest_wait <= 0.1 + 0.1


def test_when_the_owner_dies_the_next_one_goes_on_without_a_step_over_the_limit() -> None:
    """The owner is a worker like any other: its death may cost seconds, never a refusal, and its slots come back."""
    town = Town(4, 4)
    for worker in town.workers:
        worker.live_rate = 100.0
    town.run(2.0)
    town.workers[0].alive = False
    town.run(1.0)
    town.lead(1)
    town.run(6.0)
    town.fresh()
    town.run(5.0)
    assert town.over == 0
    assert town.used >= 0.95 * 4 * 5


def test_pollers_that_fill_every_slot_do_not_starve_a_first_load() -> None:
    """On a slow account pollers want all slots all the time: without one of its own the first load of a demo never ended."""
    town = Town(5, 3)
    town.workers[0].live_rate, town.workers[0].call_s = 200.0, 0.7
    town.workers[1].backfill_rate = 200.0
    town.run(3.0)
    before = town.workers[1].started["backfill"]
    town.run(10.0)
    assert town.over == 0
    assert town.workers[1].started["backfill"] - before > 50


@pytest.mark.parametrize(("limit", "call_s"), [(1, 0.1), (1, 0.7), (1, 4.0), (2, 0.7)])
def test_with_one_or_two_slots_the_backfill_has_one_in_turn(limit: int, call_s: float) -> None:
    """Refusals bring any account down to one call at once, for minutes: what is read again after a gap in the events goes on the lane of the backfill, and would
    not come to the other system as long as pollers want that one. The soak found it (seed 7101)."""
    town = Town(limit, 3)
    for poller in town.workers[:2]:
        poller.live_rate, poller.call_s = 200.0, call_s
    town.workers[2].backfill_rate = 200.0
    town.run(5.0)
    town.fresh()
    town.run(60.0)
    used = town.workers[2].started["backfill"] * town.workers[2].call_s / 60
    assert town.over == 0
    assert 0.02 <= used <= 0.4 * limit, "in turn: neither never nor all the time"


@pytest.mark.parametrize("limit", [4, 5, 8])
def test_a_saturating_backfill_takes_what_live_leaves_and_costs_live_calls_nothing(limit: int) -> None:
    """Whoever loads a million records must neither make today's orders wait, nor wait for a week because slots stand empty: live p99 at most
    1.2 times idle, and at least 90 % of what live calls and the one spare slot leave."""
    town, call_s = Town(limit, 3), 0.5
    sink, poller = town.workers[0], town.workers[1]
    for worker, rate in ((sink, 1.3), (poller, 1.0)):
        worker.live_rate, worker.call_s = rate, call_s
    town.run(5.0)
    town.fresh()
    town.run(60.0)
    idle = percentile(sink.late, 0.99)
    sink.backfill_rate = 200.0
    town.run(5.0)
    town.fresh()
    town.run(60.0)
    live, backfill = ((sum(w.started[lane] for w in town.workers) * call_s / 60) for lane in ("live", "backfill"))
    assert town.over == 0
    assert percentile(sink.late, 0.99) <= 1.2 * idle
    assert backfill >= 0.9 * (limit - 1 - live)
