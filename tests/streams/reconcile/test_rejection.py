"""Payloads that a target refuses."""

from __future__ import annotations

from dataclasses import replace

from tests.laws.entity import make_rules
from tests.streams.reconcile.kit import KEY, N, S, applied, event, in_accord, nobody, only_in_salesforce, rejected, released, row


def test_a_refused_payload_is_not_sent_again_and_stands_on_the_record() -> None:
    """Sent again it is refused again, for ever; told nowhere, nobody would ever mend it."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    book.take(rejected(book.ask(N)))
    assert not book.asked(N)
    assert book.ask(S).fields == {"accord_status": "rejected", "accord_code": "bad"}


def test_it_is_tried_again_when_the_payload_changes() -> None:
    """The user mends the record: if only a person could release it, one mistake would part the record for good."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    book.take(rejected(book.ask(N)))
    book.take(event(2, 210, {"a": "5"}))
    assert book.ask(N).fields["a"] == "5"


def test_a_bad_edit_that_is_taken_back_leaves_no_refusal() -> None:
    """Nothing is wanted then, so no write would ever prove it: the record would read "rejected" for ever, and stay on the list of what waits."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    refusal = rejected(book.ask(N))
    book.take(refusal)
    book.take(event(2, 210, {"a": "1"}))
    assert N not in book.record.rejected
    assert book.ask(N).kind == "withdraw", "a sink that keeps it, because the record it named may change, lets it go"
    assert book.ask(S).fields == {"accord_status": "synced", "accord_code": None}
    assert book.take(refusal).asks == (), "replayed, the refusal of a write that nobody wants says nothing"
    assert N not in book.record.rejected
    book.take(event(3, 220, {"a": "4"}))
    book.take(rejected(book.ask(N)))
    assert N in book.record.rejected, "typed again it is tried again, and refused again"


def test_a_refused_create_stays_told_while_it_waits_for_the_matcher_and_not_once_nobody_wants_it() -> None:
    """A changed number asks the matcher anew: "synced" in between would be a lie. An account that is made a prospect again needs no customer."""
    book = only_in_salesforce(replace(make_rules(), creates=lambda _target, read: read(S, "a") != "0"))
    book.take(nobody())
    book.take(rejected(book.ask(N)))
    book.take(event(1, 300, {"sku": "y"}))
    assert not book.asked(N)
    assert N in book.record.rejected
    book.take(event(2, 310, {"a": "0"}))
    assert N not in book.record.rejected


def test_the_status_that_is_written_back_does_not_release_the_refusal() -> None:
    """status_apart: N refuses a payload of S and S one of N; each status write was "applied" and cleared the other's refusal, so both bad
    payloads went again, both ways, for ever."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    first = book.ask(N)
    book.take(row(N, 201, {"b": "4"}))
    book.take(rejected(first))
    book.take(rejected(book.ask(S)))
    status = book.ask(N)
    assert set(status.fields) == {"accord_status", "accord_code"}
    decision = book.take(applied(status, 220, 221))
    assert N in book.record.rejected
    assert decision.asks == ()


def test_an_old_verdict_does_not_release_a_newer_refusal() -> None:
    """verdict_by_seq: when outcomes are replayed, an older "applied" cleared the newer refusal, and the bad payload was sent again."""
    book = in_accord()
    book.take(event(1, 200, {"a": "5"}))
    old = applied(book.ask(N), 201, 202)
    book.take(old)
    book.take(event(2, 210, {"a": "4"}))
    book.take(rejected(book.ask(N)))
    assert book.take(old).asks == ()
    assert N in book.record.rejected


def test_a_folded_keys_outcome_does_not_release_a_refusal() -> None:
    """verdict_by_seq: a folded key counts its own sequences; its number 9 says nothing about our number 2."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    ask = book.ask(N)
    book.take(rejected(ask))
    book.take(applied(ask, 300, 301, key="thing:netsuite:n1", sequence=9, sent={"c": "3"}))
    assert N in book.record.rejected


def test_a_late_refusal_of_an_older_write_is_none() -> None:
    """The newer write is on its way and may be good: refusing it unseen would stop the record for nothing."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    old = book.ask(N)
    book.take(event(2, 205, {"a": "5"}))
    book.take(rejected(old))
    assert N not in book.record.rejected
    assert book.record.wanted[N]["a"] == "5"


def test_a_refused_create_is_known_with_its_seeds_whatever_the_sink_counts_as_sent() -> None:
    """The hash covers the decided payload with its seeds: without them a refused create is new each time and is sent for ever."""
    for with_seeds in (True, False):
        book = only_in_salesforce()
        book.take(nobody())
        ask = book.ask(N)
        answer = rejected(ask)
        if not with_seeds:
            answer = replace(answer, sent=dict(ask.fields))
        book.take(answer)
        assert not book.asked(N)
        book.take(event(1, 300, {"b": "9"}))
        assert book.ask(N).kind == "create", "another seed is another payload"


def test_a_refused_status_write_is_not_repeated_and_forgets_no_other_refusal() -> None:
    """Our own fields may be missing in an org: a status that is refused and written again would be a loop without end, and kept under
    the same name it would release the payload that the status tells of."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    book.take(rejected(book.ask(N)))
    decision = book.take(rejected(book.ask(S), code="NO_FIELD"))
    assert decision.asks == ()
    assert N in book.record.rejected
    assert book.take(row(S, 400, {"r": "4"})).asks == ()


def test_a_person_or_a_link_may_say_try_again() -> None:
    """An item was inactive and is active again: the payload is the same, so nothing but this word sends it."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    ask = book.ask(N)
    book.take(rejected(ask))
    decision = book.take(released(ask))
    assert book.ask(N).fields["a"] == "4"
    assert book.ask(N).sequence == ask.sequence + 1
    assert book.take(released(ask)).asks == (), f"said twice for {KEY} it is sent once"
    assert decision.changed
