"""The reporting tables' process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from accord.config import Settings
from accord.kafka import admin
from accord.kafka.consumer import GATHERED
from accord.kafka.follower import Follower
from accord.kafka.records import Partition
from ops.database import engine
from ops.reporting.follow import follow
from ops.reporting.migrate import migrate, missing
from ops.reporting.store import ReportStore
from ops.reporting.tables import Tables, tables
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities
from streams.mapping import Entity


def database(settings: Settings) -> AsyncEngine:
    """The reporting tables' database: the configuration's, or SQLite in the state directory."""
    return engine(settings.run.reporting_url, settings.run.state_dir / "reporting.db")


def made(found: Mapping[str, Entity]) -> Tables:
    """The tables that the mapping in effect wants."""
    return tables({name: entity.schema for name, entity in found.items()})


async def reporting(settings: Settings, stop: asyncio.Event) -> None:
    """Golden records into their tables, from where the tables are."""
    found = entities(settings)
    topics, codec = await asyncio.to_thread(ready, settings, found, SENDS["reporting"])
    db = database(settings)
    store = ReportStore(db, made(found))
    names = [topics.name(f"entity.{name}") for name in found]
    kafka = settings.kafka
    try:
        await migrate(db, store.tables)
        counts = admin.partition_counts(admin.client(kafka.bootstrap, kafka.client()), names)
        positions = await store.positions([Partition(name, n) for name in names for n in range(counts[name])])
        follower = Follower(kafka.bootstrap, f"{topics.prefix}reporting", positions, {**kafka.client(), **GATHERED})
        try:
            await follow(follower, positions, topics, codec, store, stop)
        finally:
            await asyncio.to_thread(follower.close)
    finally:
        await db.dispose()


async def ddl(settings: Settings) -> str:
    """What the database lacks for the mapping in effect."""
    db = database(settings)
    try:
        return await missing(db, made(entities(settings)))
    finally:
        await db.dispose()


async def forget(settings: Settings, *, history_too: bool) -> None:
    """Drop what the topics can bring back."""
    db, nothing = database(settings), tables({})
    try:
        await migrate(db, nothing)
        await ReportStore(db, nothing).forget(history_too=history_too)
    finally:
        await db.dispose()
