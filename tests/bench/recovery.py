"""How soon changes cross again after each part has died or moved, and what an outage of NetSuite costs once it is over.

The outage is simulated and shortened: every call is answered 503 for `outage_s` seconds in place of an hour, while people go on editing in Salesforce. What counts
is how many calls catch up beside how many changes were missed: a longer outage only makes the second number larger.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from accord.errors import AccordError
from ops.local import process, stack
from tests.bench.figures import Figure, at_most
from tests.bench.town import Town, opened, until

LOOK_S = 0.05
PATIENCE_S = 120.0
#: The most that a person should have to wait after a crash of anything.
BOUND_S = 15.0
#: Roles whose death nothing on the way of a change must feel.
ASIDE = ("audit", "notices", "terms")
ONWARD = ("producers", "streams-1", "sinks-salesforce", "sinks-netsuite")


@dataclass(frozen=True, slots=True)
class Plan:
    """`customers`: edited in turn, `rate` a second, while NetSuite is out for `outage_s`. `idle`: crossings measured with nothing wrong."""

    customers: int = 40
    idle: int = 5
    rate: int = 10
    outage_s: float = 60.0


SHORT = Plan(customers=10, idle=2, rate=10, outage_s=10.0)


@dataclass(slots=True)
class Crossing:
    """Edits in both systems, each with a value that has never been, and the look whether they stand on the other side."""

    town: Town
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def both(self, others: int = 1) -> float:
        """Seconds until edits that are made now, in either system, have crossed. `others`: of so many customers, which lie in different partitions."""
        begun, number = time.monotonic(), next(self.numbers)
        pairs = list(self.town.pairs.items())[:others]
        phone, limit = f"+1 503 555 {number:04d}", 1000 + number
        await asyncio.gather(*(self.town.patch(account, {"Phone": phone}) for account, _ in pairs))
        for _, customer in pairs[:1]:
            await self._patient(customer, {"creditLimit": limit})
        await until("edits have crossed", lambda: self._crossed([c for _, c in pairs], phone, pairs[0][0], limit), patience_s=PATIENCE_S, every_s=LOOK_S)
        return time.monotonic() - begun

    async def _patient(self, customer: str, body: dict[str, int]) -> None:
        async def sent() -> bool:
            try:
                await self.town.world.netsuite.update("customer", customer, body)
            except AccordError:
                return False
            return True

        await until("the edit in NetSuite", sent, every_s=0.5)

    async def _crossed(self, customers: list[str], phone: str, account: str, limit: int) -> bool:
        shown = {str(row["id"]): str(row["phone"] or "") async for row in self.town.world.netsuite.suiteql("SELECT id, phone FROM customer")}
        if any(digits(shown[c]) != digits(phone) for c in customers):
            return False
        row = (await self.town.world.salesforce.query(f"SELECT Accord_Credit_Limit__c FROM Account WHERE Id = '{account}'")).rows[0]
        return bool(row["Accord_Credit_Limit__c"] == limit)


def digits(phone: str) -> str:
    return "".join(c for c in phone if c.isdigit())[-10:]


async def measure(plan: Plan) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        async with opened(Path(folder), plan.customers) as town:
            return [_told(figure) async for figure in _figures(town, plan)]


async def _figures(town: Town, plan: Plan) -> AsyncIterator[Figure]:
    crossing = Crossing(town)
    yield Figure("recovery.idle", round(max([await crossing.both() for _ in range(plan.idle)]), 2), "s")
    for role in (r for r in (*ONWARD, *ASIDE) if r in town.supervisor.children):
        yield at_most(f"recovery.{role}", round(await after_kill(town, crossing, role), 2), "s", BOUND_S)
    for figure in await outage(town, plan):
        yield figure
    for figure in await moved(town, crossing):
        yield figure
    yield at_most("recovery.registry", round(await after_restart(town, crossing, "registry"), 2), "s", BOUND_S)
    yield at_most("recovery.broker", round(await after_restart(town, crossing, "kafka"), 2), "s", 2 * BOUND_S)


def _told(figure: Figure) -> Figure:
    """A run takes minutes: each value is said when it is known."""
    sys.stderr.write(f"{figure.name} {figure.value} {figure.unit}\n")
    return figure


async def after_kill(town: Town, crossing: Crossing, role: str) -> float:
    """Seconds from `kill -9` of the role until it is there again and changes cross both ways."""
    child = town.supervisor.children[role].process
    assert child is not None
    begun = time.monotonic()
    os.kill(child.pid, signal.SIGKILL)

    async def back() -> bool:
        now = town.supervisor.children[role].process
        return now is not None and now.pid != child.pid

    await until(f"{role} is back", back)
    await crossing.both()
    return time.monotonic() - begun


async def after_restart(town: Town, crossing: Crossing, program: str) -> float:
    """Seconds from `kill -9` of broker or registry, which are started again at once, until changes cross."""
    folder = town.world.folder / "local"
    identity = process.running(folder / f"{program}.pid")
    assert identity is not None
    begun = time.monotonic()
    os.kill(identity.pid, signal.SIGKILL)

    async def gone() -> bool:
        return process.running(folder / f"{program}.pid") is None

    await until(f"{program} has ended", gone)
    await asyncio.to_thread(stack.up, folder)
    await crossing.both()
    return time.monotonic() - begun


async def moved(town: Town, crossing: Crossing) -> list[Figure]:
    """A second streams worker comes, and dies: partitions move twice. All partitions have some of the customers."""
    whole = min(len(town.pairs), 16)
    out = []
    arguments = town.supervisor.children["streams-1"].role.arguments
    town.supervisor.add("streams-2", arguments)
    joined = await _timed(lambda: crossing.both(whole))
    out.append(at_most("recovery.worker_joins", round(joined, 2), "s", BOUND_S))
    await town.quiet()
    child = town.supervisor.children["streams-2"].process
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    out.append(at_most("recovery.worker_dies", round(await _timed(lambda: crossing.both(whole)), 2), "s", BOUND_S))
    return out


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.monotonic()
    await work()
    return time.monotonic() - begun


async def outage(town: Town, plan: Plan) -> list[Figure]:
    """NetSuite refuses everything while people edit; then the backlog, which has coalesced, is written."""
    await town.quiet()
    await town.world.control("POST", "/netsuite/faults", {"name": "error", "params": {"status": 503}})
    accounts, missed, last = list(town.pairs), 0, dict[str, str]()
    end = time.monotonic() + plan.outage_s
    while time.monotonic() < end:
        account = accounts[missed % len(accounts)]
        last[account] = f"+1 503 556 {missed:04d}"
        await town.patch(account, {"Phone": last[account]})
        missed += 1
        await asyncio.sleep(1 / plan.rate)
    before, begun = await town.calls("netsuite"), time.monotonic()
    await town.world.control("DELETE", "/netsuite/faults")

    async def caught_up() -> bool:
        found = town.world.netsuite.suiteql("SELECT id, phone FROM customer")
        shown = {str(row["id"]): digits(str(row["phone"] or "")) async for row in found}
        return all(shown[town.pairs[account]] == digits(phone) for account, phone in last.items())

    await until("the backlog is written", caught_up, patience_s=PATIENCE_S, every_s=LOOK_S)
    took, after = time.monotonic() - begun, await town.calls("netsuite")
    calls = sum(n - before.get(shape, 0) for shape, n in after.items() if "/record/v1/customer" in shape)
    return [
        Figure("recovery.outage.calls", calls, "calls", f"changes missed in {plan.outage_s:.0f} s (for an hour)", missed),
        Figure("recovery.outage.records", len(last), "records"),
        at_most("recovery.outage", round(took, 2), "s", 2 * BOUND_S),
    ]


def run(plan: Plan) -> list[Figure]:
    return asyncio.run(measure(plan))
