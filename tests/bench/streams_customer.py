"""Changes of customers through the real stages in one worker process, beside the bare loop on the same topics.

Ours: `accord run streams` with the shipped customer mapping: resolve, reconcile (state, links, golden records, writes, audit trail) and match.
The peer decodes the same changes and their bodies, merges them by version into a dictionary for each source record, and encodes state and
changed fields. Records per CPU-second of the process, as in `streams_w`: between the first and the last record of its own state topic.
"""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w
from confluent_kafka import Producer

from accord.config import Settings, load
from accord.kafka import admin, headers
from accord.kafka.consumer import read_to_end
from accord.kafka.records import Partition
from ops.local.stack import Endpoints
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities
from schemas.ids import Ref
from schemas.topics import PARTITIONS
from tests.bench import customers
from tests.bench.figures import Figure
from tests.bench.streams_w import cpu_at, watch

TOPICS = ("change.salesforce.account", "change.netsuite.customer")


def configuration(ends: Endpoints, prefix: str, folder: Path) -> Path:
    """For a worker that meets neither system: their addresses lead nowhere."""
    nowhere = "http://127.0.0.1:9"
    table = {
        "kafka": {"bootstrap": ends.kafka, "registry": ends.registry, "prefix": prefix},
        "salesforce": {"login_url": nowhere, "client_id": "none", "username": "none"},
        "netsuite": {"account": "NONE", "rest_url": nowhere, "restlet_url": nowhere},
        "run": {"state_dir": str(folder), "margin_s": 2.0},
        "entities": ["customer"], "reference": customers.REFERENCE, "stores": customers.STORES,
    }  # fmt: skip
    path = folder / "accord.toml"
    path.write_text(tomli_w.dumps(table))
    return path


def fill(settings: Settings, count: int, keys: int) -> None:
    """Topics made, changes written as the producers write them."""
    topics, codec = ready(settings, entities(settings))
    producer = Producer({
        "bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random", "linger.ms": 20, "enable.idempotence": True,
        "queue.buffering.max.messages": 1_000_000})  # fmt: skip
    for topic, change in customers.changes(count, keys):
        key = str(Ref(change.entity, change.system, change.record_id))
        producer.produce(topics.name(topic), codec.encode(topic, change), key, headers=list(headers.of_event(change.event_id)))
        producer.poll(0)
    left = producer.flush(120)
    assert left == 0, f"{left} changes were not delivered"


def measured(command: Sequence[str], settings: Settings, state: str, count: int, folder: Path) -> float:
    """Records per CPU-second of one process."""
    client, log = admin.client(settings.kafka.bootstrap), folder / f"{state}.log"
    with log.open("wb") as out:
        samples, _ = watch(command, out, lambda: sum(admin.log_ends(client, [Partition(state, p) for p in range(PARTITIONS)]).values()))
    written = [record.timestamp / 1000 for record in read_to_end(settings.kafka.bootstrap, state)]
    assert len(written) >= count * 0.9, f"{len(written)} states of {count} changes:\n{log.read_text(errors='replace')[-3000:]}"
    return count / (cpu_at(samples, max(written)) - cpu_at(samples, min(written)))


def run(ends: Endpoints, *, count: int = 60_000, keys: int = 8_000) -> list[Figure]:
    prefix = f"bench{uuid.uuid4().hex[:6]}."
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = configuration(ends, prefix, folder)
        settings = load(config)
        client = admin.client(ends.kafka)
        try:
            fill(settings, count, keys)
            admin.ensure(client, [admin.Wanted(prefix + topic, PARTITIONS, {}) for topic in ("bare.state", "bare.out")])
            ours = measured([sys.executable, "-m", "ops.cli", "run", "streams", "--config", str(config)], settings, prefix + "record", count, folder)
            given: dict[str, Any] = {
                "bootstrap": ends.kafka, "registry": ends.registry, "group": prefix + "bare", "sources": [prefix + t for t in TOPICS],
                "state": prefix + "bare.state", "out": prefix + "bare.out",
            }  # fmt: skip
            bare = measured([sys.executable, "-m", "tests.bench.customer_peer", json.dumps(given)], settings, prefix + "bare.state", count, folder)
        finally:
            admin.delete(client, prefix)
    return [Figure("streams.customer", round(ours), "records/CPU-s", "bare confluent-kafka loop", round(bare))]
