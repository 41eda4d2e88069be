"""State that is too large to be held as objects: bytes and objects must be one map, or a record comes back as it was before its last change."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Link, Observation, Record, Write
from streams.stages.reconcile import ReconcileStage
from streams.stages.shelf import Packed, Shelf
from tests.streams.mapping.builders import entities, link, observed
from tests.streams.stages.memory import PARTITIONS, Memory, desk

STEPS = st.lists(st.tuples(st.sampled_from(["put", "get", "pop", "load", "list"]), st.integers(0, 5), st.integers(0, 99)), max_size=60)


@given(steps=STEPS, most=st.integers(1, 4))
def test_it_holds_what_a_plain_map_holds(steps: list[tuple[str, int, int]], most: int):
    """In any order of changes and looks, however few may stay decoded."""
    encoded: list[int] = []

    def encode(value: int) -> bytes:
        encoded.append(value)
        return str(value).encode()

    packed: Packed[int] = Packed(int, encode, most)
    plain: dict[bytes, int] = {}
    for action, n, value in steps:
        key = f"k{n}".encode()
        if action == "put":
            packed[key] = plain[key] = value
        elif action == "load":
            packed.load(key, str(value).encode())
            plain[key] = value
        elif action == "get":
            assert packed.get(key) == plain.get(key)
        elif action == "pop":
            assert packed.pop(key, None) == plain.pop(key, None)
        else:
            assert (dict(packed.items()), len(packed)) == (plain, len(plain))
        assert len(packed._live) <= most
    assert dict(packed.items()) == plain


def test_what_was_only_looked_at_is_put_away_for_nothing():
    """A restart looks at every record once: encoding each again would double its time."""
    encoded: list[int] = []
    shelf: Shelf[int] = Shelf(int, lambda value: encoded.append(value) or b"", decoded=1)
    for n in range(5):
        shelf.load(0, b"%d" % n, b"%d" % n)
        assert shelf.of(0)[b"%d" % n] == n
    assert encoded == []


def test_records_that_were_put_away_are_decided_on_as_if_they_had_stayed():
    """The same history with room for all and with room for one: the same writes, the same state."""
    made = [_played(decoded) for decoded in (100, 1)]
    assert made[0] == made[1]
    assert len(made[0][0]) > 3


def _played(decoded: int) -> tuple[list[Write], dict[str, Record]]:
    at = desk()
    stage = ReconcileStage(at, {"customer": entities()["customer"]}, partitions=PARTITIONS)
    stage._shelf = Shelf(at.codec.decode, lambda record: at.codec.encode("record", record), decoded=decoded)
    memory = Memory([stage])
    for n in range(4):
        both: Link = link(f"customer:salesforce:00{n}", salesforce=f"00{n}", netsuite=f"9{n}")
        memory.put("link", both.key, both)
    seen = [_seen(n, 1_000, "A") for n in range(4)]
    for each in [*seen, *(replace(_seen(n, 90_000, "B"), system="netsuite", object="customer", source_id=f"9{n}") for n in range(4)), *seen]:
        memory.put("observation", each.key, each)
        memory.run()
    return memory.of("write.netsuite", Write) + memory.of("write.salesforce", Write), {r.key: r for r in memory.of("record", Record)}


def _seen(n: int, time: int, name: str) -> Observation:
    fields = observed("customer", "salesforce", {"Name": f"{name} {n}", "Type": "Customer", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us"})
    key = f"customer:salesforce:00{n}"
    return Observation(key, "customer", "salesforce", "Account", f"00{n}", "row", 0, time, gone=False, whole=True, fields=fields)
