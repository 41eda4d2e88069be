"""What must not happen: echoes, writes of a replay, writes of a dry run. These run last, on all that the other flows left behind."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

from ops.demo import world
from ops.demo.story.people import changed
from ops.replay import Span, replay
from schemas.events import Record, Register
from schemas.ids import SYSTEMS
from streams.reconcile.draft import PRESENT
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, told

#: What refers to nothing else (a reference may be told in another of its two spellings: decision 27).
STANDS_ALONE = frozenset({"customer", "item", "pricebook"})


async def test_one_edit_makes_one_write_and_no_echo(pipeline: Rig):
    """Our own write comes back as a change: it must end there, or two systems talk to each other for ever and eat the API budget."""
    ident = await account(pipeline, "Echo Ltd")
    customer = await customer_of(pipeline, ident)
    await told(pipeline, "Account", ident, Accord_Status__c="synced")
    await pipeline.quiet()
    here, there = await pipeline.last("salesforce"), await pipeline.last("netsuite")
    await changed(pipeline.sf, "Account", ident, {"Phone": "+1 503 555 0111"})

    async def arrived() -> bool:
        return "0111" in (await pipeline.ns.get("customer", customer))["phone"]

    await pipeline.until("the phone is in NetSuite", arrived)
    await pipeline.quiet()
    assert [(e["record_id"], e["change"]) for e in await pipeline.control.journal("salesforce", here)] == [(ident, "UPDATE")], "only the person's own edit"
    assert [(str(e["id"]), e["type"]) for e in await pipeline.control.journal("netsuite", there)] == [(customer, "customer")], "one write, no more"


async def test_a_replay_writes_nothing(pipeline: Rig):
    """Every change of every topic once more: registers know them all, so neither system may see a single write."""
    await pipeline.quiet()
    here, there = await pipeline.last("salesforce"), await pipeline.last("netsuite")
    would = await asyncio.to_thread(replay, pipeline.pipeline, Span(), 0, dry=True)
    command = [sys.executable, "-m", "ops.cli", "replay", *(f"--topic={topic}" for topic in would.topics), "--from", "0", "--config", str(pipeline.config)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, env=world.environment(), check=False)
    assert f"{would.records} changes sent again" in " ".join(done.stdout.split()), done.stdout + done.stderr
    assert would.records > 20
    await pipeline.quiet()
    assert shown(await pipeline.control.journal("salesforce", here)) == []
    assert shown(await pipeline.control.journal("netsuite", there)) == []


async def test_a_state_rebuilt_from_nothing_knows_what_both_systems_hold(pipeline: Rig):
    """The broker's disks are lost: what both systems hold, and our keys on their records, are enough to know customers and goods again, and to
    write nothing to them. What only the topics knew (docs/decisions/0027) is left out: open work, records that are gone on a side, and what documents told."""
    await pipeline.quiet()
    here, there = await pipeline.last("salesforce"), await pipeline.last("netsuite")
    records = await asyncio.to_thread(pipeline.pipeline.table, "record")
    ours = {key for key, record in records.items() if known_again(record)}
    assert {key.partition(":")[0] for key in ours} == STANDS_ALONE
    file = pipeline.folder / "rebuild.json"
    command = [sys.executable, "-m", "ops.cli", "rebuild", "--dry-run", "--json", str(file), "--config", str(pipeline.config)]
    environment = {**world.environment(), "COLUMNS": "200"}
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=200, env=environment, check=False)
    assert file.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    told_of = json.loads(file.read_text())
    assert [w for w in told_of["writes"] if w["key"] in ours] == []
    assert [d for d in told_of["differences"] if d["key"] in ours] == []
    assert shown(await pipeline.control.journal("salesforce", here)) == []
    assert shown(await pipeline.control.journal("netsuite", there)) == []


async def test_a_dry_run_writes_nothing_and_what_it_told_is_then_written(pipeline: Rig):
    """People look before they leap: with all roles stopped, the table names the one new customer and no call that writes is made. What was
    saved while nobody ran is not lost either: it arrives after the next start, and nothing else does."""
    await pipeline.quiet()
    await asyncio.to_thread(pipeline.stop_all)
    ident = await account(pipeline, "Rehearsal Ltd")
    here, there = await pipeline.last("salesforce"), await pipeline.last("netsuite")
    command = [sys.executable, "-m", "ops.cli", "run", "all", "--dry-run", "--config", str(pipeline.config)]
    environment = {**world.environment(), "COLUMNS": "200"}
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=200, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (pipeline.folder / "dry-run.txt").write_text(done.stdout)
    assert "(no call that writes was made)" in " ".join(done.stdout.split())
    assert f"customer:salesforce:{ident}" in done.stdout
    assert shown(await pipeline.control.journal("salesforce", here)) == []
    assert shown(await pipeline.control.journal("netsuite", there)) == []
    pipeline.run_all()
    customer = await customer_of(pipeline, ident)
    await pipeline.quiet()
    assert {(e["type"], str(e["id"])) for e in await pipeline.control.journal("netsuite", there)} == {("customer", customer)}


def known_again(record: Record) -> bool:
    """Whether both systems hold all that is known of it: a record that stands on both sides, refers to no other, and with nothing open."""
    if record.entity not in STANDS_ALONE or len(record.ids) < len(SYSTEMS):
        return False
    seen = {value for register in record.presence.values() for value in values(register)}
    refers = {v for system in SYSTEMS for name in ("members", "parent") for v in values(record.registers[system].get(name, Register()))} - {None, "", "[]"}
    open_ = record.alias or record.retired or record.rejected or record.waiting or record.problems or any(record.held.values())
    return seen <= {PRESENT} and not refers and not open_


def values(register: Register) -> set[str | None]:
    """All that it has seen."""
    return {slot.value for slot in (register.event, register.row, register.assumed) if slot}


def shown(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Entries short enough to read in a failure."""
    return [(e.get("object") or e.get("type"), e.get("record_id") or e.get("id"), e.get("changed") or e.get("fields")) for e in entries]
