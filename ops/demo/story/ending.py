"""At rest: nothing behind, nothing parked that shouldn't be, a replay of everything writes nothing, others can read."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from sqlalchemy import text

from ops.demo.tell import Stage, now
from ops.replay import Span, replay
from ops.reporting import queries
from ops.wiring.mapping import tables_of
from ops.wiring.reporting import database

#: Both systems have been read again and nothing has been written for this long: rest.
QUIET_S = 4.0
#: Waits for a person, as the story wants it.
MEANT = frozenset({"inactive_item"})


async def told(stage: Stage) -> None:
    await asyncio.gather(*(look(stage) for look in (rest, lag, stayed_deleted, foreign, reported, parked)))
    await replayed(stage)


async def accepted(stage: Stage) -> int:
    return await stage.journal("salesforce") + await stage.journal("netsuite")


async def rest(stage: Stage) -> None:
    start = now()
    memory = {"count": await accepted(stage), "since": now()}

    async def quiet() -> str | None:
        count = await accepted(stage)
        if count != memory["count"]:
            memory.update(count=count, since=now())
        return f"{count} accepted changes in all, none in the last {QUIET_S:.0f} s" if now() - memory["since"] >= QUIET_S else None

    await stage.see("no echo: after the last change nothing is written any more", quiet, since=start)


async def lag(stage: Stage) -> None:
    async def none() -> str | None:
        lags = await asyncio.to_thread(stage.pipeline.lags)
        return f"{len(lags)} group and topic pairs, none behind" if not any(x.records for x in lags) else None

    await stage.see("nothing is behind (accord topics)", none)


async def stayed_deleted(stage: Stage) -> None:
    ns, account = stage.world.netsuite, stage.memory["deleted"]

    async def dead() -> str | None:
        found = [r async for r in ns.suiteql("SELECT id FROM customer WHERE companyname = 'Short Lived Ltd'")]
        return f"not in NetSuite, though {account} was edited since" if not found else None

    await stage.see("the deleted customer was not raised from the dead", dead)


async def foreign(stage: Stage) -> None:
    key = f"customer:salesforce:{stage.memory['account']}"
    arguments = (stage.world.kafka, stage.world.registry, stage.pipeline.topics.name("entity.customer"), key)

    async def read() -> str | None:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ops.demo.foreign_reader", *arguments, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        found = json.loads(out or b"null")
        return f"{found['name']}, credit limit {found['credit_limit']}" if found and str(found.get("credit_limit")).startswith("31000") else None

    await stage.see("a consumer that isn't ours reads the golden topic", read)


async def reported(stage: Stage) -> None:
    """Every golden record stands in its table, and what finance asks first has an answer."""
    db, entities = database(stage.world.settings), tuple(tables_of(stage.world.settings))

    async def rows() -> str | None:
        golden = await asyncio.to_thread(stage.pipeline.many, [f"entity.{name}" for name in entities])
        for name in entities:
            async with db.connect() as connection:
                if len(golden[f"entity.{name}"]) != (await connection.execute(text(f"select count(*) from golden_{name}"))).scalar():
                    return None
        found = await queries.ask(db, "open_orders", stage.clock.now().date())
        return f"{len(found.rows)} orders are open (accord report show open_orders)"

    await stage.see("finance's tables hold every golden record", rows)
    await db.dispose()


async def parked(stage: Stage) -> None:
    async def only_meant() -> str | None:
        waiting = await asyncio.to_thread(stage.pipeline.parked)
        odd = [p for p in waiting if p.code not in MEANT]
        return f"{len(waiting)} waiting, all for a person" if not odd else None

    await stage.see("nothing is parked that shouldn't be", only_meant)


async def replayed(stage: Stage) -> None:
    before = await accepted(stage)
    start = now()
    sent = await asyncio.to_thread(replay, stage.pipeline, Span(), int(time.time() * 1000))

    async def through() -> str | None:
        lags = await asyncio.to_thread(stage.pipeline.lags)
        return f"{sent.records} changes again" if not any(x.records for x in lags) else None

    await stage.see("a replay of every change the topics keep runs through", through, since=start)

    async def nothing() -> str | None:
        after = await accepted(stage)
        return "0 writes" if after == before else None

    await stage.see("and writes nothing", nothing, patience_s=1)
