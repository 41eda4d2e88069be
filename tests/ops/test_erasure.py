"""When a record may be forgotten. What is left of it: tests/streams/stages/test_erase.py; the whole of it: tests/flows/test_erasure.py."""

from __future__ import annotations

import pytest

from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import GroupConsumer, read_to_end
from accord.kafka.records import Offset
from accord.kafka.registry import ConfluentRegistry
from ops.erasure import GROUP, erase, under_way
from ops.pipeline import Act, Lag, Pipeline
from schemas.events import Claims, Erasure, Position, Record
from schemas.topics import PARTITIONS, Topics, pipeline_topics
from streams.stages.marks import OWN

KEY = "contact:salesforce:003"
NEEDED = {"record", "link", "claims", "observation", "position"}
LOADS = {"contact:salesforce", "contact:netsuite", "order:salesforce"}
ACT = Act("jo", "request 7", 5_000)


def test_what_is_under_way_is_told():
    """Who is refused must read what to wait for; a lag of the live lane is always there and no reason."""
    topics = Topics("x.")
    live = [Lag("x.streams", "x.observation", 70), Lag("x.streams", "x.observation.backfill", 0)]
    assert under_way((), (), live, topics) == ""
    assert "4 of its events wait" in under_way(
        (), (), [*live, Lag("x.streams", "x.change.netsuite.contact.backfill", 3), Lag("x.streams", "x.claim.backfill", 1)], topics
    )
    assert "backfill.salesforce.contact has not ended" in under_way((), ["backfill.salesforce.contact"], live, topics)
    assert "contact:netsuite and contact:salesforce" in under_way({"contact:salesforce", "contact:netsuite"}, (), live, topics)


@pytest.fixture
def pipeline(kafka, registry, topic_prefix):
    """A contact that no system holds any more."""
    topics = [t for t in pipeline_topics([], [], []) if t.name in NEEDED]
    admin.ensure(admin.client(kafka), admin.wanted(topics, topic_prefix))
    found = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    with found.writer("test") as writer:
        writer.send(found.topics.name("record"), KEY.encode(), found.codec.encode("record", Record(KEY, "contact")))
    return found


def pass_load(pipeline, *loads):
    """The matcher has seen the marks of these first loads in every partition."""
    with pipeline.writer("test") as writer:
        for partition in range(PARTITIONS):
            marks = Claims("", (), tuple(f"{load}:{p}" for load in loads for p in range(PARTITIONS)))
            writer.send(pipeline.topics.name("claims"), OWN, pipeline.codec.encode("claims", marks), partition=partition)


def stand(pipeline, position):
    """A backfill of contacts by a Bulk job stands here."""
    with pipeline.writer("test") as writer:
        told = Position("backfill.salesforce.contact", position, 1)
        writer.send(pipeline.topics.name("position"), told.source.encode(), pipeline.codec.encode("position", told))


def read_up_to(pipeline, offset):
    """Streams have read the backfill lane up to here."""
    member = GroupConsumer(pipeline.bootstrap, pipeline.topics.prefix + GROUP)
    member.commit([Offset(pipeline.topics.name("observation", "backfill"), 0, offset)])
    member.close()


def asked(pipeline):
    return erase(pipeline, LOADS, KEY, ACT, 50)


def words(pipeline):
    found = read_to_end(pipeline.bootstrap, pipeline.topics.name("observation"))
    return [pipeline.codec.decode(r.value) for r in found if r.value is not None]


def test_nothing_is_erased_while_a_load_or_a_replay_is_under_way(pipeline):
    """What a load has read of the person before comes after the erasure, and makes the record anew without anybody noticing."""
    pass_load(pipeline, "contact:salesforce")
    with pytest.raises(Rejected, match="first load of contact:netsuite has not passed"):
        asked(pipeline)
    pass_load(pipeline, "contact:salesforce", "contact:netsuite")
    stand(pipeline, '{"job":"750","done":false}')
    with pytest.raises(Rejected, match=r"backfill\.salesforce\.contact has not ended"):
        asked(pipeline)
    stand(pipeline, '{"job":"750","done":true}')
    backfill = pipeline.topics.name("observation", "backfill")
    for _ in range(3):
        with pipeline.writer("test") as writer:
            writer.send(backfill, KEY.encode(), b"read before", partition=0)
    read_up_to(pipeline, 2)  # the first, and the end of its transaction
    with pytest.raises(Rejected, match="2 of its events wait"):
        asked(pipeline)
    assert words(pipeline) == []
    read_up_to(pipeline, 6)
    assert asked(pipeline) == (KEY,)
    assert words(pipeline) == [Erasure(KEY, "contact", ACT.at, "jo", "request 7")]


def test_nothing_is_erased_without_a_reason(pipeline):
    """On whose request it was is asked years later."""
    with pytest.raises(Rejected, match="on whose request"):
        erase(pipeline, LOADS, KEY, Act("jo", "", 5_000), 50)
