"""Equality: normal forms and references."""

from __future__ import annotations

from tests.streams.reconcile.kit import FIELDS, Book, N, S, applied, event, in_accord, row

OTHER_KEY = "thing:netsuite:n7"


def test_values_are_compared_as_the_target_can_hold_them() -> None:
    """NetSuite holds no `a` above 7: compared as they are, 9 and 7 differ for ever and are written at each poll."""
    book = in_accord()
    book.take(event(1, 200, {"a": "9"}))
    ask = book.ask(N)
    assert ask.fields["a"] == "7"
    book.take(applied(ask, 210, 211))
    assert book.take(row(N, 300, {"a": "7"})).asks == ()


def test_references_are_compared_by_the_record_they_name() -> None:
    """The same customer has an id in each system: compared as text they never agree."""
    book = in_accord()
    book.link(OTHER_KEY, **{S: "s7", N: "n7"})
    book.take(event(1, 200, {"ref": "thing:salesforce:s7"}))
    assert book.ask(N).fields["ref"] == "thing:salesforce:s7"
    book.take(applied(book.ask(N), 210, 211))
    assert book.take(row(N, 300, {"ref": "thing:netsuite:n7"})).asks == ()
    assert not book.record.wanted.get(N)


def test_a_reference_whose_link_is_unknown_is_wanted_as_it_is() -> None:
    """The customer may reach NetSuite a moment later: the sink parks the write for exactly that record."""
    book = in_accord()
    book.take(event(1, 200, {"ref": "thing:salesforce:s7"}))
    assert book.ask(N).fields["ref"] == "thing:salesforce:s7"


def test_the_wanted_value_does_not_change_when_its_link_appears() -> None:
    """A new sequence and a new hash for the same wish: a refused payload would be sent again for nothing."""
    book = in_accord()
    book.take(event(1, 200, {"ref": "thing:salesforce:s7"}))
    book.link(OTHER_KEY, **{S: "s7", N: "n7"})
    assert not [a for a in book.take(row(S, 300, {"ref": "thing:salesforce:s7"})).asks if a.target == N]


def test_two_references_of_which_nothing_is_known_are_left() -> None:
    """At the first snapshots orders may be read before customers: every order would be written and parked for nothing."""
    book = Book()
    book.take(row(S, 100, {**FIELDS, "ref": "thing:salesforce:s7", "netsuite_id": "n1"}))
    assert book.take(row(N, 100, {**FIELDS, "ref": "thing:netsuite:n7"})).asks == ()


def test_a_reference_to_another_record_is_a_difference_though_only_one_side_is_linked() -> None:
    """The owner moved the contact to another customer: waiting for both links would leave it with the old one."""
    book = in_accord()
    book.link(OTHER_KEY, **{S: "s7", N: "n7"})
    book.take(event(1, 200, {"ref": "thing:salesforce:s7"}))
    book.take(applied(book.ask(N), 210, 211))
    book.take(row(N, 300, {"ref": "thing:netsuite:n8"}))
    assert book.ask(N).fields["ref"] == "thing:salesforce:s7"
