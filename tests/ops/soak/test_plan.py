"""A soak's plan: the same from the same seed, and one that can be carried out."""

from __future__ import annotations

from collections import Counter

import pytest

from ops.soak import deeds as work_of
from ops.soak.kinds import AMBIGUOUS, KINDS
from ops.soak.plan import PEOPLE, STEPS, WEIGHTS, chosen, deeds, strikes
from tests.house.tree import text


def test_the_seed_is_the_plan():
    """A failure that can't be run again can't be mended. The numbers are this seed's, on every machine."""
    assert list(deeds(7, 400)) == list(deeds(7, 400))
    assert list(deeds(7, 400)) != list(deeds(8, 400))
    assert strikes(7, 400, list(KINDS)) == strikes(7, 400, list(KINDS))
    assert [(d.what, d.subject, d.other) for d in deeds(7, 3)] == FIRST


FIRST = [("account", 0, -1), ("rename", 0, -1), ("limit", 0, -1)]


def test_every_deed_is_drawn_and_can_be_done():
    """A deed that nobody carries out is a promise that nobody tries."""
    drawn = Counter(d.what for d in deeds(1, 3000))
    assert set(drawn) == set(WEIGHTS) == set(work_of.DEEDS)
    assert min(drawn.values()) > 10


def test_each_deed_finds_what_it_needs():
    """Nobody changes a customer who was deleted or merged, or ships what wasn't approved; and all of a record's deeds are one person's, in turn."""
    for seed in range(20):
        customers, orders, whose = set[int](), dict[int, str](), dict[tuple[str, int], int]()
        for deed in deeds(seed, 500):
            if deed.what in {"account", "customer"}:
                assert deed.subject not in customers
                customers.add(deed.subject)
            elif deed.what == "order":
                assert deed.other in customers
                orders[deed.subject] = "placed"
            elif deed.what in STEPS:
                before, after = STEPS[deed.what]
                assert orders[deed.subject] == before
                orders[deed.subject] = after
            elif deed.what != "price":
                assert deed.subject in customers
                if deed.what == "merge":
                    assert deed.other in customers - {deed.subject}
                customers -= {deed.subject} if deed.what in {"delete", "merge"} else set()
            records = {"order": [("order", deed.subject), ("customer", deed.other)], "merge": [("customer", deed.subject), ("customer", deed.other)]}
            kind = "order" if deed.what in STEPS else "item" if deed.what == "price" else "customer"
            for record in records.get(deed.what, [(kind, deed.subject)]):
                assert whose.setdefault(record, deed.person) == deed.person < PEOPLE


def test_every_kind_strikes_at_least_once():
    """What was asked for and never struck proves nothing."""
    assert {s.kind for s in strikes(3, 100, list(KINDS))} == set(KINDS)
    assert all(s.lasts > 0 and 0 <= s.after < 100 for s in strikes(3, 100, list(KINDS)))
    assert strikes(3, 100, []) == []


def test_a_kind_that_does_not_exist_is_refused():
    """A typing error would otherwise be a soak without that fault."""
    assert chosen("all") == list(KINDS)
    assert chosen("none") == []
    assert chosen("kill_streams, broker_killed") == ["kill_streams", "broker_killed"]
    with pytest.raises(ValueError, match="no such fault: kill_strems"):
        chosen("kill_strems")


def test_kinds_that_the_sandboxes_do_not_know_are_none():
    """The switchboard takes any name, and one that nothing asks for never strikes."""
    said = text("docs/sandbox.md")
    assert [name for name, kind in KINDS.items() if kind.place in {"salesforce", "netsuite"} and f"`{kind.what[0]}`" not in said] == []
    assert set(KINDS) > AMBIGUOUS


def test_the_page_names_every_kind():
    """A kind that the page doesn't name is tried by nobody by itself."""
    page = text("docs/soak.md")
    assert [name for name in KINDS if f"`{name}`" not in page] == []
