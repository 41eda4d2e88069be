"""Outcomes."""

from __future__ import annotations

import pytest

from schemas.events import Outcome
from tests.laws.entity import ENTITY
from tests.streams.reconcile.kit import KEY, N, S, applied, event, in_accord, nobody, only_in_salesforce, row


def test_an_outcome_confirms_only_what_is_still_wanted() -> None:
    """The owner changed the field again while the first write was under way: confirming it by name would lose the second edit."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5", "c": "5"}))
    first = book.ask(N)
    book.take(event(2, 205, {"a": "6"}))
    book.take(applied(first, 201, 206))
    assert book.record.wanted[N]["a"] == "6"
    assert "c" not in book.record.wanted[N]


def test_a_later_write_holds_every_field_that_is_not_confirmed() -> None:
    """all_unconfirmed: sinks send only the newest write of a record; what an unsent older one asked for would be lost."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    book.take(event(2, 205, {"c": "6"}))
    ask = book.ask(N)
    assert (ask.fields["a"], ask.fields["c"], ask.sequence) == ("5", "6", 2)


def test_a_value_that_stays_assumed_is_read_once() -> None:
    """assumed_expires: a trigger that puts a field back within the same save leaves no event in Salesforce: we would believe for ever
    that it holds what we wrote."""
    book = in_accord()
    book.take(row(N, 200, {"b": "7"}))
    (read,) = book.take(applied(book.ask(S), 210, 212)).reads
    assert (read.system, read.if_assumed, read.not_before) == (S, KEY, 212 + book.rules.margin_ms + 1)


def test_netsuite_needs_no_such_read() -> None:
    """Every save moves NetSuite's stamp, so the poll brings the row: a read more per write would halve what the account can do."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    assert book.take(applied(book.ask(N), 210, 212)).reads == ()


def test_an_id_learned_from_an_outcome_is_told_to_resolve() -> None:
    """link_to_resolve: a user deletes the record that we have just made, before any row of it was read: the deletion names an id that
    resolve doesn't know, and the record would count as present for ever."""
    book = only_in_salesforce()
    book.take(nobody())
    decision = book.take(applied(book.ask(N), 300, 302, id_="n9"))
    assert [(x.system, x.record_id, x.key) for x in decision.learned] == [(N, "n9", KEY)]
    assert decision.link is not None
    assert decision.link.ids == {S: "s1", N: "n9"}


def test_an_outcome_about_another_record_fills_no_register() -> None:
    """A write of a folded key went to a record of its own: taken for ours, its values would be written over the right one."""
    book = in_accord()
    stray = Outcome(N, f"{ENTITY}:{N}:n7", ENTITY, 1, "applied", {"a": "9"}, id="n7", object="Thing", before=200, after=201)
    decision = book.take(stray)
    assert decision.asks == ()
    assert [n.code for n in decision.notes] == ["second_record"]


def test_a_stage_that_moved_makes_the_rest_go_again() -> None:
    """stage_reissues: a write of {a, c} is refused because the order was accepted; c isn't ours to write any more, but a still is, and
    nothing else would ever ask for it."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5", "c": "5"}))
    ask = book.ask(N)
    assert ask.stage == "submitted"
    book.take(Outcome(N, KEY, ENTITY, ask.sequence, "stage_changed", observed={"st": "acc"}, id="n1", before=210, after=210))
    again = book.ask(N)
    assert (again.sequence, again.fields["a"], "c" in again.fields) == (ask.sequence + 1, "5", False)


def test_a_write_that_nobody_wants_any_more_is_withdrawn() -> None:
    """withdraw: the owner took the edit back while the write still waits: left alone it would be sent although nobody wants it."""
    book = in_accord()
    book.take(event(1, 200, {"c": "5"}))
    book.take(row(N, 210, {"st": "acc"}))
    ask = book.ask(N)
    assert (ask.kind, ask.sequence, dict(ask.fields)) == ("withdraw", 2, {})


def test_a_record_that_the_target_does_not_have_any_more_counts_as_deleted() -> None:
    """Update by id: an upsert would raise from the dead what a user deleted."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    ask = book.ask(N)
    book.take(Outcome(N, KEY, ENTITY, ask.sequence, "gone", id="n1", before=210, after=211))
    assert book.record.wanted.get(N, {}) == {}
    assert book.last.link is not None
    assert book.last.link.standing == "deleted"


def test_an_outcome_of_unknown_kind_is_told_and_not_guessed_at() -> None:
    """A newer sink may speak a word that we don't know: to pass over it would leave the write open without a trace."""
    with pytest.raises(ValueError, match="postponed"):
        in_accord().take(Outcome(N, KEY, ENTITY, 1, "postponed"))
