"""Whoever wants a slot gets one: with more workers than slots, beside others' deaths, and whatever the calls last."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.budget.owner import LOST_S
from accord.budget.turns import TURN_S
from accord.pace import OVERDUE_S
from tests.accord.budget.town import Town, Worker

#: The group gives a dead owner's partition to another after so long (accord.kafka.consumer.settings: session.timeout.ms).
SESSION_S = 6.0
LANES = st.sampled_from([("live",), ("backfill",), ("live", "backfill")])
CALLS_S = st.sampled_from([0.03, 0.2, 2 * TURN_S, 4.0])


def wanting(worker: Worker, lanes: tuple[str, ...], call_s: float) -> None:
    """It always has more to do than it may."""
    worker.live_rate, worker.backfill_rate = (200.0 if lane in lanes else 0.0 for lane in ("live", "backfill"))
    worker.call_s = call_s


def served(town: Town) -> bool:
    """Has everyone begun a call of each lane that it wants? Live calls may fill an account of one or two slots for good."""
    alive = [w for w in town.workers if w.alive]
    live = all(w.started["live"] for w in alive if w.live_rate)
    return live and (town.limit < 3 or all(w.started["backfill"] for w in alive if w.backfill_rate))


def patience(town: Town) -> float:
    """A turn for each worker, of which each may have to wait for a call to end; and what its own live calls may have before."""
    return OVERDUE_S + (len(town.workers) + 1) * (TURN_S + 0.5 + max(w.call_s for w in town.workers))


@settings(max_examples=25, deadline=None)
@given(
    limit=st.integers(1, 6),
    first=st.lists(st.tuples(LANES, CALLS_S), min_size=1, max_size=5),
    acts=st.lists(st.tuples(st.sampled_from(["join", "kill", "lead", "wait"]), st.integers(0, 9), LANES, CALLS_S), max_size=6),
)
def test_once_the_dead_are_forgotten_everyone_who_wants_a_slot_gets_one(
    limit: int, first: list[tuple[tuple[str, ...], float]], acts: list[tuple[str, int, tuple[str, ...], float]]
) -> None:
    """A load that was started right after a kill, or beside another one, stood for ever; nobody else missed it."""
    town, owner = Town(limit, len(first)), 0
    for worker, (lanes, call_s) in zip(town.workers, first, strict=True):
        wanting(worker, lanes, call_s)
    town.run(0.7)
    for act, n, lanes, call_s in acts:
        chosen = n % len(town.workers)
        if act == "join":
            wanting(town.join(), lanes, call_s)
        elif act == "kill" and sum(w.alive for w in town.workers) > 1:
            town.workers[chosen].alive = False
        elif act == "lead" and town.workers[chosen].alive:
            owner = chosen
            town.lead(owner)
        town.run(0.7)
    if not town.workers[owner].alive:
        town.run(SESSION_S)
        town.lead(max(n for n, w in enumerate(town.workers) if w.alive))
    town.run(LOST_S)
    town.fresh()
    town.run(patience(town), lambda: served(town))
    assert served(town), [(w.name, w.alive, w.started) for w in town.workers]
    assert town.over == 0


@pytest.mark.parametrize(("limit", "live", "loads"), [(4, 2, 2), (4, 5, 3), (3, 0, 4)])
@pytest.mark.parametrize("call_s", [0.1, 2 * TURN_S])
def test_loads_at_the_same_time_share_what_live_calls_leave(limit: int, live: int, loads: int, call_s: float) -> None:
    """Turns were taken in one lane only while live calls wanted more than there was: of two loads the second one never began."""
    town = Town(limit, live + loads)
    for n, worker in enumerate(town.workers):
        wanting(worker, ("live",) if n < live else ("backfill",), call_s)
    town.run(5.0)
    town.fresh()
    town.run(40.0)
    for lane, workers in (("live", town.workers[:live]), ("backfill", town.workers[live:])):
        begun = [w.started[lane] for w in workers]
        assert not begun or min(begun) >= 0.5 * max(begun), (lane, begun)
    assert town.over == 0
