"""Each class of drift by a record of its own, and none where both agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.drift.finding import Held, requests, undecided
from ops.drift.judge import at_rest, judge, known
from ops.drift.near import near
from schemas.events import Record, Register, RowValue
from tests.laws.entity import ENTITY, N, S
from tests.streams.reconcile.kit import FIELDS, KEY, RULES, applied, event, gone, in_accord, nobody, only_in_salesforce, rejected

HELD = {S: {**FIELDS, "netsuite_id": "n1"}, N: FIELDS}
VALUES = st.none() | st.sampled_from(["0", "1", "5", "7"])


def held(system: str, stamp: int = 200, *, is_gone: bool = False, **fields: str | None) -> Held:
    return Held(ENTITY, system, f"{system[0]}1", "Thing", stamp, {} if is_gone else {**HELD[system], **fields}, gone=is_gone)


def found(book: Any, *seen: Held) -> list[tuple[str, str, str]]:
    told = [f for h in seen for f in judge(h, book.record, book.rules, book.index)] or list(at_rest(book.record, book.rules, book.index))
    return [(f.kind, f.system, f.field) for f in told]


@given(st.fixed_dictionaries(dict.fromkeys(("a", "b", "c", "d", "r"), VALUES)))
def test_nothing_is_found_where_both_systems_hold_what_accord_knows(fields):
    """An invented difference leads to a write that nobody asked for, or to a report that nobody reads any more."""
    book = in_accord(**fields)
    assert found(book, held(S, **fields), held(N, **fields)) == []


@given(st.sampled_from(["a", "b"]), st.sampled_from([S, N]), VALUES)
def test_each_changed_value_is_found_under_its_owner(name, system, value):
    """`a` is Salesforce's, `b` NetSuite's: who changed it decides whether it is news or must be put back."""
    book = in_accord()
    expected = [] if value == FIELDS[name] else [("stale" if {"a": S, "b": N}[name] == system else "foreign", system, name)]
    assert found(book, held(system, **{name: value})) == expected


def test_a_record_that_is_no_more_is_missing_and_one_that_accord_does_not_know_an_orphan():
    """Both are invisible to whoever compares only what stands on both sides."""
    book = in_accord()
    assert found(book, held(N, is_gone=True)) == [("missing", N, "")]
    orphan = list(judge(held(N), None, book.rules, book.index))
    assert [(f.kind, f.key, f.id) for f in orphan] == [("orphan", "thing:netsuite:n1", "n1")]
    assert list(judge(held(N, is_gone=True), None, book.rules, book.index)) == []


def test_a_deletion_that_accord_knows_is_no_finding():
    """What was deleted and handled would be reported each night for ever."""
    book = in_accord()
    book.take(gone(N, 300))
    assert found(book, held(N, is_gone=True)) == []
    assert known({KEY: book.record}, book.rules, N) == {}


def test_a_value_that_the_target_made_of_ours_is_the_mappings_fault_and_one_by_a_person_is_not():
    """The one must be mended in the mapping, the other put back: taken for each other they come again each night."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    book.take(applied(book.ask(N), 210, 220))
    assert found(book, held(N, 215, a="4")) == [("mapping", N, "a")]
    assert found(book, held(N, 230, a="4")) == [("foreign", N, "a")]


def test_a_number_cut_by_less_than_its_last_place_is_rounding():
    """A cent's fraction is no foreign edit: to put it back each night would never end."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    assert found(book, held(N, 230, a="5")) == [], "it has arrived, and only the answer has not"
    book = in_accord(b="10.005")
    assert found(book, held(S, 230, b="10.00")) == [("rounding", S, "b")]


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("10.005", "10.00", True), ("10.00", "10.01", False), ("10", "10.4", True), ("7", "8", False), (None, "1", False), ("1", "1", False),
        ('[{"q":"1.333"}]', '[{"q":"1.33"}]', True), ('[{"q":"1.333","i":"a"}]', '[{"q":"1.33","i":"b"}]', False), ("2026-01-01", "2026-01-02", False),
    ],
)  # fmt: skip
def test_near_is_what_the_coarser_number_cannot_say(one, other, is_near):
    """A cent typed by a person is a change, a third of a cent is not."""
    assert (near(one, other), near(other, one)) == (is_near, is_near)


def test_another_mapping_shows_on_records_at_rest():
    """Nobody touched the record, so no event will ever bring what the new mapping asks for."""
    before = replace(RULES, owner=lambda name, stage: None if name == "a" else RULES.owner(name, stage))
    book = in_accord(before)
    book.take(event(1, 300, {"a": "5"}))
    assert found(book) == [], "nobody owns it, so nothing is asked"
    (one,) = at_rest(book.record, RULES, book.index)
    assert (one.kind, one.system, one.field, one.here, one.ought) == ("mapping", N, "a", "1", "5")
    assert (requests([one]), undecided([one])) == ([], [(KEY, N)])


def test_what_waits_or_was_refused_is_told_elsewhere():
    """`accord parked` and `accord errors` list these: twice told is half believed."""
    book = only_in_salesforce()
    assert found(book) == [], "the matcher has not answered"
    book.take(nobody())
    assert found(book) == [], "the create is under way"
    book.take(rejected(book.ask(N)))
    assert found(book) == []


def test_each_record_is_asked_for_once():
    """Ten fields that differ are one record to read."""
    book = in_accord()
    many = list(judge(held(N, a="6", c="5", b="7"), book.record, book.rules, book.index))
    assert (len(many), [(r.system, r.record_id, r.reason) for r in requests(many)]) == (3, [(N, "n1", "drift")])


def test_a_change_in_the_very_second_of_a_reading_is_looked_at():
    """NetSuite's stamps have whole seconds: 10:00:05 may have been saved after the reading at 10:00:05.4, and no later stamp would ever tell."""
    seen = Register(row=RowValue(5_400, "x"))
    record = Record(KEY, ENTITY, registers={N: {"a": seen}}, presence={N: seen}, ids={N: "n1"})
    (at,) = known({KEY: record}, RULES, N).values()
    assert (at < 5_000, at >= 4_000) == (True, True)
