"""The floor for customers: decode a change and its body, merge by version, encode state and changed fields. `python -m tests.bench.customer_peer JSON`."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from accord.kafka.consumer import settings as consumer_settings
from accord.kafka.producer import settings as producer_settings
from tests.bench.codec import plain
from tests.bench.w import OUT_HEADER, OUT_SCHEMA, STATE_HEADER, STATE_SCHEMA, State, encode

BATCH = 1_000


def merged(state: State, body: dict[str, Any], version: int) -> tuple[dict[str, str], bool]:
    """In place, as `tests.bench.w.reconcile` does -> (changed fields, whether the state was written)."""
    changed, dirty = {}, False
    for name, raw in body.items():
        value = raw if isinstance(raw, str) else str(raw.get("value") if isinstance(raw, dict) else raw)
        known = state.get(name)
        if known is not None and known["version"] >= version:
            continue
        if known is None or known["value"] != value:
            changed[name] = value
        state[name] = {"value": value, "version": version}
        dirty = True
    return changed, dirty


def main() -> None:
    from accord.kafka.codec import shipped

    given = json.loads(sys.argv[1])
    producer = Producer(producer_settings(given["bootstrap"], given["group"], {"linger.ms": "5"}))
    producer.init_transactions(30)
    consumer = Consumer(consumer_settings(given["bootstrap"], given["group"]))
    consumer.subscribe(given["sources"])
    _, decode = plain(shipped()["Change"])
    states: dict[bytes, State] = {}
    while True:
        messages = consumer.consume(BATCH, 0.2)
        if not messages:
            continue
        offsets = {(m.topic(), m.partition()): m.offset() + 1 for m in messages}
        producer.begin_transaction()
        producer.send_offsets_to_transaction([TopicPartition(t, p, o) for (t, p), o in offsets.items()], consumer.consumer_group_metadata(), 30)
        for message in messages:
            key: Any = message.key()
            value: Any = message.value()
            partition: Any = message.partition()
            change = decode(value)
            state = states.setdefault(key, {})
            changed, dirty = merged(state, msgspec.json.decode(change["body"]), max(change["number"], change["time"]))
            if dirty:
                producer.produce(given["state"], encode(STATE_SCHEMA, STATE_HEADER, {"fields": state}), key, partition)
            if changed:
                producer.produce(given["out"], encode(OUT_SCHEMA, OUT_HEADER, {"id": key.decode(), "fields": changed}), key, partition)
        producer.commit_transaction(30)


if __name__ == "__main__":
    main()
