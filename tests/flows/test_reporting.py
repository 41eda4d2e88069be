"""Golden records as tables, from the real topics into a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.kafka import admin
from ops.database import engine
from ops.demo import world
from ops.demo.story.people import changed
from tests.databases import postgres, say
from tests.flows.rig import Rig
from tests.flows.seeds import account, order, sales_order

__all__ = ["postgres"]


class Role:
    """`accord run reporting` as a process."""

    def __init__(self, rig: Rig, url: str) -> None:
        self.rig = rig
        self.environment = {**world.environment(), "ACCORD_RUN__REPORTING_URL": url}
        self.log = rig.folder / "reporting.log"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(self.command("run", "reporting"), stdout=log, stderr=log, env=self.environment)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "ops.cli", *words, "--config", str(self.rig.config)]

    async def ask(self, *words: str) -> str:
        done = await asyncio.to_thread(subprocess.run, self.command(*words), env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout


@asynccontextmanager
async def reporting(rig: Rig, url: str) -> AsyncIterator[tuple[Role, AsyncEngine]]:
    role, db = Role(rig, url), engine(url, Path("unused"))
    try:
        yield role, db
    finally:
        role.process.terminate()
        await asyncio.to_thread(role.process.wait, 20)
        # a group that nobody runs any more would stay behind for ever, and no other test would find the pipeline quiet
        await asyncio.to_thread(admin.forget, admin.client(rig.settings.kafka.bootstrap), [f"{rig.settings.kafka.prefix}reporting"])
        await db.dispose()


async def dump(db: AsyncEngine) -> dict[str, list[Any]]:
    """Every row of every golden table, and the history of statuses."""
    async with db.connect() as connection:
        there = MetaData()
        await connection.run_sync(lambda sync: there.reflect(sync, only=lambda name, _: name.startswith(("golden_", "status_")), resolve_fks=False))
        return {t.name: sorted((tuple(r) for r in await connection.execute(select(t))), key=repr) for t in there.tables.values()}


async def current(rig: Rig, db: AsyncEngine) -> bool:
    """Whether every key of every golden topic, and no other, stands in its table, with the same status of our own."""
    for name in rig.settings.entities:
        topic = await asyncio.to_thread(rig.pipeline.table, f"entity.{name}")
        wanted = sorted((key, golden["salesforce_id"], golden["netsuite_id"], golden["accord_status"]) for key, golden in topic.items())
        async with db.connect() as connection:
            found = await connection.execute(text(f"select key, salesforce_id, netsuite_id, accord_status from golden_{name} order by key"))
            if sorted(tuple(r) for r in found) != wanted:
                return False
    return True


async def test_the_tables_follow_the_topics_through_a_kill_and_a_rebuild(pipeline: Rig, postgres: str):
    """Finance closes on these tables: a kill, a gap while nothing ran, and a rebuild from nothing must leave exactly what the topics say."""
    buyer = await account(pipeline, "Ledger Ltd")
    async with reporting(pipeline, await fresh(postgres)) as (role, db):
        ident = await order(pipeline, buyer, [("CUP-01", 7, "9.99", {"Accord_Discount_Percent__c": Decimal(15)})])
        role.kill()
        await sales_order(pipeline, ident)
        await changed(pipeline.sf, "Account", buyer, {"Phone": "+1 503 555 0177"})
        await pipeline.quiet()
        role.process = role.start()
        await pipeline.until("the tables hold what the topics hold", lambda: same(pipeline, db))
        asked = "select o.total, c.name, c.phone from golden_order o join golden_customer c on c.key = o.customer_key where o.salesforce_id = :id"
        async with db.connect() as connection:
            assert [tuple(r) for r in await connection.execute(text(asked), {"id": ident})] == [(Decimal("59.4400"), "Ledger Ltd", "+1 503 555 0177")]
        first = await dump(db)
        await role.ask("report", "rebuild", "--yes")
        assert await asyncio.to_thread(role.process.wait, 20) != 0, "it must not go on from positions that nobody holds"
        role.process = role.start()
        await pipeline.until("the tables are filled again", lambda: same(pipeline, db))
        assert await dump(db) == first
        shown = await role.ask("report", "show", "open_orders", "--csv")
        assert any("Ledger Ltd" in line and "59.4400" in line for line in shown.splitlines())
        begun = time.monotonic()
        role.process.terminate()
        assert await asyncio.to_thread(role.process.wait, 20) == 0
        assert time.monotonic() - begun < 5


async def fresh(server: str) -> str:
    """A database of its own."""
    name = f"flow_{os.getpid()}"
    await say(server, f"create database {name}")
    return server.format(name)


async def same(rig: Rig, db: AsyncEngine) -> bool:
    """`current`, where there are tables already."""
    async with db.connect() as connection:
        tables = (await connection.execute(text("select json_agg(table_name) from information_schema.tables where table_name like 'golden_%'"))).scalar()
    names = set(json.loads(tables) if isinstance(tables, str) else tables or ())
    return {f"golden_{name}" for name in rig.settings.entities} <= names and await current(rig, db)
