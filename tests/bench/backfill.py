"""What a saturating backfill does to live changes, and how much of what they leave it uses.

The backfill is the first load of customers. NetSuite answers after a fixed time, so its calls at once are what is scarce, not the machine.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.clock import SystemClock
from ops.wiring.budget import concurrency
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.flow import loaded
from tests.bench.town import Town, joined_up, opened, until

#: The account's calls at once: one stays for people. Of what is Accord's, one stays free for the next live call (accord/budget/divide.py).
SLOTS, SPARE = 10, 1


@dataclass(frozen=True, slots=True)
class Plan:
    """`live`: customers that people edit, at `rate` a second for `seconds`. `load`: customers that are still to be created. `latency_s`: NetSuite's."""

    live: int = 50
    load: int = 900
    rate: int = 2
    seconds: float = 100.0
    latency_s: float = 1.0


SHORT = Plan(live=5, load=80, rate=2, seconds=4.0)


def slots(calls: Mapping[str, int], before: Mapping[str, int]) -> tuple[int, int]:
    """(creates of customers, all other calls that hold a slot) since then."""
    more = {shape: n - before.get(shape, 0) for shape, n in calls.items()}
    creates = sum(n for shape, n in more.items() if shape.startswith("POST") and "/record/v1/customer" in shape)
    limited = sum(n for shape, n in more.items() if "/record/" in shape or "restlet" in shape or "suiteql" in shape)
    return creates, limited - creates


async def measure(plan: Plan) -> list[Figure]:
    account = {"base_latency_s": plan.latency_s, "concurrency": SLOTS}
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        async with opened(Path(folder), plan.live + plan.load, paired=plan.live, netsuite=account) as town:
            beside, figures = await _beside(town, plan)
            await town.account({"base_latency_s": 0.0})  # the rest of the load is measured by nobody
            await until("all customers are made", lambda: joined_up(town), every_s=1.0, patience_s=600.0)
            await town.quiet()
            await town.account({"base_latency_s": plan.latency_s})
            idle = (await loaded(town, plan.rate, plan.seconds)).late
            live = Figure("backfill.live.p99", round(percentile(beside, 0.99), 1), "ms", "the same edits without a backfill", round(percentile(idle, 0.99), 1))
            return [live, *figures]


async def _beside(town: Town, plan: Plan) -> tuple[list[float], list[Figure]]:
    """The same edits while the load goes on."""
    before, begun = await town.calls("netsuite"), time.monotonic()
    late = (await loaded(town, plan.rate, plan.seconds)).late
    took, after = time.monotonic() - begun, await town.calls("netsuite")
    going_on = not await joined_up(town)
    backfill, others = (calls * plan.latency_s / took for calls in slots(after, before))
    ours = await concurrency(town.world.settings, SystemClock())
    left = max(ours - SPARE - others, 0.1)
    refused = sum(after.get(f"refused {code}", 0) for code in (400, 429))
    return late, [
        Figure("backfill.used_of_left", round(backfill, 2), "slots", "what live calls, polls and the spare slot leave", round(left, 2)),
        at_most("backfill.refused", refused, "calls", 0.01 * sum(after.values())),
        Figure("backfill.rate", round(backfill / plan.latency_s, 1), "records/s"),
        Figure("backfill.saturating", float(going_on), "yes = 1"),
        Figure("backfill.load", round(os.getloadavg()[0], 1), "processes"),
    ]


def run(plan: Plan) -> list[Figure]:
    return asyncio.run(measure(plan))
