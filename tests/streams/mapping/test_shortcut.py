"""The shipped customer mapping tells reconcile which fields can't matter; deciding on all of them must come to the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from accord.kafka import headers
from accord.kafka.codec import Codec
from ops.wiring.stages import stages
from schemas.events import Audit, Write
from schemas.ids import Ref
from schemas.topics import Topics
from streams.mapping import load, shipped, stores
from streams.stage import Message, Out
from streams.stages.desk import Desk
from streams.stages.reconcile import ReconcileStage
from tests.accord.kafka.fake_registry import FakeRegistry
from tests.bench import customers


def told(codec: Codec, out: Out) -> Any:
    """What a record says, whatever the order of its tables."""
    event = codec.decode(out.value or b"")
    if isinstance(event, Write):
        event = replace(event, parts=tuple(replace(p, body=json.loads(p.body), seeds=json.loads(p.seeds)) for p in event.parts))
    if isinstance(event, Audit):
        event = replace(event, detail=json.loads(event.detail or "null"))
    return out.topic, out.key, event


def test_deciding_on_what_changed_comes_to_the_same_as_deciding_on_everything() -> None:
    """A field that wrongly counts as untouched would stay different in both systems until somebody edits it again."""
    found = load(shipped(), [], stores(customers.REFERENCE, customers.STORES), entities=("customer",), margin_ms=2000)
    rules = found["customer"].rules
    assert rules.context == {"currency", "billing_country", "shipping_country"}
    assert rules.match_fields == {"account_number", "number", "tax_number"}
    codec, topics = Codec(FakeRegistry()), Topics("t.")
    resolve, quick, _ = stages(found, topics, codec, lambda: 1, margin_ms=2000)
    every = {"customer": replace(found["customer"], rules=replace(rules, context=None, match_fields=None))}
    slow = ReconcileStage(Desk(codec, topics, lambda: 1), every, partitions=4)
    made: list[Out] = []
    for topic, change in customers.changes(800, 30):
        key = str(Ref("customer", change.system, change.record_id)).encode()  # type: ignore[arg-type]
        message = Message(topics.name(topic), 0, 0, key, codec.encode(topic, change), 0, headers.of_event(change.event_id))
        seen = [Message(o.topic, 0, 0, o.key, o.value, 0, o.headers) for o in resolve.handle(0, [message]) if o.topic == "t.observation"]
        outs = quick.handle(0, seen)
        assert [told(codec, out) for out in outs] == [told(codec, out) for out in slow.handle(0, seen)]
        made += outs
    assert sum(out.topic == "t.write.netsuite" for out in made) > 150
