"""A rejected order reaches people, and is forgotten when it is mended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

from ops.demo import world
from ops.demo.story.people import changed
from tests.flows.rig import Rig
from tests.flows.seeds import account, order, sales_order


async def accord(rig: Rig, *words: str) -> str:
    """What the command says."""
    command = [sys.executable, "-m", "ops.cli", *words, "--config", str(rig.config)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True, env={**world.environment(), "COLUMNS": "250"})
    return done.stdout


async def test_a_rejected_order_is_told_once_taken_on_and_closed_by_its_mend(pipeline: Rig):
    """Whoever mends the record need do nothing else: no list to tick, no queue to empty."""
    buyer = await account(pipeline, "Notice Buyer")
    ident = await order(pipeline, buyer, [("CUP-01", 1, "9.99", {})], ShippingPostalCode="ABC")
    key = f"order:salesforce:{ident}"

    async def notice() -> Any:
        return (await asyncio.to_thread(pipeline.pipeline.table, "notified")).get(key)

    opened = await pipeline.until("the notice", notice)
    assert (opened.status, opened.code, opened.stores, opened.system, opened.closed_at) == ("rejected", "address_invalid", ("us",), "salesforce", 0)
    assert "ABC" in opened.message
    assert key in await accord(pipeline, "errors", "--code", "address_invalid")
    await accord(pipeline, "errors", "handle", key, "--by", "ada")

    async def taken() -> bool:
        return (await asyncio.to_thread(pipeline.pipeline.table, "notice"))[key].handled_by == "ada"

    await pipeline.until("ada's word", taken)
    await changed(pipeline.sf, "Order", ident, {"ShippingPostalCode": "97209"})
    await sales_order(pipeline, ident)

    async def closed() -> bool:
        return (await notice()).closed_at > 0 and key not in await asyncio.to_thread(pipeline.pipeline.table, "notice")

    await pipeline.until("the notice is closed", closed)
