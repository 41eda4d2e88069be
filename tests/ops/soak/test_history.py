"""Whose write an entry of NetSuite's journal is."""

from __future__ import annotations

from ops.soak.history import attributed


def entry(op: str, ident: str, **held: str) -> dict[str, object]:
    return {"id": ident, "type": "customer", "op": op, "fields": list(held), "held": held}


def call(ident: str, **values: str) -> dict[str, object]:
    return {"system": "netsuite", "type": "customer", "id": ident, "values": values}


def test_what_a_person_sent_is_a_persons_and_the_same_once_more_is_not():
    """Accord's echo of a person's own value would hide behind the person otherwise."""
    journal = [entry("update", "7", creditLimit="1000"), entry("update", "7", creditLimit="1000"), entry("update", "8", creditLimit="1000")]
    assert [e["ours"] for e in attributed(journal, [call("7", creditLimit="1000.00")])] == [False, True, True]


def test_a_creation_is_known_by_what_was_typed():
    """A person's new record has no id before it is saved; Accord's own have other values."""
    journal = [entry("create", "7", companyName="a", accountNumber="S1-0"), entry("create", "8", companyName="b", accountNumber="S1-1")]
    assert [e["ours"] for e in attributed(journal, [call("", companyName="b", accountNumber="S1-1")])] == [True, False]


def test_a_call_that_was_never_saved_takes_nothing():
    """A call that was cut before its commit stands for no entry."""
    journal = [entry("update", "7", phone="+1 503 200 0001")]
    assert [e["ours"] for e in attributed(journal, [call("7", phone="+1 503 200 0002")])] == [True]
