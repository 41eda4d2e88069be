"""The laws of reconcile on random schedules, and proof that the search can see.

Any interleaving, duplication or delay ends alike; replay writes nothing; an owner's value is never overwritten; after quiet nothing is
pending; a crash between any two steps loses nothing. `python -m tests.laws.search --count N` runs it for long.
"""

from __future__ import annotations

from random import SystemRandom

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.ablation import without
from tests.laws.actions import ACTIONS
from tests.laws.schedule import Schedule, make, shrink, verdict
from tests.laws.search import search

FRESH = 250
#: Without the rule, the schedule of this seed breaks a law (found by `python -m tests.laws.ablation`); with it, none.
CAUGHT = {
    "all_unconfirmed": 22,
    "assumed_expires": 9,
    "status_apart": 258,
    "verdict_by_seq": 258,
    "answer_reread": 89,
    "end_of_fights": 2,
    "contested": 2,
    "loser_rule": 0,
    "create_after_match": 0,
    "rejected_remembered": 41,
    "retired": 120,
    "null_is_no_wish": 1,
    "key_on_records": 0,
    "deletion_believed": 14,
    "restored": 122,
    "taken_back": 927,
}


@pytest.mark.parametrize("zombies", [False, True])
def test_random_schedules_break_no_law(zombies: bool) -> None:
    """Fresh seeds in every run, so that the sum of all runs is a long search. A failure names its seed and the shortest schedule."""
    first = SystemRandom().randrange(1 << 40)
    _, totals, found = search(first, FRESH, zombies=zombies, keep=1)
    for seed, violation in found:
        shortest = shrink(make(seed), violation.law, zombies=zombies, budget=300)
        pytest.fail(f"seed {seed} (zombies={zombies}): {violation}; shortest: {shortest}")
    assert totals["calls"] > FRESH, "schedules that write nothing prove nothing"


@pytest.mark.parametrize(("rule", "seed"), CAUGHT.items())
def test_the_search_notices_a_rule_that_is_left_out(rule: str, seed: int) -> None:
    """A search that can't fail proves nothing: with each of these rules out, a law breaks; with it in, the same schedule is clean."""
    zombies = seed % 2 == 1
    with without(rule):
        assert verdict(make(seed), zombies=zombies) is not None
    assert verdict(make(seed), zombies=zombies) is None


steps = st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(0, (1 << 16) - 1)), max_size=60)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(config=st.integers(0, (1 << 11) - 1), jitter=st.integers(0, 1 << 30), actions=steps)
def test_schedules_of_hypothesis_break_no_law(config: int, jitter: int, actions: list[tuple[str, int]]) -> None:
    """Hypothesis looks where swarms don't: boundary numbers, repeated actions; and it shrinks by itself."""
    assert verdict(Schedule(config, jitter, tuple(actions))) is None
