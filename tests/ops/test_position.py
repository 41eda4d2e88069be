"""A person looks at positions, and lets a mass of deletions through."""

from __future__ import annotations

import asyncio

import pytest

from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.producer import TransactionalWriter
from accord.kafka.registry import ConfluentRegistry
from ops.cli.position import position_table
from ops.pipeline import Pipeline
from producers.ledger import KafkaPositions
from producers.outbox import PART
from producers.runner import confirmation
from schemas.events import Position
from schemas.topics import Topics, pipeline_topics


@pytest.fixture
def pipeline(kafka, registry, topic_prefix):
    topics = [t for t in pipeline_topics([], [], []) if t.name in {"position", "audit"}]
    admin.ensure(admin.client(kafka), admin.wanted(topics, topic_prefix))
    found = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    writer = TransactionalWriter(kafka, f"{topic_prefix}test")
    writer.start()
    writer.begin()
    stands = found.codec.encode("position", Position("salesforce.cdc", '{"replay_id":"0a"}', 1))
    writer.send(found.topics.name("position"), b"salesforce.cdc", stands)
    writer.commit()
    writer.close()
    return found


def test_a_confirmation_reaches_the_source_that_stopped(pipeline):
    """The message of a stopped source names this command: if its word did not arrive, the source would stand still for ever."""
    pipeline.confirm("salesforce.cdc", 1_000, 5_000)
    stored = asyncio.run(KafkaPositions(pipeline.bootstrap, pipeline.topics, pipeline.codec.decode).load())
    assert stored == {"salesforce.cdc": '{"replay_id":"0a"}', confirmation("salesforce.cdc"): "5000"}
    assert position_table(pipeline.table("position")).row_count == 2
    assert [a.step for a in pipeline.table("audit").values()] == ["confirmed"]


def test_a_name_that_is_no_source_is_refused_with_those_that_are(pipeline):
    """A typing error must not look like a confirmation."""
    with pytest.raises(Rejected, match=r"reader\.netsuite, reader\.salesforce, salesforce\.cdc"):
        pipeline.confirm("salesforce.cd", 1_000, 5_000)


def test_parts_of_a_position_are_not_shown():
    """A whole reading of prices is stored in 64 parts: they would bury the positions that a person looks for."""
    found = {"netsuite.price": Position("netsuite.price", "{}", 1), f"netsuite.price{PART}07": Position(f"netsuite.price{PART}07", "zip", 1)}
    assert position_table(found).row_count == 1
