"""Errors reach people."""

from __future__ import annotations

import asyncio

from accord.clock import SystemClock
from accord.config import Settings
from accord.links import LinkIndex
from ops.notices.run import Desk
from ops.notices.trouble import of_record
from ops.terms.publish import Cluster
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities
from ops.wiring.process import in_thread
from streams.mapping import stores


async def notices(settings: Settings, stop: asyncio.Event) -> None:
    """Until stopped."""
    found, reference = entities(settings), stores(settings.reference, settings.stores)
    topics, codec = ready(settings, found, SENDS["notices"])
    cluster = Cluster(settings.kafka.bootstrap, topics, codec, settings.kafka.client())
    no_links = LinkIndex()
    desk = Desk(cluster, settings.notices, lambda record: of_record(record, found, reference, no_links), SystemClock(), settings.salesforce.login_url)
    await in_thread(desk.run, stop)
