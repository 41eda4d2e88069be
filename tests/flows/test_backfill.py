"""Loads that a person asks for, on a running pipeline."""

from __future__ import annotations

import asyncio
import signal
import sys

from accord.kafka import admin
from accord.kafka.records import Partition
from ops.demo import world
from schemas.topics import PARTITIONS
from tests.flows.rig import Rig


async def accord(rig: Rig, *arguments: str) -> asyncio.subprocess.Process:
    """The command as people give it."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops.cli", *arguments, "--config", str(rig.config), env=world.environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def said(process: asyncio.subprocess.Process) -> str:
    """Everything that it printed; it must have ended well."""
    assert process.stdout is not None
    text = (await process.stdout.read()).decode()
    assert await process.wait() == 0, text
    return text


async def in_backfill(rig: Rig, *topics: str) -> int:
    """Offsets given out on the backfill twins of these topics."""
    places = [Partition(rig.pipeline.topics.name(t, "backfill"), p) for t in topics for p in range(PARTITIONS)]
    ends = await asyncio.to_thread(admin.log_ends, admin.client(rig.pipeline.bootstrap, rig.pipeline.extra), places)
    return sum(ends.values())


async def test_a_load_reads_both_systems_is_held_survives_a_kill_and_writes_nothing_anew(pipeline: Rig):
    """An operator who loads twice, or whose terminal dies, must neither double a customer nor begin again from nothing."""
    topics = ("change.salesforce.account", "change.netsuite.customer")
    before = await in_backfill(pipeline, *topics)
    await said(await accord(pipeline, "backfill", "pause", "customer"))
    killed = await accord(pipeline, "backfill", "customer")

    async def standing() -> bool:
        lags = await asyncio.to_thread(admin.groups, admin.client(pipeline.pipeline.bootstrap), f"{pipeline.pipeline.topics.prefix}budget.")
        return bool(lags) and await in_backfill(pipeline, *topics) == before

    await pipeline.until("the load stands", standing)
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    again = await accord(pipeline, "backfill", "customer")
    await said(await accord(pipeline, "backfill", "resume", "customer"))
    text = await said(again)
    assert "backfill.salesforce.customer:" in text
    assert "backfill.netsuite.customer:" in text
    assert await in_backfill(pipeline, *topics) >= before + 8, "five customers, each side"
    written = {s: await pipeline.last(s) for s in ("salesforce", "netsuite")}
    await pipeline.quiet()
    assert {s: await pipeline.last(s) for s in written} == written


async def test_a_load_that_cannot_be_says_why(pipeline: Rig):
    """A misspelt entity or subsidiary must not look like a load of nothing."""
    for arguments, word in ((("wine",), "nothing is read of 'wine'"), (("customer", "--subsidiary", "mars"), "no subsidiary 'mars'")):
        process = await accord(pipeline, "backfill", *arguments)
        assert process.stdout is not None
        text = (await process.stdout.read()).decode()
        assert await process.wait() != 0
        assert word in text
