"""A comparison before the first loads have passed would call everything an orphan."""

from __future__ import annotations

from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.producer import TransactionalWriter
from accord.kafka.registry import ConfluentRegistry
from ops.pipeline import Pipeline
from schemas.events import Claims
from schemas.topics import PARTITIONS, Topics, pipeline_topics
from streams.stages.marks import OWN


def test_a_first_load_has_passed_when_every_partition_of_the_matcher_has_all_its_marks(kafka, registry, topic_prefix):
    """One partition that is behind still holds records that nobody has matched: repairing then would make them twice."""
    topics = [t for t in pipeline_topics([], [], []) if t.name == "claims"]
    admin.ensure(admin.client(kafka), admin.wanted(topics, topic_prefix))
    pipeline = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    assert pipeline.loaded() == set()
    everywhere = [f"item:salesforce:{p}" for p in range(PARTITIONS)]
    writer = TransactionalWriter(kafka, f"{topic_prefix}test")
    writer.start()
    writer.begin()
    for partition in range(PARTITIONS):
        own = [f"customer:salesforce:{p}" for p in range(PARTITIONS - (partition == 1))]
        marks = pipeline.codec.encode("claims", Claims("", (), (*everywhere, *own)))
        writer.send(pipeline.topics.name("claims"), OWN, marks, partition=partition)
    writer.commit()
    writer.close()
    assert pipeline.loaded() == {"item:salesforce"}
