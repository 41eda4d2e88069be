"""Stages."""

from __future__ import annotations

from dataclasses import replace

from tests.streams.reconcile.kit import RULES, N, S, applied, event, in_accord, row


def test_a_staged_field_changes_its_owner_with_the_stage() -> None:
    """After NetSuite accepted the order its lines are what ships: Salesforce's later edit must not reach the warehouse."""
    book = in_accord()
    book.take(row(N, 200, {"st": "acc"}))
    book.take(event(1, 300, {"c": "9"}))
    assert not book.asked(N)
    assert book.ask(S).fields["c"] == "3"


def test_a_stage_that_is_only_assumed_counts_for_nothing() -> None:
    """We wrote the status; whether NetSuite took the step is known when it is seen. Until then the owner's edit would be put back."""
    rules = replace(RULES, owner=lambda field, stage: S if field == "st" else RULES.owner(field, stage))
    book = in_accord(rules=rules, st="pend")
    book.take(event(1, 200, {"st": "acc"}))
    book.take(applied(book.ask(N), 210, 211))
    assert book.record.stage == "submitted"
    book.take(row(N, 230, {"st": "acc"}))
    assert book.record.stage == "accepted"


def test_a_write_of_a_staged_field_is_bound_to_the_stage_and_others_are_not() -> None:
    """stage_check: NetSuite may accept the order while the write is on its way; every other write would pay a call for nothing."""
    book = in_accord()
    book.take(event(1, 200, {"c": "9"}))
    assert book.ask(N).stage == "submitted"
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    assert book.ask(N).stage == ""


def test_a_step_back_that_is_not_declared_does_not_count() -> None:
    """A slow read may show an older status than a quick one did: for a moment Salesforce's lines would be written over what ships."""
    book = in_accord()
    book.take(row(N, 200, {"st": "acc"}))
    decision = book.take(row(N, 201, {"st": "pend"}))
    assert book.record.stage == "accepted"
    assert [n.code for n in decision.notes] == ["stage_backward"]


def test_a_declared_step_back_counts() -> None:
    """A deleted invoice or an order that was unapproved does go back; to hold on would freeze the order for its owner."""
    book = in_accord(rules=replace(RULES, backward=frozenset({("accepted", "submitted")})))
    book.take(row(N, 200, {"st": "acc"}))
    book.take(row(N, 300, {"st": "pend"}))
    assert book.record.stage == "submitted"
