"""What a decision carries besides the fields."""

from __future__ import annotations

from dataclasses import replace

from schemas.events import Reason
from tests.streams.reconcile.kit import KEY, RULES, N, S, event, gone, in_accord, row


def test_a_write_says_why_each_field_has_its_value() -> None:
    """A number that nobody can explain is a number that nobody trusts."""
    book = in_accord()
    book.take(event(7, 200, {"a": "5"}))
    assert book.ask(N).reasons["a"] == Reason("thing.a", S, "e7")


def test_a_write_knows_everything_the_target_should_hold() -> None:
    """An address is written whole: with only the changed part of it the others would be wiped."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    desired = dict(book.ask(N).desired)
    assert (desired["a"], desired["c"], desired["b"]) == ("5", "3", "2")
    assert desired["key"] == "thing-salesforce-s1"


def test_a_fact_of_the_record_that_changed_is_told_in_its_link() -> None:
    """Sinks judge other records' writes by it: an order for an item that became inactive must come back."""
    book = in_accord()
    assert book.take(event(1, 200, {"a": "5"})).link is None
    decision = book.take(row(S, 300, {"sku": "y"}))
    assert decision.link is not None
    assert decision.link.facts == {"sku": "y"}


def test_an_inactive_record_stands_as_inactive_and_a_deleted_one_as_deleted() -> None:
    """Both are refused on a new order, for different reasons."""
    book = in_accord()
    decision = book.take(event(1, 200, {"active": "false"}))
    assert decision.link is not None
    assert decision.link.standing == "inactive"
    decision = book.take(gone(N, 300))
    assert decision.link is not None
    assert decision.link.standing == "deleted"


def test_deciding_on_the_changed_fields_alone_ends_as_deciding_on_all() -> None:
    """The short cut must not miss a field: `context` unknown decides on all of them, and must come to the same."""
    careful, quick = in_accord(rules=replace(RULES, context=None)), in_accord(rules=RULES)
    for input_ in (
        event(1, 200, {"a": "5"}),
        row(N, 210, {"b": "8"}),
        event(2, 220, {"c": "9", "r": "1"}),
        row(N, 230, {"a": "1", "b": "8"}),
    ):
        one, other = careful.take(input_), quick.take(input_)
        assert (one.record, [a.fields for a in one.asks]) == (other.record, [a.fields for a in other.asks])
    assert careful.record.key == KEY


def test_reconcile_never_changes_its_arguments() -> None:
    """State is stored only with the transaction: a record changed in place would survive a transaction that failed."""
    book = in_accord()
    before, copy = book.record, replace(book.record)
    frozen = repr(copy)
    book.take(event(1, 200, {"a": "5"}))
    book.take(gone(S, 300, number=9))
    assert repr(before) == frozen
