"""The codec: what is sent comes back equal, and what is not ours is told apart from what cannot be read now."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import struct
import types
import typing
from datetime import date
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from accord.errors import Fatal, Rejected, Transient
from accord.kafka import codec as codecs
from accord.kafka.codec import Codec
from schemas.events import Mark, Part, Position, Settled, Write
from schemas.topics import Topic
from tests.accord.kafka.fake_registry import FakeRegistry

SCHEMAS = codecs.shipped()


def example(hint: Any, schema: Any, named: dict[str, Any]) -> Any:
    """A value of that type that fits the schema, with nothing left empty."""
    if isinstance(schema, list):
        schema = next(branch for branch in schema if branch != "null")
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    if isinstance(schema, dict) and "name" in schema:
        named[schema["name"]] = schema
    if get_origin(hint) in {types.UnionType, typing.Union}:
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if dataclasses.is_dataclass(hint):
        hints, parts = get_type_hints(hint), {field["name"]: field["type"] for field in schema["fields"]}
        return hint(**{name: example(hints[name], parts[name], named) for name in hints})
    if get_origin(hint) is collections.abc.Mapping:
        return {"a": example(get_args(hint)[1], schema["values"], named)}
    if get_origin(hint) in {collections.abc.Sequence, tuple}:
        return (example(get_args(hint)[0], schema["items"], named),)
    if isinstance(schema, dict) and schema.get("type") == "enum":
        return schema["symbols"][-1]
    return {str: "ü", int: 7, bool: True, bytes: b"\x00\xff", Decimal: Decimal("12.50"), date: date(2026, 11, 23)}[hint]


@pytest.mark.parametrize("name", sorted(codecs.typed_events().keys() & SCHEMAS.keys()))
def test_every_event_comes_back_equal(name: str):
    """A field that changes its type on the way (a list for a tuple, a number for a decimal) would look like a change for ever."""
    codec = Codec(FakeRegistry())
    event = example(codecs.typed_events()[name], SCHEMAS[name], {})
    again = codec.decode(codec.encode("some.topic", event))
    assert again == event
    assert type(again) is type(event)


def test_the_bytes_are_in_confluent_wire_format():
    """A consumer that isn't ours must be able to read: magic 0, four bytes of schema id, Avro."""
    registry = FakeRegistry()
    value = Codec(registry).encode("settled.netsuite", Settled(1, "55"))
    assert value == struct.pack(">bI", 0, 1) + b"\x02" + b"\x0455"
    assert list(registry.subjects) == ["settled.netsuite-accord.Settled"]


def test_both_lanes_share_a_subject():
    """A twin is the same contract: two subjects would double each compatibility check and drift apart."""
    registry = FakeRegistry()
    codec = Codec(registry)
    event = Mark("customer", "netsuite", "first", 0, 4)
    assert codec.encode("observation.backfill", event) == codec.encode("observation", event)
    assert list(registry.subjects) == ["observation-accord.Mark"]


@pytest.mark.parametrize("value", [b"", b"\0\0\0", b"\x01\0\0\0\x01rest", b"{}", b"\0\0\0\0\x01\xff\xff\xff\xff"])
def test_malformed_bytes_are_rejected_as_such(value: bytes):
    """Bad bytes must go to the dead letters, not crash the worker again and again."""
    codec = Codec(FakeRegistry())
    codec.encode("settled.netsuite", Settled(1, "x"))
    with pytest.raises(Rejected) as raised:
        codec.decode(value)
    assert raised.value.code == "malformed"


def test_cut_and_padded_values_are_rejected():
    """A value that ends early or late was written with another schema: reading it all the same would invent data."""
    codec = Codec(FakeRegistry())
    whole = codec.encode("position", Position("netsuite.customer", "{}", 5))
    for broken in (whole[:-1], whole + b"\0"):
        with pytest.raises(Rejected, match="Position"):
            codec.decode(broken)


def test_an_unknown_id_asks_the_registry_once():
    """Events of a newer version must be read with the schema they were written with; asking each time would cost a call per event."""
    registry = FakeRegistry()
    newer = {**SCHEMAS["Settled"], "fields": [*SCHEMAS["Settled"]["fields"], {"name": "new", "type": "string", "default": ""}]}
    writer = Codec(
        registry, schemas={"Settled": newer}, kinds={"Settled": dataclasses.make_dataclass("Settled", [("sequence", int), ("id", str), ("new", str)])}
    )
    value = writer.encode("settled.netsuite", writer._kinds["Settled"](3, "9", "surprise"))
    reader = Codec(registry)
    assert [reader.decode(value), reader.decode(value)] == [Settled(3, "9")] * 2
    assert registry.asked == [1]


def test_an_id_that_the_registry_does_not_know_is_rejected():
    """Nobody can ever read this value: it goes to the dead letters and the rest goes on."""
    with pytest.raises(Rejected) as raised:
        Codec(FakeRegistry()).decode(struct.pack(">bI", 0, 99) + b"x")
    assert raised.value.code == "unknown_schema"


def test_a_schema_that_is_none_of_ours_is_rejected():
    """Another program's records on our topic must not be guessed at."""
    registry = FakeRegistry()
    foreign = registry.register("x", json.dumps({"type": "record", "name": "Foreign", "fields": []}))
    with pytest.raises(Rejected) as raised:
        Codec(registry).decode(struct.pack(">bI", 0, foreign))
    assert raised.value.code == "unknown_schema"


def test_a_registry_that_is_down_is_waited_for():
    """A registry outage must never send good events to the dead letters."""
    registry = FakeRegistry()
    value = Codec(registry).encode("settled.netsuite", Settled(1, "x"))
    registry.down = True
    with pytest.raises(Transient):
        Codec(registry).decode(value)
    registry.down = False
    assert Codec(registry).decode(value) == Settled(1, "x")


def test_an_incompatible_schema_stops_the_process_naming_it():
    """A schema that can't read older events must not land: they would all become dead letters after a deploy."""
    registry = FakeRegistry()
    Codec(registry).register_all([Topic("settled.netsuite", "k", ("Settled",))])
    broken = {**SCHEMAS["Settled"], "fields": [*SCHEMAS["Settled"]["fields"], {"name": "must", "type": "string"}]}
    with pytest.raises(Fatal, match=r"settled\.netsuite-accord\.Settled: new field must"):
        Codec(registry, schemas={"Settled": broken}).register_all([Topic("settled.netsuite", "k", ("Settled",))])


def test_a_topic_that_names_no_schema_is_told_at_start():
    """A missing .avsc must stop the start, not the first event."""
    with pytest.raises(Fatal, match="Nowhere"):
        Codec(FakeRegistry()).register_all([Topic("x", "k", ("Nowhere",))])


def test_a_golden_record_travels_as_a_dictionary():
    """Golden records have no class of ours: reporting reads them by their own typed schema."""
    golden = {"type": "record", "name": "GoldenCustomer", "namespace": "accord", "fields": [
        {"name": "key", "type": "string"},
        {"name": "credit_limit", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}]}]}  # fmt: skip
    codec = Codec(FakeRegistry(), schemas={"GoldenCustomer": golden})
    event = {"key": "customer:netsuite:1", "credit_limit": Decimal("5000.00")}
    assert codec.decode(codec.encode("entity.customer", event)) == event


def test_an_event_that_does_not_fit_its_schema_is_rejected_by_name():
    """A bug in one record's values must become one dead letter that says where."""
    part = Part("Account", "", "", "{}")
    event = Write("mars", "customer:netsuite:1", "customer", 1, "create", "", {}, {}, (part,))
    with pytest.raises(Rejected, match="Write") as raised:
        Codec(FakeRegistry()).encode("write.netsuite", event)
    assert raised.value.code == "unencodable"
