"""Observations."""

from __future__ import annotations

from tests.streams.reconcile.kit import KEY, Book, N, S, applied, event, in_accord, row


def test_an_edit_of_the_owner_is_asked_of_the_other_system_and_nothing_else_is() -> None:
    """The difference is the write: whatever else travels along could overwrite what its owner has just changed."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    ask = book.ask(N)
    assert (ask.kind, ask.id) == ("update", "n1")
    assert {f for f in ask.fields if not f.startswith("accord_")} == {"a"}
    assert not book.asked(S)


def test_the_echo_of_our_own_write_asks_for_nothing() -> None:
    """An echo that counts as a change is written back, and comes back: a loop that eats the API budget of both systems."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    book.take(applied(book.ask(N), 210, 212))
    decision = book.take(row(N, 230, {"a": "5"}))
    assert decision.asks == ()
    assert not book.record.wanted


def test_a_repeated_observation_changes_nothing() -> None:
    """A replay that emits a new sequence would send every write of two weeks again."""
    book = in_accord()
    change = event(1, 200, {"a": "5", "r": "9"})
    book.take(change)
    again = book.take(change)
    assert (again.changed, again.asks, again.reads, again.claims, again.link, again.notes) == (False, (), (), (), None, ())


def test_a_late_old_event_changes_nothing() -> None:
    """Events may arrive late and twice: an older value that wins takes back the owner's newer edit in both systems."""
    book = in_accord()
    book.take(event(7, 200, {"a": "5"}))
    decision = book.take(event(6, 199, {"a": "4"}))
    assert decision.asks == ()
    assert book.record.wanted[N]["a"] == "5"


def test_a_row_inside_the_margin_is_read_once_more_after_it() -> None:
    """margin_reread: event and row can't be ordered by their clocks; without the second read the stale one stays for good."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    decision = book.take(row(S, 202, {"a": "6"}))
    (read,) = decision.reads
    assert (read.system, read.record_id, read.not_before) == (S, "s1", 202 + book.rules.margin_ms + 1)
    assert book.take(row(S, 202, {"a": "6"})).reads == (), "a repeat asks for no second read"


def test_what_was_seen_while_our_write_was_under_way_is_not_fought_over() -> None:
    """doubt_holds: the value may be from before our write took effect. To restore it at once would be one write too many, to count it a
    round would end in a field refused that the target does keep."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    book.take(applied(book.ask(N), 210, 220))
    decision = book.take(row(N, 215, {"a": "1"}))
    assert decision.asks == ()
    assert [r.not_before for r in decision.reads] == [220 + book.rules.margin_ms + 1]
    assert book.take(row(N, 240, {"a": "1"})).asks[0].fields["a"] == "5", "seen later than the answer it is a difference"


def test_an_edit_soon_after_a_restore_is_in_doubt_no_longer_than_until_it_is_read() -> None:
    """The read comes as soon as the margin is over, so the edit's event still ranks before it. Were it no answer, the value would stand for ever: nothing asks
    a second time."""
    book = in_accord()
    book.take(event(1, 200, {"b": "9"}))
    answered = 212
    book.take(applied(book.ask(S), 210, answered))
    edited = answered + book.rules.margin_ms - 1
    (read,) = book.take(event(2, edited, {"b": "9"})).reads
    assert "b" not in book.record.wanted.get(S, {}), "perhaps our own write came after it"
    book.take(row(S, read.not_before, {"b": "9"}))
    assert book.ask(S).fields["b"] == "2"


def test_an_event_beside_a_users_edit_keeps_the_edit() -> None:
    """An event that holds our own value and a user's edit in one: a filter on the origin would lose the edit."""
    book = in_accord()
    book.take(row(N, 200, {"b": "7"}))
    book.take(applied(book.ask(S), 210, 212))
    book.take(event(3, 213, {"b": "7", "a": "6"}, origin="accord"))
    assert book.ask(N).fields["a"] == "6"


def test_an_unknown_owners_value_is_not_written() -> None:
    """A partial event says nothing of other fields: taken for null they would be blanked on the other side."""
    book = Book()
    book.take(row(N, 100, {"a": "1", "b": "2", "key": None}, key=KEY))
    book.take(event(1, 120, {"c": "3"}))
    assert "a" not in book.ask(N).fields
