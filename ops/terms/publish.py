"""Follows the golden records and keeps `terms.<store>` in accord with them.

One process holds all of them in memory; a second one fences the first. What was written is the only state, so it may be killed anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge

from accord.errors import Rejected
from accord.kafka.codec import Codec
from accord.kafka.consumer import Table
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Record
from schemas.topics import Topics
from streams.terms.facts import READERS
from streams.terms.publish import Publisher, Written
from streams.terms.store import View

LOG = structlog.get_logger(__name__)
WAIT_S = 0.5
#: Records in one transaction: far below what may be done within its ten seconds.
TRANSACTION = 2_000
WRITTEN = Counter("accord_terms_written_total", "Records written to terms.<store>", ["store"])
KNOWN = Gauge("accord_terms_items", "Items that the terms of stores are made from")


@dataclass(frozen=True, slots=True)
class Cluster:
    """How to reach Kafka, and the names and forms of what is there."""

    bootstrap: str
    topics: Topics
    codec: Codec
    settings: Mapping[str, str]


def publish(cluster: Cluster, stores: Sequence[View], entities: Collection[str], now_ms: Callable[[], int], stop: threading.Event) -> None:
    """Until stopped. `entities`: those that are mirrored; terms are made from what there is of them. Blocking."""
    publisher = Publisher(stores)
    writer = TransactionalWriter(cluster.bootstrap, f"{cluster.topics.prefix}terms", cluster.settings)
    writer.start()
    golden = Table(cluster.bootstrap, [cluster.topics.name(f"entity.{e}") for e in READERS if e in entities], cluster.settings)
    try:
        _stands(cluster, publisher, [view.store.code for view in stores])
        _put(cluster, publisher, golden.load())
        _write(cluster, writer, publisher.everything(now_ms()))
        while not stop.is_set():
            _put(cluster, publisher, golden.follow(WAIT_S))
            _write(cluster, writer, publisher.changes(now_ms()))
    finally:
        golden.close()
        writer.close()


def _stands(cluster: Cluster, publisher: Publisher, stores: Sequence[str]) -> None:
    names = {cluster.topics.name(f"terms.{code}"): code for code in stores}
    table = Table(cluster.bootstrap, names, cluster.settings)
    try:
        for record in table.load():
            event = None if record.value is None else cluster.codec.decode(record.value)
            publisher.load(names[record.topic], (record.key or b"").decode(), event)
    finally:
        table.close()


def _put(cluster: Cluster, publisher: Publisher, records: Iterable[Record]) -> None:
    for record in records:
        entity, key = cluster.topics.bare(record.topic).removeprefix("entity."), (record.key or b"").decode()
        try:
            golden = None if record.value is None else cluster.codec.decode(record.value)
        except Rejected as error:
            LOG.warning("a golden record can't be read and is left out of the terms", key=key, why=str(error))
            continue
        publisher.catalog.put(entity, key, golden)
    KNOWN.set(len(publisher.catalog.items))


def _write(cluster: Cluster, writer: TransactionalWriter, written: Iterable[Written]) -> None:
    every = list(written)
    for first in range(0, len(every), TRANSACTION):
        writer.begin()
        for store, key, event in every[first : first + TRANSACTION]:
            topic = f"terms.{store}"
            value = None if event is None else cluster.codec.encode(topic, event)
            writer.send(cluster.topics.name(topic), key.encode(), value)
            WRITTEN.labels(store).inc()
        writer.commit()
