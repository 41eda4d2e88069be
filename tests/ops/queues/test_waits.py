"""Who waits for whom."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from ops.cli.parked import parked_table, waits_tree
from ops.queues.waits import waits
from schemas.events import Parked


def parked(key, waits_for="", *, target="netsuite", code="missing_customer", since=1_000, until=10_000):
    return Parked(target, key, "order", 1, code, "It waits.", waits_for, since, until, {}, "e1")


def same(ref):
    return ref


def told(thing):
    console = Console(width=300, file=StringIO())
    console.print(thing)
    return console.file.getvalue()


def test_a_chain_hangs_on_the_one_record_that_must_come():
    """Ten thousand orders wait for one customer: a person must see the customer, not the orders."""
    found = waits([parked("order:a", "customer:c"), parked("order:b", "order:a"), parked("order:d", "customer:c", since=500)], same)
    assert found.roots == (("netsuite", "customer:c"),)
    assert [p.key for p in found.waiters["netsuite", "customer:c"]] == ["order:d", "order:a"]
    assert found.rings == ()
    lines = told(waits_tree(found, 61_000)).splitlines()
    assert [len(line) - len(line.lstrip(" │├└─")) for line in lines[1:]] == [4, 8, 8, 12]
    assert "order:b for netsuite: missing_customer, 1 min, overdue" in lines[4]


def test_a_ring_is_named_once_whoever_is_asked():
    """Nothing in a ring ever moves by itself: unless it is named, each of its records seems to wait for a good reason."""
    ring = [parked("b", "c"), parked("c", "a"), parked("a", "b"), parked("x", "a"), parked("s", "s")]
    found = waits(ring, same)
    assert found.rings == ((("netsuite", "a"), ("netsuite", "b"), ("netsuite", "c")), (("netsuite", "s"),))
    text = told(waits_tree(found, 2_000))
    assert "ring in netsuite: a → b → c → a" in text
    assert "ring in netsuite: s → s" in text
    assert "x for netsuite" in text


def test_records_that_wait_in_different_systems_are_no_ring():
    """A ring that is none sends a person to break what would have gone by itself."""
    assert waits([parked("a", "b"), parked("b", "a", target="salesforce")], same).rings == ()


def test_a_wait_for_an_address_is_a_wait_for_its_record():
    """The write names the side it read; the ring closes through the key that the links know."""
    names = {"customer:netsuite:7": "customer:salesforce:1"}
    found = waits([parked("order:a", "customer:netsuite:7"), parked("customer:salesforce:1", "order:a")], names.get)
    assert found.rings == ((("netsuite", "customer:salesforce:1"), ("netsuite", "order:a")),)


def test_a_chain_of_thousands_is_shown():
    """The night of a great import is when the graph is looked at."""
    chain = [parked(f"o{n:05}", f"o{n - 1:05}") for n in range(1, 3_000)]
    found = waits(chain, same)
    assert found.roots == (("netsuite", "o00000"),)
    assert len(found.waiters) == len(chain)
    assert waits_tree(found, 0).label == "2999 waiting, 0 ring(s)"


def test_what_waits_for_time_hangs_on_nothing_and_the_list_says_what_is_late():
    """A retry needs nobody; what is over its time does."""
    found = waits([parked("order:r", code="retrying", until=90_000)], same)
    assert (found.roots, [p.key for p in found.alone]) == ((), ["order:r"])
    table = parked_table([parked("order:r", code="retrying", until=90_000), parked("order:l", "x")], 61_000)
    assert table.title == "2 waiting, 1 overdue"
