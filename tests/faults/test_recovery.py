"""Kill, cut, refuse, delay, expire: then both systems are compared record by record with what people did. Lost 0, doubled 0, differing 0."""

from __future__ import annotations

import asyncio
import signal

import psutil
import pytest

from ops.local import process, stack
from tests.faults.ledger import Ledger
from tests.flows.rig import Rig


async def work(ledger: Ledger, rounds: int = 4) -> None:
    """More than 200 changes from both sides, some of them of the same records again and again, and new records in between."""
    people = await ledger.linked()
    for n in range(rounds):
        await asyncio.gather(ledger.renamed(people), ledger.limited(people[:: n % 2 + 1]))
        await ledger.accounts(5)


@pytest.mark.parametrize("role", ["producers", "streams", "sinks --system salesforce", "sinks --system netsuite", "audit"])
async def test_kill_9_of_a_role_in_the_middle_of_work_loses_and_doubles_nothing(pipeline: Rig, role: str):
    """A machine dies at any moment: what was read, decided or half written by then must arrive once, and the supervisor brings the role back."""
    await up(pipeline, role)
    ledger = Ledger(pipeline, f"KILL{role.rsplit(maxsplit=1)[-1].upper()}")
    await ledger.accounts(30)
    await ledger.linked()
    working = asyncio.create_task(work(ledger))

    async def half() -> bool:
        return ledger.changes > 100

    await pipeline.until("half of the work is done", half)
    victim = await up(pipeline, role)
    victim.kill()
    await working
    assert ledger.changes > 200
    assert (await up(pipeline, role)).pid != victim.pid
    await ledger.verdict()


async def test_a_broker_that_dies_and_comes_back_loses_and_doubles_nothing(pipeline: Rig):
    """Every role loses its broker at once, transactions open: after its return all goes on from the last commit."""
    ledger = Ledger(pipeline, "BROKER")
    await ledger.accounts(20)
    people = await ledger.linked()
    await ledger.renamed(people)
    await killed(pipeline, "kafka")
    await asyncio.gather(ledger.limited(people), ledger.accounts(5))
    await asyncio.to_thread(stack.up, pipeline.folder / "local")
    await ledger.renamed(people)
    await ledger.verdict()


async def test_a_full_disk_at_the_broker_loses_nothing(pipeline: Rig):
    """A broker that can't append ends itself; nothing was acknowledged that isn't kept, so after its restart all goes on."""
    ledger = Ledger(pipeline, "FULL")
    await ledger.accounts(10)
    people = await ledger.linked()
    identity = process.running(pipeline.folder / "local" / "kafka.pid")
    assert identity is not None
    psutil.Process(identity.pid).rlimit(psutil.RLIMIT_FSIZE, (1, 1))  # no file may grow any more: the kernel refuses as it does on a full disk
    await ledger.renamed(people)

    async def gone() -> bool:
        return process.running(pipeline.folder / "local" / "kafka.pid") is None

    await pipeline.until("the broker has ended itself", gone)
    await ledger.limited(people)
    await asyncio.to_thread(stack.up, pipeline.folder / "local")
    await ledger.verdict()


async def test_a_registry_that_is_away_for_a_while_loses_and_doubles_nothing(pipeline: Rig):
    """Roles that know their schemas go on; a role that starts meanwhile waits for the registry and takes nothing for bad data."""
    ledger = Ledger(pipeline, "REGISTRY")
    await ledger.accounts(20)
    people = await ledger.linked()
    await killed(pipeline, "registry")
    victim = await up(pipeline, "streams")
    victim.kill()
    await asyncio.gather(ledger.renamed(people), ledger.limited(people))
    await asyncio.to_thread(stack.up, pipeline.folder / "local")
    await ledger.verdict()


async def test_cut_and_refused_calls_to_netsuite_lose_and_double_nothing(pipeline: Rig):
    """Connections cut after the commit (was it saved?), 429s, a revoked token: nobody may get a second customer out of it."""
    ledger = Ledger(pipeline, "NSCUT")
    await pipeline.fault("netsuite", "reset_after_commit", rate=0.25)
    await pipeline.fault("netsuite", "concurrency_refused", rate=0.25)
    await pipeline.fault("netsuite", "token_revoked", times=3)
    await ledger.accounts(60)
    await ledger.renamed(ledger.people.values())

    async def enough() -> bool:
        struck = (await pipeline.control("GET", "/netsuite/faults"))["struck"]
        return struck.get("reset_after_commit", 0) >= 10 and struck.get("concurrency_refused", 0) >= 10 and struck.get("token_revoked", 0) == 3

    await pipeline.until("the faults have struck", enough)
    await pipeline.clear()
    await ledger.verdict()


async def test_cut_and_refused_calls_to_salesforce_lose_and_double_nothing(pipeline: Rig):
    """The same on the other side: sixty customers made in NetSuite become sixty accounts."""
    ledger = Ledger(pipeline, "SFCUT")
    await pipeline.fault("salesforce", "reset_after_commit", rate=0.3)
    await pipeline.fault("salesforce", "error", rate=0.2, params={"status": 503})
    await pipeline.fault("salesforce", "token_revoked", times=3)
    for _ in range(6):
        await ledger.customers(10)
    await ledger.limited(ledger.people.values())

    async def enough() -> bool:
        struck = (await pipeline.control("GET", "/salesforce/faults"))["struck"]
        return struck.get("reset_after_commit", 0) >= 3 and struck.get("error", 0) >= 3 and struck.get("token_revoked", 0) == 3

    await pipeline.until("the faults have struck", enough)
    await pipeline.clear()
    await ledger.verdict()


async def test_late_commits_in_netsuite_are_seen(pipeline: Rig):
    """A save that takes 4 s shows up behind the poller's cursor with an old stamp: without the overlap it would never be read."""
    ledger = Ledger(pipeline, "LATE")
    await ledger.accounts(8)
    people = await ledger.linked()
    await pipeline.quiet()
    await pipeline.fault("netsuite", "late_commit", params={"seconds": 4.0}, match={"method": "PATCH"})
    await asyncio.gather(ledger.limited(people[:4]), ledger.limited(people[4:]))
    assert (await pipeline.clear())["netsuite"]["late_commit"] >= 8
    await ledger.verdict()


async def test_an_expired_replay_id_loses_nothing(pipeline: Rig):
    """The bus forgot where we were while we were down: what was saved meanwhile is read by its stamp, never skipped to LATEST."""
    ledger = Ledger(pipeline, "EXPIRED")
    await ledger.accounts(8)
    people = await ledger.linked()
    await pipeline.quiet()
    await pipeline.fault("salesforce", "replay_expired", times=1)
    (await up(pipeline, "producers")).kill()
    await ledger.renamed(people)

    async def struck() -> bool:
        return bool((await pipeline.control("GET", "/salesforce/faults"))["struck"].get("replay_expired"))

    await pipeline.until("the replay id was refused", struck)
    await ledger.verdict()


async def test_gap_events_lose_nothing(pipeline: Rig):
    """Salesforce sends an event without a body when it couldn't make one: the record is read whole."""
    ledger = Ledger(pipeline, "GAP")
    await ledger.accounts(8)
    people = await ledger.linked()
    await pipeline.quiet()
    await pipeline.fault("salesforce", "gap", times=5, match={"object": "Account", "change": "UPDATE"})
    await ledger.renamed(people)
    await ledger.verdict()
    assert (await pipeline.clear())["salesforce"]["gap"] == 5


async def up(rig: Rig, role: str) -> psutil.Process:
    """The role's process, once it runs."""

    async def look() -> psutil.Process | None:
        return rig.role(role)

    found: psutil.Process = await rig.until(f"{role} runs", look)
    return found


async def killed(rig: Rig, name: str) -> None:
    """kill -9 of broker or registry."""
    identity = process.running(rig.folder / "local" / f"{name}.pid")
    assert identity is not None
    psutil.Process(identity.pid).send_signal(signal.SIGKILL)

    async def gone() -> bool:
        return process.running(rig.folder / "local" / f"{name}.pid") is None

    await rig.until(f"{name} is gone", gone)
