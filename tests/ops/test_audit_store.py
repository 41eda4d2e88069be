"""The audit trail in a real SQLite file."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ops.audit.store import AuditStore, engine
from schemas.events import Audit


def step(**over):
    step = Audit("c1", 1, "read", "salesforce", "customer", key="", record_id="001", event_id="e1", code="", message="", detail="", duration_ms=0)
    return replace(step, **over)


def test_a_trace_by_one_side_finds_what_happened_on_both(tmp_path):
    """Support asks with the id it has; the answer must hold the other system's steps too."""

    async def run():
        store = AuditStore(engine("", tmp_path))
        await store.open()
        await store.add([(0, 0, step()), (0, 1, step(at=2, step="decided", key="customer:salesforce:001"))])
        await store.add([(1, 0, step(at=3, correlation_id="c2", step="applied", system="netsuite", key="customer:salesforce:001", record_id="77", event_id="e2"))])
        found = [r["step"] for r in await store.trace("001")]
        await store.close()
        return found

    assert asyncio.run(run()) == ["read", "decided", "applied"]


def test_a_step_read_twice_leaves_one_row(tmp_path):
    """The topic may be read again after a crash at any point."""

    async def run():
        store = AuditStore(engine("", tmp_path))
        await store.open()
        for _ in range(2):
            await store.add([(0, 0, step())])
        rows = await store.trace("c1")
        await store.close()
        return rows

    assert len(asyncio.run(run())) == 1
