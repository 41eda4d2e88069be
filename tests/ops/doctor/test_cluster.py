"""What the doctor says of a cluster: topics, registry, and whose records they hold."""

from __future__ import annotations

import json

import pytest
import tomli_w
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from accord.config import Settings, load
from accord.kafka import admin
from accord.kafka.producer import TransactionalWriter
from ops.doctor.kafka import examine
from ops.pipeline import Pipeline
from ops.wiring.kafka import ready, topics_of
from ops.wiring.mapping import entities
from schemas.events import Position
from tests.streams.mapping.builders import REFERENCE, STORES
from tests.waiting import until


@pytest.fixture
def settings(kafka, registry, topic_prefix, tmp_path) -> Settings:
    table = {
        "kafka": {"bootstrap": kafka, "registry": registry, "prefix": topic_prefix}, "salesforce": {"login_url": "https://x.example", "client_id": "a"},
        "netsuite": {"account": "1"}, "reference": REFERENCE, "stores": STORES, "entities": ["contact", "customer"],
    }  # fmt: skip
    path = tmp_path / "accord.toml"
    path.write_text(tomli_w.dumps(table))
    return load(path)


def test_a_cluster_is_looked_at_and_left_alone(settings):
    """Before the first start nothing is there, and looking must not make it; a topic that somebody changed, and another org's history, are told."""
    found = entities(settings)
    accounts = {"salesforce": "00DA", "netsuite": "1234567_SB1"}
    first = list(examine(settings, found, accounts))
    assert {f.level for f in first} == {"fine"}
    assert any("will be made at the first start" in f.message for f in first)
    client = admin.client(settings.kafka.bootstrap)
    assert [t for t in client.list_topics(timeout=20).topics if t.startswith(settings.kafka.prefix)] == []

    topics, codec = ready(settings, found)
    writer = TransactionalWriter(settings.kafka.bootstrap, f"{settings.kafka.prefix}test")
    writer.start()
    writer.begin()
    for source, held in (("salesforce.customer", {"account": "00DOTHER"}), ("netsuite.customer", {"account": "1234567-sb1"})):
        writer.send(topics.name("position"), source.encode(), codec.encode("position", Position(source, json.dumps(held), 1)))
    writer.commit()
    writer.close()
    other = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
    changed = ConfigResource(ResourceType.TOPIC, topics.name("link"), incremental_configs=[other])
    for done in client.incremental_alter_configs([changed]).values():
        done.result(20)
    until(
        lambda: admin.compared(client, admin.wanted(topics_of(settings, found), settings.kafka.prefix))[1],
        "the broker tells of the change that its controller took",
        20,
    )
    told = [f for f in examine(settings, found, accounts) if f.level == "fault"]
    assert {(f.check, f.message) for f in told} == {
        ("topics", f"{topics.name('link')}: cleanup.policy is delete, expected compact"),
        ("positions", "salesforce.customer has read 00DOTHER, the configuration leads to 00DA"),
    }
    assert all(f.repair for f in told)
    assert Pipeline.of(settings).table("position").keys() == {"salesforce.customer", "netsuite.customer"}


def test_more_copies_than_brokers_and_a_silent_registry_are_told(settings):
    """Both stop the first start; here they are told together, with what to do."""
    kafka = settings.kafka.model_copy(update={"replication": 9, "registry": "http://127.0.0.1:1"})
    told = {f.check: f for f in examine(settings.model_copy(update={"kafka": kafka}), entities(settings), {}) if f.level == "fault"}
    assert "kafka.replication asks for 9 copies" in told["brokers"].message
    assert told["registry"].repair == "start it, or correct kafka.registry"
