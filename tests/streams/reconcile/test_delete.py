"""Deletions, undeletions, merges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.laws.entity import make_rules
from tests.streams.reconcile.kit import KEY, N, S, applied, event, gone, in_accord, row


def test_nothing_is_written_to_a_deleted_record() -> None:
    """Deleted in NetSuite on purpose: a later edit in Salesforce must not raise it from the dead."""
    book = in_accord()
    book.take(gone(N, 200))
    book.take(event(1, 300, {"a": "5"}))
    assert not book.asked(N)


def test_the_survivor_is_told_that_its_counterpart_is_missing() -> None:
    """Otherwise sales goes on with a customer that finance deleted, and nobody sees why nothing arrives."""
    book = in_accord()
    book.take(gone(N, 200))
    assert book.ask(S).fields == {"accord_status": "missing", "accord_code": "deleted_in_netsuite"}


def test_a_deletion_makes_the_other_record_inactive_where_the_mapping_says_so() -> None:
    """NetSuite can't delete a customer with transactions: left active it would be sold to."""
    book = in_accord(rules=make_rules("inactivate"))
    book.take(gone(S, 200, number=9))
    assert book.ask(N).fields["active"] == "false"
    assert "a" not in book.ask(N).fields


def test_made_active_again_by_hand_it_stays_active() -> None:
    """A person decided: switching it off again each time is a fight that nobody can win."""
    book = in_accord(rules=make_rules("inactivate"))
    book.take(gone(S, 200, number=9))
    book.take(applied(book.ask(N), 210, 211))
    book.take(row(N, 300, {"active": "false"}))
    book.take(row(N, 400, {"active": "true"}))
    assert not book.asked(N)


def test_a_deletion_is_passed_on_only_where_the_mapping_says_so() -> None:
    """A mirror without its original is wrong; anything else that we delete is lost."""
    book = in_accord(rules=make_rules("delete"))
    book.take(gone(N, 200))
    ask = book.ask(S)
    assert (ask.kind, ask.id, dict(ask.fields)) == ("delete", "s1", {"deleted": "true"})
    book.take(applied(ask, 210, 211))
    assert book.record.wanted.get(S, {}) == {}
    assert book.take(gone(S, 220, number=10)).asks == ()


def test_an_undelete_brings_both_back_into_accord() -> None:
    """What was changed meanwhile must not be lost because the record was dead for an hour."""
    book = in_accord()
    book.take(gone(S, 200, number=8))
    book.take(row(N, 210, {"b": "6"}))
    fields = {"sku": "x", "a": "5", "b": "2", "c": "3", "key": "thing-salesforce-s1"}
    book.take(replace(event(9, 300, fields), whole=True))
    assert book.ask(N).fields["a"] == "5"
    assert book.ask(S).fields["b"] == "6"


def test_a_late_older_event_does_not_revive_it() -> None:
    """Events of before the deletion may come after it: each would start writes to a dead record."""
    book = in_accord()
    book.take(gone(S, 200, number=9))
    assert book.take(event(8, 199, {"a": "5"})).asks == ()


@pytest.mark.parametrize("survivor_first", [False, True])
def test_the_survivor_of_a_merge_takes_the_place_of_the_deleted(survivor_first: bool) -> None:
    """Two accounts were merged and the survivor names our key: without this the customer in NetSuite would be an orphan. The order in
    which Salesforce tells of the two must not matter."""
    book = in_accord()
    survivor = row(S, 205, {"sku": "x", "a": "5", "key": "thing-salesforce-s1"}, id_="s2")
    if survivor_first:
        assert book.take(survivor).asks == (), "two living records with one key: nothing is guessed"
        decision = book.take(gone(S, 204, number=9))
        assert [(r.record_id, r.reason) for r in decision.reads] == [("s2", "merge")]
        survivor = replace(survivor, time=230)
    else:
        book.take(gone(S, 204, number=9))
    book.take(survivor)
    assert book.record.ids[S] == "s2"
    assert book.ask(N).fields["a"] == "5"


def test_the_one_whose_place_was_taken_does_not_take_it_back() -> None:
    """A replay tells of the old record again: it would change places with the survivor at each replay, with writes each time."""
    book = in_accord()
    book.take(gone(S, 200, number=9))
    book.take(row(S, 205, {"sku": "x", "a": "5", "key": "thing-salesforce-s1"}, id_="s2"))
    book.take(gone(S, 300, number=12, id_="s2"))
    decision = book.take(row(S, 100, {"a": "1"}, id_="s1"))
    assert (decision.changed, decision.asks) == (False, ())
    assert book.record.ids[S] == "s2"


def test_two_living_records_with_one_key_are_told_of_and_left() -> None:
    """A copied record took our key along: merging the two would mix two customers."""
    book = in_accord()
    decision = book.take(row(S, 205, {"a": "5", "key": "thing-salesforce-s1"}, id_="s2"))
    assert decision.asks == ()
    assert [n.code for n in decision.notes] == ["second_record"]
    assert book.take(row(S, 206, {"a": "5"}, id_="s2")).notes == (), f"told once for {KEY}"
