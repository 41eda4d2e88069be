"""Others on workload W, each as one would write it with that library: `python -m tests.bench.w_peers VARIANT JSON`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from accord.kafka.consumer import settings as consumer_settings
from accord.kafka.producer import settings as producer_settings
from tests.bench.w import IN_SCHEMA, OUT_HEADER, OUT_SCHEMA, STATE_HEADER, STATE_SCHEMA, State, decode, encode, reconcile

BATCH = 1_000


def bare(given: dict[str, Any]) -> None:
    """The floor in Python: one loop on confluent-kafka with our own settings, a dictionary as state, one transaction per fetch."""
    producer = Producer(producer_settings(given["bootstrap"], given["group"], {"linger.ms": "5"}))
    producer.init_transactions(30)
    consumer = Consumer(consumer_settings(given["bootstrap"], given["group"]))
    consumer.subscribe([given["source"]])
    states: dict[bytes, State] = {}
    produce, out, state_topic = producer.produce, given["out"], given["state"]
    while True:
        messages = consumer.consume(BATCH, 0.2)  # waits for a whole batch: best for throughput, bad for latency
        if not messages:
            continue
        offsets = {m.partition(): m.offset() + 1 for m in messages}
        producer.begin_transaction()
        producer.send_offsets_to_transaction([TopicPartition(given["source"], p, o) for p, o in offsets.items()], consumer.consumer_group_metadata(), 30)
        for message in messages:
            partition = message.partition()
            record, key = decode(IN_SCHEMA, message.value()), message.key()
            state = states.get(key)
            if state is None:
                state = states[key] = {}
            changed, dirty = reconcile(state, record)
            if dirty:
                produce(state_topic, encode(STATE_SCHEMA, STATE_HEADER, {"fields": state}), key, partition)
            if changed:
                produce(out, encode(OUT_SCHEMA, OUT_HEADER, {"id": record["id"], "fields": changed}), key, partition)
        producer.commit_transaction(30)


def quix(given: dict[str, Any]) -> None:
    """Quix Streams: RocksDB state with a changelog topic, its default guarantee, Avro in and out."""
    from quixstreams import Application

    app = Application(
        broker_address=given["bootstrap"], consumer_group=given["group"], auto_offset_reset="earliest", state_dir=given["dir"], loglevel="WARNING"
    )
    source = app.topic(given["source"], key_deserializer="bytes", value_deserializer="bytes")
    out = app.topic(given["out"], key_serializer="bytes", value_serializer="bytes")

    def step(value: bytes, state: Any) -> bytes | None:
        record, raw = decode(IN_SCHEMA, value), state.get_bytes("s")
        registers: State = {} if raw is None else decode(STATE_SCHEMA, raw)["fields"]
        changed, dirty = reconcile(registers, record)
        if dirty:
            state.set_bytes("s", encode(STATE_SCHEMA, STATE_HEADER, {"fields": registers}))
        return encode(OUT_SCHEMA, OUT_HEADER, {"id": record["id"], "fields": changed}) if changed else None

    frame = app.dataframe(source).apply(step, stateful=True)
    frame.filter(lambda value: value is not None).to_topic(out)
    app.run()


def faust(given: dict[str, Any]) -> None:
    """Stock Faust on its aiokafka driver: one event at a time, a dictionary as state, its default guarantee."""
    import faust as stock

    app = stock.App(
        given["group"], broker=f"kafka://{given['bootstrap']}", datadir=given["dir"], value_serializer="raw", key_serializer="raw",
        topic_allow_declare=False, topic_disable_leader=True, web_enabled=False, producer_linger=0.02, producer_max_batch_size=1 << 18,
    )  # fmt: skip
    source, out, state_topic = (app.topic(given[name], value_type=bytes, key_type=bytes) for name in ("source", "out", "state"))
    states: dict[bytes, State] = {}

    @app.agent(source)
    async def merge(stream: Any) -> None:
        async for event in stream.events():
            record = decode(IN_SCHEMA, event.value)
            state = states.setdefault(event.key, {})
            changed, dirty = reconcile(state, record)
            if dirty:
                await state_topic.send(key=event.key, value=encode(STATE_SCHEMA, STATE_HEADER, {"fields": state}))
            if changed:
                await out.send(key=event.key, value=encode(OUT_SCHEMA, OUT_HEADER, {"id": record["id"], "fields": changed}))

    stock.Worker(app, loglevel="WARNING", quiet=True).execute_from_commandline()


PEERS: dict[str, Callable[[dict[str, Any]], None]] = {"bare": bare, "quix": quix, "faust": faust}

if __name__ == "__main__":
    PEERS[sys.argv[1]](json.loads(sys.argv[2]))
