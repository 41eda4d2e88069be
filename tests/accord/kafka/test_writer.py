"""The compiled writer of events: byte for byte what fastavro writes, or a refusal."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import Rejected
from accord.kafka.codec import Codec, shipped
from accord.kafka.writer import compiled
from schemas.events import AssumedValue, EventValue, Observation, Record, Register, RowValue
from tests.accord.kafka.fake_registry import FakeRegistry

SCHEMAS = shipped()
LONGS = st.integers(-(2**63), 2**63 - 1)
VALUES = st.none() | st.text()
REGISTERS = st.builds(
    Register,
    st.none() | st.builds(EventValue, LONGS, LONGS, VALUES),
    st.none() | st.builds(RowValue, LONGS, VALUES),
    st.none() | st.builds(AssumedValue, LONGS, LONGS, VALUES),
)
RECORDS = st.builds(
    Record, key=st.text(), entity=st.text(), ids=st.dictionaries(st.text(), st.text()),
    registers=st.dictionaries(st.text(), st.dictionaries(st.text(), REGISTERS)), marks=st.lists(st.text()).map(tuple),
)  # fmt: skip


def both(event: Any) -> tuple[bytes, bytes]:
    """(ours, fastavro's)."""
    parsed = parse_schema(SCHEMAS[type(event).__name__], named_schemas={})
    write, parts, out = compiled(parsed), [], io.BytesIO()
    assert write is not None
    write(event, parts.append)
    schemaless_writer(out, parsed, msgspec.to_builtins(event, builtin_types=(bytes,)))
    return b"".join(parts), out.getvalue()


@given(RECORDS)
def test_a_record_has_the_bytes_that_any_avro_reader_expects(record: Record):
    """State that only we could read would be lost with us."""
    ours, theirs = both(record)
    assert ours == theirs


@given(st.sampled_from(["live", "backfill"]), st.dictionaries(st.text(), VALUES), st.booleans(), LONGS)
def test_an_observation_has_the_bytes_that_any_avro_reader_expects(lane: str, fields: dict[str, str | None], gone: bool, number: int):
    """Foreign consumers read our topics by the schema alone."""
    ours, theirs = both(Observation("k", "customer", "netsuite", "customer", "7", "row", number, number, gone, not gone, fields, lane=lane))
    assert ours == theirs


@pytest.mark.parametrize(
    "wrong",
    [{"number": 2**63}, {"kind": "rumour"}, {"key": None}, {"fields": {"a": 7}}, {"gone": "yes"}, {"fields": {"a": "\ud800"}}],
)
def test_a_value_that_does_not_fit_is_refused(wrong: dict[str, Any]):
    """Half an event on a topic would stop every reader behind it."""
    right = {
        "key": "k",
        "entity": "customer",
        "system": "netsuite",
        "object": "customer",
        "source_id": "7",
        "kind": "row",
        "number": 0,
        "time": 0,
        "gone": False,
        "whole": True,
        "fields": {},
    }
    with pytest.raises(Rejected, match="Observation does not fit its schema"):
        Codec(FakeRegistry()).encode("observation", Observation(**{**right, **wrong}))
