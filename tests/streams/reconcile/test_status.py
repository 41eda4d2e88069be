"""What stands on the record in its own system."""

from __future__ import annotations

from dataclasses import replace

from schemas.events import Problem
from tests.streams.reconcile.kit import FIELDS, RULES, Book, N, S, applied, event, in_accord, nobody, only_in_salesforce, released, row, waiting

PARK = Problem("missing_sku", 'Line 1: product "x" does not exist in NetSuite yet.', park=True)
RETURN = Problem("address_invalid", "Shipping address: postal code is missing.", park=False)


def checked(*problems: Problem, when: str = "bad") -> Book:
    """In accord, with a validation that fails while `r` says so."""
    rules = replace(
        RULES,
        validated_target=N,
        validate=lambda read, stage, links: problems if read(S, "r") == when else (),
        fields={**RULES.fields, "accord_message": replace(RULES.fields["accord_code"], name="accord_message")},
    )
    return in_accord(rules=rules)


def test_a_problem_stops_the_writes_and_stands_on_the_record() -> None:
    """An order with a bad address that is sent all the same ships to nowhere; one that is only stopped is never mended."""
    book = checked(RETURN)
    book.take(event(1, 200, {"r": "bad", "a": "5"}))
    assert not book.asked(N)
    assert dict(book.ask(S).fields) == {
        "accord_status": "rejected", "accord_code": "address_invalid", "accord_message": RETURN.message
    }  # fmt: skip


def test_what_waits_is_withdrawn_when_a_problem_appears() -> None:
    """The write was decided before the record went bad: left in the queue it would be sent."""
    book = checked(RETURN)
    book.take(event(1, 200, {"a": "5"}))
    book.take(event(2, 210, {"r": "bad"}))
    assert book.ask(N).kind == "withdraw"


def test_a_problem_that_is_mended_lets_everything_go_at_once() -> None:
    """The user mends the address: nobody should have to press a button for the order to go."""
    book = checked(RETURN)
    book.take(event(1, 200, {"r": "bad", "a": "5"}))
    book.take(applied(book.ask(S), 210, 211))
    book.take(event(2, 300, {"r": "4"}))
    assert book.ask(N).fields["a"] == "5"
    assert dict(book.ask(S).fields) == {"accord_status": "synced", "accord_code": None, "accord_message": None}


def test_what_needs_a_person_stands_before_what_heals_by_itself() -> None:
    """Told only that a product is awaited, the user would wait while the bad address goes unseen."""
    book = checked(PARK, RETURN)
    book.take(event(1, 200, {"r": "bad"}))
    fields = book.ask(S).fields
    assert (fields["accord_status"], fields["accord_code"]) == ("rejected", "address_invalid")
    assert fields["accord_message"] == f"{RETURN.message} · {PARK.message}"


def test_what_heals_by_itself_is_told_as_waiting() -> None:
    """ "Rejected" would send the user to mend what needs no mending."""
    book = checked(PARK)
    book.take(event(1, 200, {"r": "bad"}))
    assert book.ask(S).fields["accord_status"] == "waiting"


def test_the_message_fits_its_field() -> None:
    """A message longer than the field is refused by Salesforce, and then nothing is told at all."""
    book = checked(*(replace(RETURN, message="x" * 900) for _ in range(4)))
    book.take(event(1, 200, {"r": "bad"}))
    assert len(book.ask(S).fields["accord_message"] or "") == 2000


def test_a_parked_write_is_told_on_the_record_and_goes_when_it_is_released() -> None:
    """An order waits for its customer: unseen it would be asked for by telephone."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    ask = book.ask(N)
    book.take(waiting(ask, "thing:salesforce:s9"))
    assert book.ask(S).fields == {"accord_status": "waiting", "accord_code": "missing_ref"}
    book.take(applied(book.ask(S), 220, 221))
    assert book.take(waiting(ask, "thing:salesforce:s9")).asks == (), "the same trouble is the same text"
    book.take(released(ask))
    again = book.ask(N)
    assert (again.fields["a"], again.sequence) == ("5", ask.sequence + 1), "what is wanted now, never the stored payload"
    book.take(applied(again, 300, 301))
    assert book.ask(S).fields == {"accord_status": "synced", "accord_code": None}


def test_a_stale_word_of_waiting_is_none() -> None:
    """The newer write may be through already: the record would say "waiting" for ever."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    old = book.ask(N)
    book.take(event(2, 210, {"a": "6"}))
    assert book.take(waiting(old, "thing:salesforce:s9")).asks == ()


def test_synced_is_never_worth_a_call_of_its_own() -> None:
    """A status write after each sync doubles the calls to Salesforce, which has a daily limit."""
    book = in_accord(accord_status=None)
    assert book.take(row(S, 300, {"r": "4", "accord_status": None})).asks == ()
    book.take(row(N, 310, {"b": "7"}))
    assert book.ask(S).fields == {"b": "7", "accord_status": "synced"}


def test_key_and_ids_go_to_both_systems_in_one_write_once_they_are_linked() -> None:
    """The key on the records is what everything can be rebuilt from; written before there is a counterpart it would cost a call more."""
    book = only_in_salesforce()
    assert not book.asked(S)
    book.take(nobody())
    assert not book.asked(S)
    book.take(applied(book.ask(N), 300, 302, id_="n1"))
    fields = book.ask(S).fields
    assert (fields["key"], fields["netsuite_id"], fields["accord_status"]) == ("thing-salesforce-s1", "n1", "synced")


def test_a_key_that_a_user_wiped_is_written_again() -> None:
    """Without it the next rebuild would take the record for a new one."""
    book = in_accord()
    book.take(event(1, 200, {"key": None}))
    assert book.ask(S).fields["key"] == "thing-salesforce-s1"


def test_a_row_from_before_our_status_was_written_asks_for_nothing_again() -> None:
    """Asked for again, the status takes everything along that is under way: name and phone were written twice (soak seed 7111)."""
    book = Book()
    book.take(row(S, 100, {**FIELDS, "netsuite_id": "n1"}))
    book.take(row(N, 100, {**FIELDS, "accord_status": None}))
    book.take(event(1, 200, {"a": "5"}))
    ask = book.ask(N)
    assert ask.fields == {"a": "5", "accord_status": "synced"}
    book.take(applied(ask, 210, 220))
    book.take(event(2, 222, {"a": "6"}))
    decision = book.take(row(N, 215, {**FIELDS, "accord_status": None}))
    assert decision.asks == ()
    (read,) = decision.reads
    assert book.take(row(N, read.not_before, {**FIELDS, "a": "5", "accord_status": None})).asks, "seen later than the answer somebody has taken it away"
