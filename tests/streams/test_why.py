"""why: every value explained."""

from __future__ import annotations

import pytest

from streams.why import why
from tests.streams.reconcile.kit import N, S, event, gone, in_accord, only_in_salesforce, rejected, row, waiting


def test_it_names_owner_rule_versions_source_and_what_is_wanted() -> None:
    """A person asked why NetSuite holds another value: without the open write they would enter it twice."""
    book = in_accord()
    book.take(event(7, 1_700_000_000_000, {"a": "5"}))
    told = why(book.record, "a", book.rules, book.index)
    assert (told.owner, told.rule, told.sides[S].event_id, told.sides[N].wanted) == (S, "thing.a", "e7", "5")
    text = " ".join(told.sentences)
    assert "2023-11-14T22:13:20.000+00:00" in text
    assert "netsuite is asked for '5' (write 1)" in text


def test_it_tells_what_keeps_a_record_from_getting_across() -> None:
    """Refused, waiting, deleted, not matched: each is mended by somebody else."""
    book = in_accord()
    book.take(event(1, 200, {"a": "4"}))
    ask = book.ask(N)
    book.take(waiting(ask, "thing:salesforce:s9"))
    assert "waits for thing:salesforce:s9: missing_ref" in " ".join(why(book.record, "a", book.rules, book.index).sentences)
    book.take(rejected(ask, message="no such thing"))
    assert "netsuite refused write 1: bad a no such thing." in why(book.record, "a", book.rules, book.index).sentences
    book.take(gone(S, 300, number=9))
    assert "The record is deleted in salesforce: nothing is written to it." in why(book.record, "a", book.rules, book.index).sentences
    alone = only_in_salesforce()
    assert "There is no record in netsuite; matching has not cleared thing|sku|x." in why(alone.record, "a", alone.rules, alone.index).sentences


def test_it_tells_of_fields_that_are_not_put_back() -> None:
    """A reported or held field looks like a fault of ours until one is told that it is meant."""
    book = in_accord()
    book.take(row(N, 200, {"r": "9"}))
    assert "reported only" in why(book.record, "r", book.rules, book.index).sentences[0]


def test_an_unknown_field_is_answered_with_those_there_are() -> None:
    """A typing error answered with nothing looks like a field without a value."""
    book = in_accord()
    with pytest.raises(KeyError, match="thing has no field 'aa'; it has a, accord_code"):
        why(book.record, "aa", book.rules, book.index)
