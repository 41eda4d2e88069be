"""Terms of stores: the role that writes them, and the API that shops read."""

from __future__ import annotations

import asyncio

from accord.clock import SystemClock, epoch_ms
from accord.config import Settings
from accord.errors import Fatal
from ops.terms.publish import Cluster, publish
from ops.terms.serve import serve
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities
from ops.wiring.process import in_thread
from streams.mapping import stores
from streams.terms.store import views


async def terms(settings: Settings, stop: asyncio.Event) -> None:
    """Keep `terms.<store>` in accord with the golden records."""
    found, reference = entities(settings), stores(settings.reference, settings.stores)
    if not reference.stores:
        raise Fatal("the configuration names no stores, so there are no terms to write; add [stores.<code>], docs/guide.md shows how")
    topics, codec = ready(settings, found, SENDS["terms"])
    cluster, clock = Cluster(settings.kafka.bootstrap, topics, codec, settings.kafka.client()), SystemClock()
    await in_thread(lambda ended: publish(cluster, views(reference), tuple(found), lambda: epoch_ms(clock.now()), ended), stop)


async def api(settings: Settings, stop: asyncio.Event) -> None:
    """Answer shops."""
    topics, codec = ready(settings, entities(settings), SENDS["api"])
    cluster = Cluster(settings.kafka.bootstrap, topics, codec, settings.kafka.client())
    await serve(settings.api, stores(settings.reference, settings.stores).stores, cluster, SystemClock(), stop)
