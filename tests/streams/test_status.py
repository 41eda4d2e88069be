from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.mapping.load import shipped
from streams.mapping.source import parse
from streams.status import LETTERS, StatusTable, status_faults, status_table


def shipped_tables() -> list[StatusTable]:
    """Every status table of the shipped mapping."""
    files = [f for f in shipped().iterdir() if f.name.endswith(".toml")]
    found = [parse(f.name.removesuffix(".toml"), f.name, f.read_text()).table.get("status", {}) for f in files]
    return [status_table(name, spec) for tables in found for name, spec in tables.items()]


TABLES = {table.name: table for table in shipped_tables()}
TABLE = TABLES["order"]


def test_every_spelling_is_the_same_status():
    """REST, searches and SuiteQL each have their own spelling: one that isn't known would freeze the order's stage."""
    for spelling in ("D", "SalesOrd:D", "Partially Fulfilled", "partiallyFulfilled", "Sales Order : Partially Fulfilled"):
        found = TABLE.find(spelling)
        assert found is not None
        assert found.word == "part_shipped", spelling


def test_a_custom_status_leaves_the_canonical_one():
    """An account's own status must not take an order a step back."""
    assert TABLE.word("Waiting for Bob") is None


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_status_of_every_document_is_answered(name: str):
    """Each letter that NetSuite documents, its names, and an account's own statuses: none may stop a document on its way."""
    table = TABLES[name]
    assert set(table.steps) == set(LETTERS[table.record])
    for spelling, step in table.spellings.items():
        assert table.word(f"{table.record}:{spelling}") == step.word
    assert table.word("Waiting for Bob") == (table.default or None)
    words = {step.word for step in table.steps.values()}
    assert not table.default or table.default in words


@settings(deadline=None)
@given(st.data())
def test_rank_never_falls_without_a_declared_step(data: st.DataObject):
    """Along any history of allowed steps a document goes on: only a declared cause takes it back."""
    table = TABLES[data.draw(st.sampled_from(sorted(TABLES)))]
    at = table.steps[data.draw(st.sampled_from(sorted(table.steps)))]
    way = [at]
    while at.next and len(way) < 12:
        at = table.steps[data.draw(st.sampled_from(at.next))]
        way.append(at)
    assert all(now.rank >= was.rank for was, now in pairwise(way))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_step_is_declared_one_way(name: str):
    """A step is forward or back, never both: else nobody could tell a deleted invoice from a late row."""
    for step in TABLES[name].steps.values():
        assert not set(step.next) & set(step.back)
        assert all(TABLES[name].steps[other].rank <= step.rank for other in step.back)


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
