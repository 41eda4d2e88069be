"""What a rebuild drops, keeps, and finds different. The whole of it: tests/flows/test_stillness.py."""

from __future__ import annotations

import pytest

from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import GroupConsumer
from accord.kafka.registry import ConfluentRegistry
from ops.pipeline import Pipeline
from ops.rebuild import Difference, clear, differences
from schemas.topics import Topics, pipeline_topics

OLD = {("customer", "a"): {"name": "Acme", "phone": "1"}, ("customer", "b"): {"name": "B"}}


def test_only_what_is_not_as_it_was_is_named():
    """Who rebuilds must see at once whether anything was lost: a record, a field, or nothing."""
    assert differences(OLD, dict(OLD)) == []
    new = {("customer", "a"): {"name": "Acme", "phone": "2"}, ("item", "c"): {}}
    assert differences(OLD, new) == [
        Difference("customer", "a", "differs", ["phone"]), Difference("customer", "b", "gone"), Difference("item", "c", "made"),
    ]  # fmt: skip


def test_state_goes_and_what_people_and_readers_need_stays(kafka, registry, topic_prefix):
    """The audit trail can't be had again, and reports must not stand empty; what the old state had read would hide the new one's changes."""
    client = admin.client(kafka)
    topics = pipeline_topics([("salesforce", "Account")], ["customer"], ["us"])
    made = admin.ensure(client, admin.wanted(topics, topic_prefix))
    other = [t for t in pipeline_topics([], [], []) if t.name == "record"]
    admin.ensure(client, admin.wanted(other, f"other.{topic_prefix}"))
    pipeline = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    member = GroupConsumer(kafka, f"{topic_prefix}streams")
    try:
        member.subscribe([pipeline.topics.name("observation")], lambda _: None, lambda _: None)
        while not admin.groups(client, topic_prefix) or not admin.shares(client, f"{topic_prefix}streams"):
            member.poll(0.1)
        with pytest.raises(Rejected, match="stop them first"):
            clear(pipeline)
        assert len([n for n in client.list_topics(timeout=10).topics if n.startswith(topic_prefix)]) == len(made)
    finally:
        member.close()
    clear(pipeline)
    left = {n.removeprefix(topic_prefix) for n in client.list_topics(timeout=10).topics if n.startswith(topic_prefix)}
    assert left == {"entity.customer", "terms.us", "audit", "deadletter", "notice", "notified", "handling"}
    assert admin.groups(client, topic_prefix) == []
    assert f"other.{topic_prefix}record" in client.list_topics(timeout=10).topics
    admin.delete(client, f"other.{topic_prefix}")
