"""The audit trail, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ops.audit.store import AuditStore
from ops.database import engine
from schemas.events import Audit


def step(**over):
    step = Audit("c1", 1, "read", "salesforce", "customer", key="", record_id="001", event_id="e1", code="", message="", detail="", duration_ms=0)
    return replace(step, **over)


@asynccontextmanager
async def opened(url):
    store = AuditStore(engine(url, Path("unused")))
    await store.open()
    yield store
    await store.close()


def test_a_trace_by_one_side_finds_what_happened_on_both(database_url):
    """Support asks with the id it has; the answer must hold the other system's steps too."""

    async def run():
        async with opened(database_url) as store:
            await store.add([(0, 0, step()), (0, 1, step(at=2, step="decided", key="customer:salesforce:001"))])
            await store.add(
                [(1, 0, step(at=3, correlation_id="c2", step="applied", system="netsuite", key="customer:salesforce:001", record_id="77", event_id="e2"))]
            )
            return [r["step"] for r in await store.trace("001")]

    assert asyncio.run(run()) == ["read", "decided", "applied"]


def test_a_step_read_twice_leaves_one_row(database_url):
    """The topic may be read again after a crash at any point."""

    async def run():
        async with opened(database_url) as store:
            for _ in range(2):
                await store.add([(0, 0, step())])
            return await store.trace("c1")

    assert len(asyncio.run(run())) == 1


def test_a_store_is_opened_again_and_again(database_url):
    """Every start of the role opens it; what was kept must stay."""

    async def run():
        async with opened(database_url) as store:
            await store.add([(0, 0, step(message="größer, “quoted”, 日本", detail='{"fields": {"a": "1"}}'))])
        async with opened(database_url) as store:
            return await store.trace("e1")

    (row,) = asyncio.run(run())
    assert (row["message"], row["detail"], row["at"]) == ("größer, “quoted”, 日本", '{"fields": {"a": "1"}}', 1)


def test_without_a_url_the_trail_is_a_file(tmp_path):
    """Nobody should need a database server to try it."""

    async def run():
        store = AuditStore(engine("", tmp_path / "state" / "audit.db"))
        await store.open()
        await store.close()

    asyncio.run(run())
    assert (tmp_path / "state" / "audit.db").exists()
