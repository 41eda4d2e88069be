"""What an owner's empty field means (docs/decisions/0013): whose word counts where the owner has never said one."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from schemas.events import Match
from tests.laws.entity import ENTITY
from tests.streams.reconcile.kit import KEY, RULES, Book, N, S, applied, event, nobody, only_in_salesforce, released, row, waiting
from tests.streams.reconcile.test_fold import LOSER, VALUE, only_in_netsuite

MADE = {"b": None, "d": None, "sku": "x", "a": "1", "st": "pend"}


def born(**fields: str | None) -> Book:
    """NetSuite's record has just been made from Salesforce's; nobody has looked at it yet."""
    book = only_in_salesforce(**fields)
    book.take(nobody())
    book.take(applied(book.ask(N), 300, 302, id_="n1"))
    return book


@pytest.mark.parametrize("field", ["b", "d"])
@pytest.mark.parametrize("order", list(permutations(("edit", "row"))))
def test_an_edit_of_what_is_the_others_is_put_back_whether_the_first_look_comes_before_or_after_it(field: str, order: tuple[str, ...]) -> None:
    """Found by the soak: a limit typed in sales within the seconds before the new customer was first read stood for ever, and one typed after them was put back."""
    book = born(b=None, d=None)
    for what in order:
        book.take(event(1, 310, {field: "99"}) if what == "edit" else row(N, 320, MADE))
    assert book.record.wanted[S].get(field, "stands") is None


def test_a_proposal_that_comes_too_late_for_the_create_is_an_edit() -> None:
    """Typed while the create was under way: the answer to it says nothing of the value, and NetSuite's record holds nothing."""
    book = only_in_salesforce(b=None)
    book.take(nobody())
    first = book.ask(N)
    book.take(event(1, 299, {"b": "99"}))
    book.take(applied(first, 300, 302, id_="n1"))
    book.take(row(N, 320, MADE))
    assert book.record.wanted[S].get("b", "stands") is None


def test_a_proposal_that_goes_along_stands() -> None:
    """It was typed while the create still waited, and NetSuite took it."""
    book = only_in_salesforce(b=None)
    book.take(nobody())
    first = book.ask(N)
    book.take(waiting(first, "thing:salesforce:s2"))
    book.take(event(1, 299, {"b": "99"}))
    book.take(released(first))
    assert dict(book.ask(N).seeds) == {"sku": "x", "b": "99"}
    book.take(applied(book.ask(N), 300, 302, id_="n1"))
    book.take(row(N, 320, MADE | {"b": "99"}))
    assert "b" not in book.record.wanted.get(S, {})


def test_what_cant_be_proposed_and_was_filled_in_before_the_record_was_made_stands() -> None:
    """A create may wait for days; what sales noted meanwhile is no edit of a record that nobody has made yet."""
    book = only_in_salesforce(d=None)
    book.take(nobody())
    first = book.ask(N)
    book.take(event(1, 290, {"d": "7"}))
    book.take(applied(first, 300, 302, id_="n1"))
    book.take(row(N, 320, MADE))
    assert "d" not in book.record.wanted.get(S, {})


def test_what_was_agreed_for_a_record_that_was_never_made_wipes_nothing_of_the_joined_one() -> None:
    """The create waited, sales filled the field in, and then the record turned out to be there already."""
    winner = only_in_salesforce(b=None)
    winner.take(nobody())
    winner.take(event(1, 200, {"b": "99"}))
    loser = only_in_netsuite()
    loser.take(row(N, 210, {"b": None}, key=LOSER))
    ((_, handover),) = loser.take(Match(LOSER, ENTITY, VALUE, KEY)).forwards
    winner.take(Match(KEY, ENTITY, VALUE, LOSER))
    winner.take(handover)
    assert "b" not in winner.record.wanted.get(S, {})
    assert "reported" in [n.code for n in winner.last.notes]


def test_nothing_is_agreed_on_where_nothing_may_be_made() -> None:
    """An account that is no customer has no counterpart to agree with."""
    book = only_in_salesforce(rules=replace(RULES, creates=lambda target, read: False))
    book.take(nobody())
    assert not book.record.agreed
