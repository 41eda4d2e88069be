"""The history is read from the topics themselves, and nothing is written to them."""

from __future__ import annotations

from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.producer import TransactionalWriter
from accord.kafka.registry import ConfluentRegistry
from ops.mapping.history import history
from ops.pipeline import Pipeline
from schemas.events import Record
from schemas.topics import Topics, pipeline_topics
from tests.ops.mapping.test_replay import change


def test_bodies_and_records_come_from_the_topics(kafka, registry, topic_prefix):
    """A comparison must see exactly what the pipeline kept, and must leave no trace: no group, no record, no topic."""
    names = {"position", "record", "link", "change.salesforce.account"}
    topics = [t for t in pipeline_topics([("salesforce", "Account")], [], []) if t.name in names]
    client = admin.client(kafka)
    admin.ensure(client, admin.wanted(topics, topic_prefix))
    pipeline = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    writer = TransactionalWriter(kafka, f"{topic_prefix}test")
    writer.start()
    writer.begin()
    key = b"customer:salesforce:001A"
    for each in (change("salesforce", {"Name": "Acme", "Site": "X"}), change("salesforce", {"Site": "Y"}, "update")):
        writer.send(pipeline.topics.name("change.salesforce.account"), key, pipeline.codec.encode("change.salesforce.account", each))
    writer.send(pipeline.topics.name("record"), key, pipeline.codec.encode("record", Record(key.decode(), "customer")))
    writer.commit()
    writer.close()
    found = history(pipeline)
    assert found.bodies == {key.decode(): {"Name": "Acme", "Site": "Y"}}
    assert (list(found.records), found.changes) == ([key.decode()], 2)
    assert admin.groups(client, topic_prefix) == []
