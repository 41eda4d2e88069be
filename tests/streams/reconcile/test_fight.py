"""Fields over which the target and we don't agree."""

from __future__ import annotations

from dataclasses import replace

from streams.reconcile import Ask
from tests.streams.reconcile.kit import FIELDS, RULES, Book, N, S, applied, event, in_accord, released, row

HOUR = 3_600_000
PATIENT = replace(RULES, restore_window_ms=HOUR)


def write_and_read_back(book: Book, at: int, held: str) -> None:
    """The open write of `a` is applied, and what NetSuite holds afterwards is read."""
    book.take(applied(book.ask(N), at, at + 1))
    book.take(row(N, at + 10, {"a": held}))


def test_a_value_that_the_target_wont_keep_is_refused_after_two_rounds() -> None:
    """refused: a script in NetSuite alters every value we write: without an end that is two calls for every poll, for ever."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    write_and_read_back(book, 210, "2")
    assert book.ask(N).fields["a"] == "5", "the second round"
    write_and_read_back(book, 250, "2")
    assert book.record.held[N]["a"].why == "refused"
    assert not book.asked(N)
    assert not book.record.wanted.get(N)


def test_a_refused_field_is_asked_for_again_when_its_owner_changes_it() -> None:
    """Left for good, the owner's next value would never arrive though the target might keep that one."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    write_and_read_back(book, 210, "2")
    write_and_read_back(book, 250, "2")
    book.take(event(2, 300, {"a": "6"}))
    assert book.ask(N).fields["a"] == "6"


def test_a_value_that_is_seen_resets_the_count() -> None:
    """Two scattered misses are not two in a row: the field would be given up though the target keeps it."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    write_and_read_back(book, 210, "2")
    write_and_read_back(book, 250, "5")
    assert book.record.rounds[N]["a"].count == 0


def test_the_other_sides_edit_is_put_back() -> None:
    """A sales user changes the credit limit: without the restore the two systems part unseen."""
    book = in_accord()
    book.take(event(1, 200, {"b": "9"}))
    assert book.ask(S).fields["b"] == "2"
    assert not book.asked(N)


def test_more_than_five_restores_in_an_hour_are_a_fight() -> None:
    """contested: another integration sets the field each time that we restore it: both would write without end."""
    book = in_accord(rules=PATIENT)
    at = 1_000
    for _ in range(5):
        book.take(row(S, at, {"b": "9"}))
        ask = book.ask(S)
        book.take(applied(ask, at + 10, at + 11))
        book.take(row(S, at + 40, {"b": ask.fields["b"]}))
        at += 1_000
    book.take(row(S, at, {"b": "9"}))
    assert not book.asked(S)
    assert book.record.held[S]["b"].why == "contested"
    assert [n.code for n in book.last.notes] == ["contested"]


def test_restores_spread_over_hours_are_no_fight() -> None:
    """A user who errs once a day is put right once a day: counted for ever, the sixth edit would stay."""
    book = in_accord(rules=PATIENT)
    at = 1_000
    for _ in range(8):
        book.take(row(S, at, {"b": "9"}))
        ask = book.ask(S)
        book.take(applied(ask, at + 10, at + 11))
        book.take(row(S, at + 40, {"b": "2"}))
        at += HOUR // 3
    assert "b" not in book.record.held.get(S, {})


def test_contested_stays_until_a_person_decides() -> None:
    """If time alone released it, the fight would go on each hour."""
    book = contested()
    book.take(row(S, 9 * HOUR, {"b": "8"}))
    assert not book.asked(S)
    book.take(released(last_ask(book), field="b"))
    assert book.ask(S).fields["b"] == "2"


def test_the_owners_new_value_ends_the_fight() -> None:
    """The owner decided: that is a person."""
    book = contested()
    book.take(row(N, 9 * HOUR, {"b": "3"}))
    assert book.ask(S).fields["b"] == "3"


def test_a_field_that_is_only_reported_is_not_put_back() -> None:
    """on_conflict = report: what NetSuite does to a frozen field is told, once, and left."""
    book = in_accord()
    decision = book.take(row(N, 200, {"r": "9"}))
    assert decision.asks == ()
    assert [n.code for n in decision.notes] == ["reported"]
    assert book.take(row(N, 300, {"r": "9"})).notes == ()


def test_a_difference_that_was_in_doubt_is_reported_when_the_doubt_ends() -> None:
    """The read after the doubt finds the same value again: told only when a value changes, the difference would never be told."""
    book = in_accord()
    book.take(event(1, 200, {"r": "6"}))
    book.take(applied(book.ask(N), 210, 260))
    assert book.take(row(N, 240, {"r": "9"})).notes == ()
    assert [n.code for n in book.take(row(N, 300, {"r": "9"})).notes] == ["reported"]


def test_an_edit_before_our_write_is_answered_is_reported_with_the_answer() -> None:
    """While the write was open the field was still wanted, so nothing was told; afterwards nothing about it would ever change again (found by the laws on the shipped price books)."""
    book = in_accord()
    book.take(event(1, 200, {"r": "6"}))
    ask = book.ask(N)
    assert book.take(row(N, 900, {"r": "9"})).notes == ()
    assert [n.code for n in book.take(applied(ask, 210, 260)).notes] == ["reported"]


def test_a_difference_that_arises_with_the_stage_is_reported() -> None:
    """The order is accepted before `c` got across: NetSuite owns it now and has never filled it in. Left as it is and untold, nobody would look."""
    book = Book()
    book.take(row(S, 100, {**FIELDS, "netsuite_id": "n1"}))
    book.take(row(N, 100, {**FIELDS, "c": None}))
    assert book.record.wanted[N]["c"] == FIELDS["c"]
    decision = book.take(row(N, 200, {**FIELDS, "c": None, "st": "acc"}))
    assert [(n.code, n.system, n.field) for n in decision.notes if n.code == "reported"] == [("reported", S, "c")]
    assert "c" not in book.record.wanted.get(S, {})
    assert not [n for n in book.take(row(N, 300, {**FIELDS, "c": None, "st": "acc", "b": "7"})).notes if n.code == "reported"], "once"


def test_a_reported_field_still_follows_its_owner() -> None:
    """Only the other side's edit is left alone; the owner's own change must get across."""
    book = in_accord()
    book.take(row(N, 200, {"r": "9"}))
    book.take(event(1, 300, {"r": "5"}))
    assert book.ask(N).fields["r"] == "5"


def test_a_field_taken_only_at_creation_is_reported_and_never_written() -> None:
    """A currency re-labels every amount when it is changed afterwards."""
    fields = {**RULES.fields, "a": replace(RULES.fields["a"], create_only=True)}
    book = in_accord(rules=replace(RULES, fields=fields))
    decision = book.take(event(1, 200, {"a": "5"}))
    assert decision.asks == ()
    assert [n.code for n in decision.notes] == ["reported"]


def contested() -> Book:
    book = in_accord(rules=PATIENT)
    at = 1_000
    for _ in range(6):
        book.take(row(S, at, {"b": "9"}))
        if book.asked(S):
            book.take(applied(book.ask(S), at + 10, at + 11))
        book.take(row(S, at + 40, {"b": "2"}))
        at += 1_000
    book.take(row(S, at, {"b": "9"}))
    assert book.record.held[S]["b"].why == "contested"
    return book


def last_ask(book: Book) -> Ask:
    return Ask(S, book.record.sequence[S], "update", "s1", {}, {}, "", {}, {})
