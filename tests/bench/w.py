"""Workload W: changes of 50,000 records, a twentieth of them late, merged into versioned registers; its input, its right answer.

No Kafka client but for filling and reading topics. The same input on every call.
"""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Producer
from fastavro import parse_schema, schemaless_reader, schemaless_writer

from accord.kafka.consumer import read_to_end

MAPPED = ("Name", "Phone", "Email", "Street", "City", "Status")
STRINGS = {"type": "map", "values": "string"}
FIELD = {"type": "record", "name": "FV", "fields": [{"name": "value", "type": "string"}, {"name": "version", "type": "long"}]}
IN_SCHEMA = parse_schema({"type": "record", "name": "Change", "fields": [
    {"name": "id", "type": "string"}, {"name": "system", "type": "string"}, {"name": "version", "type": "long"}, {"name": "fields", "type": STRINGS}]})  # fmt: skip
OUT_SCHEMA = parse_schema({"type": "record", "name": "Out", "fields": [{"name": "id", "type": "string"}, {"name": "fields", "type": STRINGS}]})
STATE_SCHEMA = parse_schema({"type": "record", "name": "State", "fields": [{"name": "fields", "type": {"type": "map", "values": FIELD}}]})
IN_HEADER, OUT_HEADER, STATE_HEADER = (struct.pack(">bI", 0, schema_id) for schema_id in (1, 2, 3))

State = dict[str, dict[str, Any]]


def decode(schema: Any, value: bytes) -> dict[str, Any]:
    source = io.BytesIO(value)
    source.seek(5)
    found: dict[str, Any] = schemaless_reader(source, schema, None)
    return found


def encode(schema: Any, header: bytes, record: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    target.write(header)
    schemaless_writer(target, schema, record)
    return target.getvalue()


def reconcile(state: State, record: dict[str, Any]) -> tuple[dict[str, str], bool]:
    """Merge into `state` in place -> (changed fields, whether the state was written)."""
    version, changed, dirty, fields = record["version"], {}, False, record["fields"]
    for name in MAPPED:
        value = fields.get(name)
        if value is None:
            continue
        known = state.get(name)
        if known is not None and known["version"] >= version:
            continue
        if known is None or known["value"] != value:
            changed[name] = value
        state[name] = {"value": value, "version": version}
        dirty = True
    return changed, dirty


def records(count: int, keys: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """A tenth of the changes carries an older version; each field changes with probability 0.15."""
    chance = random.Random(7)
    current: dict[int, dict[str, str]] = {}
    for n in range(count):
        k = chance.randrange(keys)
        known = current.get(k)
        if known is None:
            known = current[k] = {f: f"{f.lower()}-{chance.randrange(10**6):06d}-{'x' * 6}" for f in MAPPED}
        else:
            for f in MAPPED:
                if chance.random() < 0.15:
                    known[f] = f"{f.lower()}-{chance.randrange(10**6):06d}-{'x' * 6}"
        version = 1_700_000_000_000 + (n if chance.random() > 0.1 else max(0, n - count // 2))
        name = f"001A{k:014d}"
        yield name.encode(), {"id": name, "system": "salesforce" if n & 1 else "netsuite", "version": version, "fields": dict(known)}


Outputs = dict[bytes, list[dict[str, str]]]


def reference(count: int, keys: int) -> tuple[Outputs, dict[bytes, State]]:
    """What must come out, per key and in order, and the final state."""
    outputs: Outputs = {}
    states: dict[bytes, State] = {}
    for key, record in records(count, keys):
        changed, _ = reconcile(states.setdefault(key, {}), record)
        if changed:
            outputs.setdefault(key, []).append(changed)
    return outputs, states


def fill(bootstrap: str, topic: str, count: int, keys: int) -> None:
    """Write the input, by key."""
    producer = Producer({
        "bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 20, "enable.idempotence": True,
        "queue.buffering.max.messages": 1_000_000, "queue.buffering.max.kbytes": 1_000_000})  # fmt: skip
    for key, record in records(count, keys):
        producer.produce(topic, encode(IN_SCHEMA, IN_HEADER, record), key)
        producer.poll(0)
    left = producer.flush(120)
    assert left == 0, f"{left} records of the input were not delivered"


def outputs_of(bootstrap: str, topic: str) -> Outputs:
    """What did come out, per key and in order, of committed transactions."""
    found: Outputs = {}
    for record in read_to_end(bootstrap, topic):
        assert record.key is not None
        assert record.value is not None
        found.setdefault(record.key, []).append(decode(OUT_SCHEMA, record.value)["fields"])
    return found


def states_of(bootstrap: str, topic: str) -> dict[bytes, State]:
    """The last state of each key."""
    return {r.key: decode(STATE_SCHEMA, r.value)["fields"] for r in read_to_end(bootstrap, topic) if r.key and r.value}
