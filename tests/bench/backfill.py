"""What a saturating backfill does to live changes, and how much of what they leave it uses. NetSuite answers after a fixed time, so its slots are what is scarce."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.kafka.producer import TransactionalWriter
from ops.demo import seed, world
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.flow import loaded
from tests.bench.town import Town, opened, until

#: The account's calls at once (the sandbox's own default), of which one stays free for live changes.
SLOTS, SPARE = 5, 1


@dataclass(frozen=True, slots=True)
class Plan:
    """`live`: customers that people edit, at `rate` a second for `seconds`. `load`: customers that the backfill creates. `latency_s`: NetSuite's."""

    live: int = 100
    load: int = 1_000
    rate: float = 2.0
    seconds: float = 40.0
    latency_s: float = 0.2


SHORT = Plan(live=10, load=60, rate=2.0, seconds=2.0, latency_s=0.1)


async def unheard(town: Town, count: int) -> None:
    """Accounts of which no event ever comes: made while the producers are frozen, whose place in the stream is then taken away."""
    child = town.supervisor.children["producers"].process
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    accounts = [{**seed.account(4 * (10_000 + n)), "AccountNumber": f"L-{n}"} for n in range(count)]
    for start in range(0, count, 200):
        await town.world.salesforce.create_all(accounts[start : start + 200])
    await asyncio.to_thread(_forget, town)
    os.kill(child.pid, signal.SIGKILL)
    await until("the producers are back", lambda: _other(town, child.pid), every_s=0.2)


async def _other(town: Town, pid: int) -> bool:
    child = town.supervisor.children["producers"].process
    return child is not None and child.pid != pid and child.returncode is None


def _forget(town: Town) -> None:
    """A source without a position begins with what happens from now on."""
    topics = town.pipeline.topics
    writer = TransactionalWriter(town.world.kafka, f"{topics.prefix}bench")
    writer.start()
    writer.begin()
    writer.send(topics.name("position"), b"salesforce.cdc", None)
    writer.commit()
    writer.close()


async def load(town: Town) -> asyncio.subprocess.Process:
    """The command as people give it."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops.cli", "backfill", "customer", "--system", "salesforce", "--config", str(town.world.config), env=world.environment(),
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


def _creates(calls: Mapping[str, int]) -> int:
    return sum(n for shape, n in calls.items() if shape.startswith("POST") and "/record/v1/customer" in shape)


def _slots(calls: Mapping[str, int], before: Mapping[str, int]) -> tuple[int, int]:
    """(creates, all other calls that hold a slot) since then."""
    more = {shape: n - before.get(shape, 0) for shape, n in calls.items()}
    limited = sum(n for shape, n in more.items() if "/record/" in shape or "restlet" in shape or "suiteql" in shape)
    return _creates(more), limited - _creates(more)


async def measure(plan: Plan) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        async with opened(Path(folder), plan.live) as town:
            await town.http.post(f"{town.world.sandbox['faults']}/netsuite/options", json={"base_latency_s": plan.latency_s, "concurrency": SLOTS})
            await unheard(town, plan.load)
            await town.quiet()
            idle = (await loaded(town, plan.rate, plan.seconds)).late
            return [*await _beside(town, plan, percentile(idle, 0.99)), Figure("backfill.live.p50@idle", round(percentile(idle, 0.5), 1), "ms")]


async def _beside(town: Town, plan: Plan, idle_p99: float) -> list[Figure]:
    """The same edits while the load goes on."""
    first = await town.calls("netsuite")
    process = await load(town)

    async def saturated() -> bool:
        return _slots(await town.calls("netsuite"), first)[0] >= 2 * SLOTS

    await until("the load writes", saturated)
    before, begun = await town.calls("netsuite"), time.monotonic()
    late = (await loaded(town, plan.rate, plan.seconds)).late
    took, after = time.monotonic() - begun, await town.calls("netsuite")
    backfill, others = (calls * plan.latency_s / took for calls in _slots(after, before))
    left = max(SLOTS - SPARE - others, 0.1)
    going_on = _slots(after, first)[0] < plan.load
    await process.wait()
    out: Sequence[Figure] = (
        Figure("backfill.live.p99", round(percentile(late, 0.99), 1), "ms", "the same edits without a backfill", round(idle_p99, 1)),
        Figure("backfill.used_of_left", round(backfill, 2), "slots", "what live calls and the spare slot leave", round(left, 2)),
        at_most("backfill.refused", after.get("refused 429", 0) + after.get("refused 400", 0) - first.get("refused 429", 0) - first.get("refused 400", 0), "calls", 1),
        Figure("backfill.rate", round(backfill / plan.latency_s, 1), "records/s"),
        Figure("backfill.saturating", float(going_on), "yes = 1"),
        Figure("backfill.load", round(os.getloadavg()[0], 1), "processes"),
    )
    return list(out)


def run(plan: Plan) -> list[Figure]:
    return asyncio.run(measure(plan))
