"""Golden records to `terms.<store>` to a shop's shelf, on a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from accord.clock import SystemClock
from accord.errors import Fatal
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import read_to_end
from accord.kafka.producer import TransactionalWriter
from accord.kafka.registry import ConfluentRegistry
from ops.terms.publish import Cluster, publish
from ops.terms.serve import Following, follow
from ops.terms.shelf import Shelf
from schemas.topics import Topics, pipeline_topics
from streams.terms.store import View
from tests.streams.terms import goods
from tests.waiting import InThread, until

ENTITIES = ("item", "price", "customer")
LAMP = b"item:netsuite:9"


class Town:
    """Topics of two stores, and golden records put on them by hand."""

    def __init__(self, kafka: str, registry: str, prefix: str) -> None:
        topics = [t for t in pipeline_topics([], ENTITIES, ["us", "de"]) if t.name.startswith(("entity.", "terms."))]
        admin.ensure(admin.client(kafka), admin.wanted(topics, prefix))
        self.codec = Codec(ConfluentRegistry(registry))
        self.cluster = Cluster(kafka, Topics(prefix), self.codec, {})
        self.writer = TransactionalWriter(kafka, f"{prefix}test")
        self.writer.start()

    def put(self, *records) -> None:
        self.writer.begin()
        for entity, key, golden in records:
            topic = f"entity.{entity}"
            value = None
            if golden is not None:
                head = {"stage": "", **{f["name"]: f["default"] for f in self.codec._schemas[f"Golden{entity.capitalize()}"]["fields"] if "default" in f}}
                value = self.codec.encode(topic, {k: v for k, v in (head | golden).items() if k in head or k == "key"})
            self.writer.send(self.cluster.topics.name(topic), key.encode(), value)
        self.writer.commit()

    def written(self, store: str) -> list[tuple[bytes, object]]:
        """Every record of the store's topic, compacted or not."""
        found = read_to_end(self.cluster.bootstrap, self.cluster.topics.name(f"terms.{store}"))
        return [(r.key or b"", r.value and self.codec.decode(r.value)) for r in found]


@pytest.fixture
def town(kafka: str, registry: str, topic_prefix: str) -> Iterator[Town]:
    made = Town(kafka, registry, topic_prefix)
    yield made
    made.writer.close()


def publishing(town: Town, *ends: type[Fatal]) -> InThread:
    """The role, for two stores."""
    views = [View(s, "base", one_world=True) for s in (goods.US, goods.DE)]
    cluster = Cluster(town.cluster.bootstrap, town.cluster.topics, Codec(town.codec._registry), {})
    return InThread(lambda stop: publish(cluster, views, ENTITIES, lambda: int(time.time() * 1000), stop), *ends)


def last(town: Town, store: str, key: bytes = LAMP) -> object:
    return dict(town.written(store)).get(key)


def test_terms_follow_the_golden_records_and_a_restart_writes_only_what_differs(town: Town):
    """A price that changed while nobody ran must reach the shop, and nothing else may wake it."""
    town.put(goods.item(9), goods.item(8), goods.price(9, "71"), goods.price(9, "60", currency="EUR"))
    with publishing(town):
        until(lambda: last(town, "us") and last(town, "de"), "terms in both stores")
        town.put(goods.price(9, "72"))
        until(lambda: last(town, "us").price == 72, "the new price")
    assert last(town, "de").price == 60
    before = len(town.written("us")), len(town.written("de"))
    town.put(goods.price(9, "59", currency="EUR"), ("item", "item:netsuite:8", None))
    with publishing(town):
        until(lambda: last(town, "de").price == 59, "the price that changed meanwhile")
        until(lambda: b"item:netsuite:8" in dict(town.written("us")) and last(town, "us", b"item:netsuite:8") is None, "the item that went meanwhile")
    assert (len(town.written("us")), len(town.written("de"))) == (before[0] + 1, before[1] + 2)


def test_a_second_publisher_fences_the_first(town: Town):
    """Two at once would write older terms over newer ones."""
    town.put(goods.item(9), goods.price(9, "71"))
    with publishing(town, Fatal) as first:
        until(lambda: last(town, "us"), "terms")
        with publishing(town):
            town.put(goods.price(9, "72"))
            until(lambda: last(town, "us").price == 72, "the new price")
            town.put(goods.price(9, "73"))
            until(lambda: last(town, "us").price == 73, "the newest price")
            until(lambda: first.errors, "the first one's end")


def test_a_shelf_is_loaded_whole_and_then_follows(town: Town):
    """A shop that reads before all is loaded takes its products off sale; one that isn't followed sells at yesterday's price."""
    town.put(goods.item(9), goods.price(9, "71"))
    following = Following(SystemClock(), {"us": Shelf("us", ("USD",)), "de": Shelf("de", ("EUR",))})

    async def scenario() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(follow(town.cluster, following, stop))
        await asyncio.wait_for(following.ready.wait(), 60)
        assert following.shelves["us"].answer("SKU-9").price == "71.00"
        await asyncio.to_thread(town.put, goods.price(9, "72"))
        async with asyncio.timeout(60):
            while following.shelves["us"].answer("SKU-9").price != "72.00":
                await asyncio.sleep(0.05)
        assert following.health().ready
        stop.set()
        await running

    with publishing(town):
        until(lambda: last(town, "us"), "terms")
        asyncio.run(scenario())
