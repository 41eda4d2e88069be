"""Dead letters and parked writes leave their queues by a person's word only, and each with a line on the audit trail."""

from __future__ import annotations

import json
import uuid
from itertools import count

import pytest

from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import read_to_end
from accord.kafka.registry import ConfluentRegistry
from ops.pipeline import Act, Pipeline
from ops.queues import letters
from schemas.events import DeadLetter, Parked, ReadRequest, Record
from schemas.topics import Topics, pipeline_topics

NEEDED = {"deadletter", "handling", "audit", "outcome", "record", "link", "read.netsuite", "parked.netsuite", "write.netsuite"}
OFFSETS = count(1)
ACT = Act("ada", "looked at it", 5_000)


@pytest.fixture(scope="module")
def prefix(kafka):
    name = f"letters{uuid.uuid4().hex[:6]}."
    yield name
    admin.delete(admin.client(kafka), name)


@pytest.fixture(scope="module")
def pipeline(kafka, registry, prefix):
    admin.ensure(admin.client(kafka), admin.wanted([t for t in pipeline_topics([], [], []) if t.name in NEEDED], prefix))
    return Pipeline(kafka, {}, Topics(prefix), Codec(ConfluentRegistry(registry)))


@pytest.fixture
def dead(pipeline):
    """Puts a dead letter; each has an offset of its own."""

    def put(topic, value, key=b"order:netsuite:7"):
        offset = next(OFFSETS)
        letter = DeadLetter(pipeline.topics.name(topic), 2, offset, key, value, "malformed", "it starts with 00", "reader", 1_000 + offset)
        with pipeline.writer("test") as writer:
            writer.send(pipeline.topics.name("deadletter"), key, pipeline.codec.encode("deadletter", letter))
        return letter

    return put


def values(pipeline, topic):
    return [r for r in read_to_end(pipeline.bootstrap, pipeline.topics.name(topic), extra=pipeline.extra) if r.value is not None]


def steps(pipeline, name):
    return [a for a in (pipeline.codec.decode(r.value) for r in values(pipeline, "audit")) if a.record_id == name]


def test_a_letter_goes_back_byte_by_byte_to_where_it_died(pipeline, dead):
    """After the bug is mended the message itself must run through, not what somebody remembers of it."""
    letter = dead("read.netsuite", b"\x00broken")
    name = letters.name_of(letter)
    assert letters.find(pipeline, name) == letter
    assert letters.retry(pipeline, letter, ACT) == "sent again"
    (sent,) = [r for r in values(pipeline, "read.netsuite") if r.value == b"\x00broken"]
    assert (sent.partition, sent.key) == (2, b"order:netsuite:7")
    assert name not in letters.opened(pipeline)
    (step,) = steps(pipeline, name)
    assert (step.step, step.code) == ("sent_again", "malformed")
    assert "ada" in step.message
    assert "looked at it" in step.message
    with pytest.raises(Rejected, match="no open dead letter"):
        letters.find(pipeline, name)


def test_an_edited_letter_is_held_to_the_schema_of_its_topic(pipeline, dead):
    """A repaired message that is broken in another way would die again, or worse, be believed."""
    good = ReadRequest("order", "netsuite", "salesorder", "7", "person")
    letter = dead("read.netsuite", pipeline.codec.encode("read.netsuite", good))
    shown = letters.told(pipeline, letter)["message"]
    assert shown["record"] == "ReadRequest"
    shown["event"]["record_id"] = "8"
    for wrong in (
        b"{",
        b"[" * 200_000,
        json.dumps({**shown, "record": "Parked"}).encode(),
        b" " * (letters.MOST_BYTES + 1),
        b'{"record":"ReadRequest","event":{}}',
    ):
        with pytest.raises(Rejected):
            letters.retry(pipeline, letter, ACT, wrong)
    assert letters.name_of(letter) in letters.opened(pipeline)
    assert letters.retry(pipeline, letter, ACT, json.dumps(shown).encode()) == "edited and sent again"
    found = [pipeline.codec.decode(r.value) for r in values(pipeline, "read.netsuite") if r.value != b"\x00broken"]
    assert [f.record_id for f in found] == ["8"]
    assert [s.step for s in steps(pipeline, letters.name_of(letter))] == ["edited_and_sent_again"]


def test_a_dead_write_is_decided_again_and_never_sent(pipeline, dead):
    """What a stored payload says may be long out of date; only reconcile knows what is wanted now."""
    key = b"order:salesforce:801"
    record = Record(key.decode(), "order", sequence={"netsuite": 41})
    with pipeline.writer("test") as writer:
        writer.send(pipeline.topics.name("record"), key, pipeline.codec.encode("record", record))
    letter = dead("write.netsuite", b"unreadable", key)
    with pytest.raises(Rejected, match="never edited"):
        letters.retry(pipeline, letter, ACT, b"{}")
    assert letters.retry(pipeline, letter, ACT) == "decided again"
    outcome = pipeline.codec.decode(values(pipeline, "outcome")[-1].value)
    assert (outcome.kind, outcome.target, outcome.key, outcome.sequence) == ("released", "netsuite", key.decode(), 41)
    assert values(pipeline, "write.netsuite") == []


def test_nothing_is_thrown_away_without_a_reason(pipeline, dead):
    """Who threw it away, and why, is asked months later."""
    letter = dead("read.netsuite", b"junk")
    with pytest.raises(Rejected, match="say why"):
        letters.discard(pipeline, letter, Act("ada", "", 5_000))
    letters.discard(pipeline, letter, Act("ada", "a test message of ours", 5_000))
    assert letters.name_of(letter) not in letters.opened(pipeline)
    (step,) = steps(pipeline, letters.name_of(letter))
    assert step.step == "discarded"
    assert "a test message of ours" in step.message


def test_a_parked_write_leaves_with_its_line(pipeline):
    """A write that is no longer in the list and nowhere else was lost, as far as anybody can show."""
    for n, act in enumerate((pipeline.release, pipeline.discard)):
        key = f"order:salesforce:80{n}"
        parked = Parked("netsuite", key, "order", 3, "missing_sku", "no CUP", "item:salesforce:01t", 1_000, 9_000, {}, "e1")
        with pipeline.writer("test") as writer:
            writer.send(pipeline.topics.name("parked.netsuite"), key.encode(), pipeline.codec.encode("parked.netsuite", parked))
        assert key in pipeline.table("parked.netsuite")
        act(parked, ACT)
        assert key not in pipeline.table("parked.netsuite")
    found = {a.key: a for a in pipeline.table("audit").values() if a.code == "missing_sku"}
    assert [(a.step, "ada" in a.message, "looked at it" in a.message) for _, a in sorted(found.items())] == [
        ("released", True, True),
        ("discarded", True, True),
    ]
    assert pipeline.table("handling")["order:salesforce:801"].note == "discarded: looked at it"
    with pytest.raises(Rejected, match="say why"):
        pipeline.discard(parked, Act("ada", "", 1))
