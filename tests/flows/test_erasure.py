"""A person asks to be forgotten: out of every topic that keeps state, out of the reports and out of the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.clock import SystemClock, epoch_ms
from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.consumer import Table
from ops.database import engine
from ops.demo.story.people import made
from ops.erasure import erase
from ops.pipeline import Act
from ops.reporting.migrate import migrate
from ops.wiring.audit import trail
from ops.wiring.kafka import topics_of
from ops.wiring.mapping import entities, loads
from ops.wiring.reporting import made as made_tables
from ops.wiring.reporting import reporting as run_reporting
from schemas.ids import to_external
from tests.flows.rig import Rig
from tests.flows.seeds import account

NAME, MAIL, PHONE = "Forgotten", "zelda.forgotten@erased.example", "+15035550199"
MARGIN_MS = 5_000


@asynccontextmanager
async def reports(rig: Rig) -> AsyncIterator[AsyncEngine]:
    """The reporting role, on a database of its own."""
    stop, db = asyncio.Event(), engine("", rig.settings.run.state_dir / "reporting.db")
    await migrate(db, made_tables(entities(rig.settings)))
    role = asyncio.create_task(run_reporting(rig.settings, stop))
    try:
        yield db
    finally:
        stop.set()
        await role
        await db.dispose()
        client, group = admin.client(rig.settings.kafka.bootstrap), f"{rig.settings.kafka.prefix}reporting"
        if group in admin.groups(client, group):  # one that nobody runs any more would keep other tests from finding the pipeline quiet
            await asyncio.to_thread(admin.forget, client, [group])


def kept(rig: Rig) -> dict[str, str]:
    """What compaction leaves, keys and values, of every topic that is compacted."""
    pipe = rig.pipeline
    names = [pipe.topics.name(t.name) for t in topics_of(rig.settings, entities(rig.settings)) if t.compact]
    held: dict[tuple[str, bytes], bytes] = {}
    table = Table(pipe.bootstrap, names)
    for record in table.load():
        place = record.topic, record.key or b""
        if record.value is None:
            held.pop(place, None)
        else:
            held[place] = record.value
    table.close()
    out = dict.fromkeys(names, "")
    for (name, key), value in held.items():
        out[name] += f"{key.decode('latin-1')} {value.decode('latin-1')}\n"
    return out


def found_in(held: dict[str, str]) -> dict[str, list[str]]:
    words = (NAME, MAIL, PHONE)
    return {name.partition(".")[2]: found for name, content in held.items() if (found := [w for w in words if w in content])}


async def count(db: AsyncEngine, sql: str, **values: str) -> int:
    async with db.connect() as connection:
        return int((await connection.execute(text(sql), values)).scalar() or 0)


async def person(rig: Rig) -> tuple[str, str]:
    """A contact in both systems: their ids."""
    parent = await account(rig, "Quiet House")
    ident = await made(rig.sf, "Contact", {"AccountId": parent, "FirstName": "Zelda", "LastName": NAME, "Email": MAIL, "Phone": PHONE})

    async def there() -> str | None:
        return await rig.ns.id_of("contact", to_external(f"contact:salesforce:{ident}"))

    return ident, str(await rig.until("the contact is in NetSuite", there))


async def test_a_person_who_asks_to_be_forgotten_is_gone(pipeline: Rig):
    """Deleting somebody in both systems is half of it: what the bridge between them remembers is personal data too."""
    ident, other = await person(pipeline)
    key = f"contact:salesforce:{ident}"
    act = Act("jo", "request 7", epoch_ms(SystemClock().now()))

    def forget() -> tuple[str, ...]:
        return erase(pipeline.pipeline, loads(entities(pipeline.settings)), key, act, MARGIN_MS)

    async def reported() -> int:
        return await count(db, "select count(*) from golden_contact where key = :key", key=key)

    async with reports(pipeline) as db:
        await pipeline.until("the contact is in the reports", reported)
        before = await asyncio.to_thread(kept, pipeline)
        assert set(found_in(before)) >= {"record", "entity.contact"}, "a search that would find nothing proves nothing"
        with pytest.raises(Rejected, match="it is still in"):
            await asyncio.to_thread(forget)
        await pipeline.sf.delete_all([ident])
        await pipeline.ns.delete("contact", other)

        async def asked() -> bool:
            try:
                return bool(await asyncio.to_thread(forget))
            except Rejected:
                return False

        await pipeline.until("both deletions are known", asked)
        audit = engine("", pipeline.settings.run.state_dir / "audit.db")

        async def erased() -> bool:
            return await count(audit, "select count(*) from audit_step where key = :key and step = 'erased'", key=key) == 1 and not await reported()

        await pipeline.until("it is erased", erased)
        assert await count(audit, "select count(*) from audit_step where (key = :key or record_id = :id) and step <> 'erased'", key=key, id=ident) == 0
        await audit.dispose()
        after = await asyncio.to_thread(kept, pipeline)
        assert found_in(after) == {}
        assert [n for n, content in after.items() if key in content and not n.endswith(".assigned")] == []
    for file in Path(pipeline.settings.run.state_dir).glob("reporting.db"):
        assert MAIL.encode() not in file.read_bytes(), "not even where a row was"
    store = trail(pipeline.settings)
    verdict = await store.verify({})
    await store.close()
    assert (verdict.faults, verdict.erased > 0) == ([], True)
