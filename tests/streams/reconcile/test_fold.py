"""Two keys of one record become one."""

from __future__ import annotations

from dataclasses import replace

from schemas.events import Handover, Match, Outcome, Record
from tests.laws.entity import ENTITY
from tests.streams.reconcile.kit import FIELDS, KEY, Book, N, S, applied, event, gone, in_accord, only_in_salesforce, row

LOSER = f"{ENTITY}:{N}:n1"
VALUE = f"{ENTITY}|sku|x"


def only_in_netsuite() -> Book:
    book = Book(Record(LOSER, ENTITY))
    book.take(row(N, 100, {"sku": "x", "a": "9", "b": "6", "st": "pend"}, key=LOSER))
    return book


def test_of_two_keys_the_one_of_the_system_that_is_not_master_loses() -> None:
    """loser_rule: each partition decides by itself; if whoever hears first gave way, both keys could fold into each other."""
    loser, winner = only_in_netsuite(), only_in_salesforce()
    decision = loser.take(Match(LOSER, ENTITY, VALUE, KEY))
    assert decision.record.alias == KEY
    assert winner.take(Match(KEY, ENTITY, VALUE, LOSER)).record.alias == ""
    ((to, handover),) = decision.forwards
    assert to == KEY
    winner.take(handover)
    assert winner.record.ids == {S: "s1", N: "n1"}
    assert winner.ask(N).fields["a"] == "1"
    assert winner.ask(S).fields["b"] == "6"


def test_joining_two_records_wipes_nothing() -> None:
    """A customer whose shipping address only NetSuite knows would lose it on the first day, because its owner had never filled it in."""
    winner = Book()
    winner.take(row(S, 100, {"sku": "x", "a": None, "b": None, "active": "true"}))
    loser = only_in_netsuite()
    ((_, handover),) = loser.take(Match(LOSER, ENTITY, VALUE, KEY)).forwards
    winner.take(Match(KEY, ENTITY, VALUE, LOSER))
    winner.take(handover)
    assert "a" not in winner.record.wanted.get(N, {})
    assert "reported" in [n.code for n in winner.last.notes]
    winner.take(row(S, 300, {"a": "5"}))
    asked = winner.ask(N)
    assert asked.fields["a"] == "5"
    winner.take(applied(asked, 310, 311))
    winner.take(row(S, 400, {"a": None}))
    assert winner.ask(N).fields["a"] is None, "once its owner has spoken, a null is a wish"


def test_the_fold_is_told_in_the_link_and_in_the_claims() -> None:
    """References to the old key must still find the record, and nobody may be matched with it any more."""
    decision = only_in_netsuite().take(Match(LOSER, ENTITY, VALUE, KEY))
    assert decision.link is not None
    assert decision.link.alias == KEY
    assert [(c.key, c.withdrawn) for c in decision.claims] == [(LOSER, True)]


def test_a_folded_key_forwards_all_that_comes_and_outcomes_with_the_key_they_answer() -> None:
    """An outcome under the new key would be taken for a verdict on its own sequence of that number."""
    loser = only_in_netsuite()
    loser.take(Match(LOSER, ENTITY, VALUE, KEY))
    ((to, seen),) = loser.take(row(N, 300, {"b": "7"}, key=LOSER)).forwards
    assert (to, seen.key) == (KEY, KEY)
    ((to, answer),) = loser.take(Outcome(S, LOSER, ENTITY, 1, "applied", {"b": "7"}, id="s1")).forwards
    assert (to, answer.key) == (KEY, LOSER)
    assert loser.last.changed, "a decision that counts as unchanged is sent nowhere"


def test_writes_of_the_losing_key_are_withdrawn() -> None:
    """A create that still waits would double the record that we have just joined it with."""
    loser = only_in_netsuite()
    loser.take(Match(LOSER, ENTITY, VALUE, ""))
    assert loser.ask(S).kind == "create"
    decision = loser.take(Match(LOSER, ENTITY, VALUE, KEY))
    assert [(a.kind, a.target, a.sequence) for a in decision.asks] == [("withdraw", S, 2)]


def test_of_a_system_in_which_the_winner_has_another_record_nothing_is_taken() -> None:
    """The registers of another record would be written over the right one."""
    book = in_accord()
    book.take(handover(only_in_netsuite_as("n2")))
    assert book.record.ids[N] == "n1"
    assert book.last.asks == ()
    assert "ambiguous_match" in [n.code for n in book.last.notes]


def test_a_living_record_takes_the_place_of_a_dead_one() -> None:
    """The item was deleted and made anew with the same number: it must be joined again and not be left out for ever."""
    book = in_accord()
    book.take(gone(N, 200))
    book.take(handover(only_in_netsuite_as("n2", at=300)))
    assert book.record.ids[N] == "n2"
    assert book.ask(N).fields["a"] == "1"


def test_a_match_of_a_record_that_has_a_counterpart_joins_nothing() -> None:
    """Three records can't be two: a person must say which belong together."""
    book = in_accord()
    decision = book.take(Match(KEY, ENTITY, VALUE, "thing:netsuite:n9"))
    assert book.record.alias == ""
    assert [n.code for n in decision.notes] == ["ambiguous_match"]


def test_a_handover_twice_changes_nothing() -> None:
    """Handovers are replayed with their topic."""
    book = only_in_salesforce()
    given = handover(only_in_netsuite_as("n1"))
    book.take(given)
    assert not book.take(given).changed


def test_a_folded_keys_outcome_fills_registers_and_confirms_by_value() -> None:
    """The loser's last write landed: forgotten, we would write the same once more."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    book.take(replace(applied(book.ask(N), 210, 211), key=LOSER, sequence=77))
    assert not book.record.wanted.get(N)


def only_in_netsuite_as(id_: str, at: int = 100) -> Book:
    key = f"{ENTITY}:{N}:{id_}"
    book = Book(Record(key, ENTITY))
    book.take(row(N, at, {**FIELDS, "key": None, "a": "9"}, id_=id_, key=key))
    return book


def handover(book: Book) -> Handover:
    (content,) = [what for _, what in book.take(Match(book.record.key, ENTITY, VALUE, KEY)).forwards if isinstance(what, Handover)]
    return content
