from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.mapping.load import shipped
from streams.mapping.source import parse
from streams.status import status_faults, status_table

SPEC = parse("order", "order.toml", (shipped() / "order.toml").read_text()).table["status"]["order"]
TABLE = status_table("order", SPEC)


def test_every_spelling_is_the_same_status():
    """REST, searches and SuiteQL each have their own spelling: one that isn't known would freeze the order's stage."""
    for spelling in ("D", "SalesOrd:D", "Partially Fulfilled", "partiallyFulfilled", "Sales Order : Partially Fulfilled"):
        found = TABLE.find(spelling)
        assert found is not None
        assert found.word == "part_shipped", spelling


def test_a_custom_status_leaves_the_canonical_one():
    """An account's own status must not take an order a step back."""
    assert TABLE.word("Waiting for Bob") is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), max_size=12), st.sampled_from(list(TABLE.steps)))
def test_rank_never_falls_without_a_declared_step(choices, start):
    """Along any history of allowed steps an order goes on: only a declared cause takes it back."""
    at = TABLE.steps[start]
    way = [at]
    for choice in choices:
        if not at.next:
            break
        at = TABLE.steps[at.next[choice % len(at.next)]]
        way.append(at)
    assert all(now.rank >= was.rank for was, now in pairwise(way))


def test_faults_of_a_status_table_are_named():
    """A status without an answer would be found out by an order that hangs."""
    codes = {"A": {"is": "picked", "rank": 2, "next": ["B", "Q"]}, "B": {"rank": 1}}
    told = [message for _, message in status_faults("x", {"record": "ItemShip", "codes": codes})]
    assert told == [
        'no default for custom statuses: write default = "" to leave the status as it was, or a word',
        "no answer for status C of ItemShip",
        "step to unknown status Q",
        "step A -> B goes back (rank 2 to 1): declare it under back",
        "status B has no canonical word (is = ...)",
    ]
