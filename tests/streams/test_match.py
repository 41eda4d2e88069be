"""Which records of the two systems are the same? Each test names the double that the rule prevents."""

from __future__ import annotations

from schemas.events import Claim, Mark
from streams.match import answer, opened, passed, take

VALUE = "customer|number|A-1"


def claim(system, ident, *, withdrawn=False):
    return Claim(VALUE, "customer", system, f"customer:{system}:{ident}", withdrawn)


def test_nobody_is_answered_before_both_snapshots_have_passed():
    """A create that goes before the other side was read doubles what is there."""
    state, answers = take(claim("salesforce", "1"), None, opened=False)
    assert answers == []
    state, answers = take(claim("netsuite", "9"), state, opened=False)
    assert answers == []
    _, answers = answer(VALUE, state, "backfill")
    assert {(a.key, a.other) for a in answers} == {
        ("customer:salesforce:1", "customer:netsuite:9"),
        ("customer:netsuite:9", "customer:salesforce:1"),
    }


def test_a_claim_that_nobody_shares_is_answered_with_nobody():
    """Without the answer the record could never be created."""
    _, answers = take(claim("salesforce", "1"), None, opened=True)
    assert [(a.key, a.other, list(a.candidates)) for a in answers] == [("customer:salesforce:1", "", [])]


def test_two_candidates_on_one_side_are_ambiguous_for_all():
    """Joining the first of two would put one customer's orders on another."""
    state, _ = take(claim("netsuite", "8"), None, opened=False)
    state, _ = take(claim("netsuite", "9"), state, opened=False)
    state, _ = take(claim("salesforce", "1"), state, opened=False)
    _, answers = answer(VALUE, state, "live")
    assert len(answers) == 3
    assert all(a.other == "" and len(a.candidates) == 3 for a in answers)


def test_a_withdrawn_claim_is_no_candidate():
    """A record that has a counterpart must not be joined to a second one."""
    state, _ = take(claim("netsuite", "8"), None, opened=True)
    state, _ = take(claim("netsuite", "8", withdrawn=True), state, opened=True)
    _, answers = take(claim("salesforce", "1"), state, opened=True)
    assert [a.other for a in answers] == [""]


def test_a_newcomer_with_the_value_of_a_linked_pair_is_told_of_it():
    """A second product with the SKU of one that is in both systems must not be made a second item (model: claims by system)."""
    state = None
    for system in ("salesforce", "netsuite"):
        state, _ = take(Claim(VALUE, "customer", system, "customer:salesforce:1"), state, opened=True)
    _, answers = take(claim("salesforce", "2"), state, opened=True)
    assert {a.key: len(a.candidates) for a in answers}["customer:salesforce:2"] == 3


def test_a_withdrawal_makes_clear_what_was_ambiguous():
    """A person merges two duplicates: the one that waits must not wait for ever."""
    state, _ = take(claim("netsuite", "8"), None, opened=True)
    state, _ = take(claim("netsuite", "9"), state, opened=True)
    state, _ = take(claim("salesforce", "1"), state, opened=True)
    _, answers = take(claim("netsuite", "9", withdrawn=True), state, opened=True)
    assert {(a.key, a.other) for a in answers} == {("customer:salesforce:1", "customer:netsuite:8"), ("customer:netsuite:8", "customer:salesforce:1")}


def test_a_repeated_claim_is_answered_again_and_changes_nothing_else():
    """After a crash the claim comes twice; its answer must not be lost with the first."""
    state, first = take(claim("salesforce", "1"), None, opened=True)
    again, second = take(claim("salesforce", "1"), state, opened=True)
    assert first == second
    assert again == state


def test_a_snapshot_has_passed_only_with_the_last_partition_and_once():
    """A mark that is repeated after a restart must not open the gate early."""
    marks, done = passed([], Mark("customer", "netsuite", "s", 0, 2))
    assert not done
    marks, done = passed(marks, Mark("customer", "netsuite", "s", 0, 2))
    assert not done
    marks, done = passed(marks, Mark("customer", "netsuite", "s", 1, 2))
    assert done
    _, done = passed(marks, Mark("customer", "netsuite", "s", 1, 2))
    assert not done
    assert not opened("customer", ["customer:netsuite"])
    assert opened("customer", ["customer:netsuite", "customer:salesforce"])
