"""The typed events and the Avro schemas are one contract, written twice."""

from __future__ import annotations

import dataclasses
import json
from importlib.resources import files

import fastavro
import pytest

from schemas import events
from schemas.ids import from_external, parse_ref, to_external
from schemas.topics import Topics, pipeline_topics

SCHEMAS = sorted(p.name for p in (files("schemas") / "avro").iterdir() if p.name.endswith(".avsc") and not p.name.startswith("golden_"))


def schema(name):
    return json.loads((files("schemas") / "avro" / name).read_text())


@pytest.mark.parametrize("name", SCHEMAS)
def test_class_and_schema_have_the_same_fields_in_the_same_order(name):
    """A field that only one of them has would be dropped silently on its way through Kafka."""
    avro = schema(name)
    fastavro.parse_schema(schema(name))
    assert [f["name"] for f in avro["fields"]] == [f.name for f in dataclasses.fields(getattr(events, avro["name"]))]


def nested(avro):
    if isinstance(avro, dict):
        if avro.get("type") == "record":
            yield avro
        for value in avro.values():
            yield from nested(value)
    elif isinstance(avro, list):
        for value in avro:
            yield from nested(value)


@pytest.mark.parametrize("name", SCHEMAS)
def test_nested_records_equal_their_classes(name):
    """A register's slots travel inside records: they are the state of the whole pipeline."""
    for record in nested(schema(name)):
        assert [f["name"] for f in record["fields"]] == [f.name for f in dataclasses.fields(getattr(events, record["name"]))]


def test_every_topic_carries_records_that_have_a_schema():
    """A topic without schema could not be checked for compatibility."""
    known = {schema(n)["name"] for n in SCHEMAS}
    topics = pipeline_topics([("salesforce", "Account")], [], ["us"])
    assert {r for t in topics for r in t.records} <= known
    assert len({t.name for t in topics}) == len(topics)


def test_keys_survive_the_form_that_both_systems_can_hold():
    """NetSuite's eid: addresses allow no colon; a key that can't be undone would orphan its record."""
    key = "order_event:netsuite:1234-shipped-2"
    assert from_external(to_external(key)) == key
    assert ":" not in to_external(key)
    with pytest.raises(ValueError, match="not a record address"):
        parse_ref("customer:sap:1")


def test_lane_and_prefix_of_a_topic_name_come_off_again():
    """Workers find the bare name of what they consumed by its full one."""
    topics = Topics("t1.")
    full = topics.name("change.salesforce.account", "backfill")
    assert (topics.bare(full), topics.lane(full)) == ("change.salesforce.account", "backfill")
