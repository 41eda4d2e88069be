"""What a running pipeline does with changes: how late they are, what they cost in calls, who wakes up again how soon, what it all weighs."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, at_most, percentile
from tests.bench.town import Town, opened, until

LOOK_S = 0.05  # the journal says when a write was accepted: looking more often only takes its time away
#: Call shapes that belong to reading at a rhythm, not to a change: the RESTlet, SOQL, and what every process asks once.
RHYTHM = ("restlet", "/query", "/limits", "describe", "token", "oauth2", "serverTime", "governance", "userinfo", "suiteql", "refused")
BOUNDS = {"p50": 60.0, "p99": 250.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `rates`: changes a second. `expected`: the rate to which the bounds apply."""

    customers: int = 400
    rates: Sequence[int] = (10, 50, 200)
    seconds: float = 15.0
    alone: int = 10
    kills: int = 2
    expected: int = 200


SHORT = Plan(customers=40, rates=(20,), seconds=2.0, alone=2, kills=0)


class Watch:
    """Sees each accepted NetSuite update and tells how long its Salesforce change was on the way."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._accounts = {ident: account for account, ident in town.pairs.items()}
        self._sent: dict[str, deque[float]] = {account: deque() for account in town.pairs}
        self.late: list[float] = []
        self.updates = 0

    def sent(self, account: str) -> None:
        self._sent[account].append(time.time())

    @property
    def open(self) -> int:
        return sum(map(len, self._sent.values()))

    async def follow(self, since: int) -> None:
        """Until cancelled. One write may stand for several changes of the same record: the oldest of them is timed."""
        while True:
            for entry in await self._town.world.control.journal("netsuite", since):
                since, account = entry["number"], self._accounts.get(str(entry["id"]), "")
                if entry["type"] == "customer" and entry["op"] == "update":
                    self.updates += 1
                    if waiting := self._sent.get(account):
                        self.late.append(entry["accepted_ms"] - waiting.popleft() * 1000)
                        waiting.clear()
            await asyncio.sleep(LOOK_S)


async def loaded(town: Town, rate: int, seconds: float) -> Watch:
    """Edits of phone numbers, one customer after the other, at an even pace; ends when all have arrived."""
    watch, accounts = Watch(town), list(town.pairs)
    following = asyncio.create_task(watch.follow((await town.last("netsuite"))[0]))
    begun, edits = time.monotonic(), []
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + n / rate - time.monotonic()))
        edits.append(asyncio.create_task(_edit(town, watch, accounts[n % len(accounts)])))
    await asyncio.gather(*edits)

    async def arrived() -> bool:
        return not watch.open or following.done()

    await until("all edits have arrived", arrived)
    following.cancel()
    return watch


async def _edit(town: Town, watch: Watch, account: str) -> None:
    watch.sent(account)
    await town.patch(account, {"Phone": f"+1 503 555 {time.monotonic_ns() // 1000 % 10_000:04d}"})


async def latency(town: Town, plan: Plan, rate: int) -> list[Figure]:
    """Edits at a rate: lateness, calls and CPU for each, and writes that nobody asked for."""
    before = {system: (await town.last(system), await town.calls(system)) for system in ("salesforce", "netsuite")}
    spent = town.cpu()
    begun = time.monotonic()
    watch = await loaded(town, rate, plan.seconds)
    took, changes = time.monotonic() - begun, int(rate * plan.seconds)
    used = {name: (now - spent.get(name, 0.0)) / changes * 1000 for name, now in town.cpu().items()}
    await town.quiet()
    written = {system: (await town.last(system, before[system][0][0]))[1] for system in before}
    echoes = max(0, written["salesforce"] - changes) + max(0, written["netsuite"] - changes)
    calls = await _per_change(town, "netsuite", before["netsuite"][1], changes)
    out = [
        Figure(f"latency.rate@{rate}", round(changes / took, 1), "changes/s"),
        Figure("latency.load@" + str(rate), round(os.getloadavg()[0], 1), "processes"),
    ]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        value, label = round(percentile(watch.late, share), 1), f"latency.change_to_write.{name}@{rate}"
        out.append(at_most(label, value, "ms", BOUNDS[name]) if rate == plan.expected else Figure(label, value, "ms"))
    out += [at_most(f"calls_per_change.netsuite@{rate}", calls, "calls", 1), Figure(f"calls.echo_writes@{rate}", echoes, "writes")]
    return out + [Figure(f"cpu.{name}@{rate}", round(ms, 2), "ms/change") for name, ms in used.items()]


async def _per_change(town: Town, system: str, before: Mapping[str, int], changes: int) -> float:
    """Calls of which there are more than before, those of a rhythm left out."""
    more = Counter(await town.calls(system))
    more.subtract(before)
    return round(sum(n for shape, n in more.items() if not any(word in shape for word in RHYTHM)) / changes, 3)


async def toward_salesforce(town: Town) -> list[Figure]:
    """Finance changes every credit limit while the producers stand still: the calls with which Salesforce learns of such a backlog."""
    before, since = await town.calls("salesforce"), (await town.last("salesforce"))[0]
    child = town.supervisor.children["producers"].process
    assert child is not None
    limit, idents = int(time.time()) % 90_000, list(town.pairs.values())
    os.kill(child.pid, signal.SIGSTOP)
    try:
        await asyncio.gather(*(town.world.netsuite.update("customer", ident, {"creditLimit": limit}) for ident in idents))
    finally:
        os.kill(child.pid, signal.SIGCONT)
    await _until_written(town, since, len(idents))
    return [at_most("calls_per_change.salesforce", await _per_change(town, "salesforce", before, len(idents)), "calls", 0.02)]


async def _until_written(town: Town, since: int, records: int) -> None:
    async def written() -> bool:
        return (await town.last("salesforce", since))[1] >= records

    await until(f"{records} writes in Salesforce", written)


async def alone(town: Town, plan: Plan) -> list[Figure]:
    """One change at a time, each way, with nothing else going on."""
    accounts = list(town.pairs)[: plan.alone]
    late, before = [], await town.calls("netsuite")
    for account in accounts:
        watch = Watch(town)
        following = asyncio.create_task(watch.follow((await town.last("netsuite"))[0]))
        await _edit(town, watch, account)

        async def arrived(one: Watch = watch) -> bool:
            return bool(one.late)

        await until("the edit has arrived", arrived, every_s=LOOK_S)
        following.cancel()
        late += watch.late
    to_netsuite = await _per_change(town, "netsuite", before, len(accounts))
    calls = await town.calls("salesforce")
    for account in accounts:
        at = (await town.last("salesforce"))[0]
        await town.world.netsuite.update("customer", town.pairs[account], {"creditLimit": int(time.time()) % 90_000 + 7})
        await _until_written(town, at, 1)
    return [
        Figure("latency.change_to_write.p50@idle", round(statistics.median(late), 1), "ms"),
        at_most("calls_per_change.netsuite@idle", to_netsuite, "calls", 1),
        Figure("calls_per_change.salesforce@idle", await _per_change(town, "salesforce", calls, len(accounts)), "calls"),
    ]


async def resting(town: Town, seconds: float) -> list[Figure]:
    """Calls a minute while nothing happens."""
    before = {system: sum((await town.calls(system)).values()) for system in ("salesforce", "netsuite")}
    spent = town.cpu()
    await asyncio.sleep(seconds)
    calls = [Figure(f"calls_per_minute.{s}@rest", round((sum((await town.calls(s)).values()) - n) * 60 / seconds), "calls") for s, n in before.items()]
    return calls + [Figure(f"cpu.{name}@rest", round((now - spent.get(name, 0)) / seconds * 100, 1), "% of a core") for name, now in town.cpu().items()]


async def killed(town: Town) -> float:
    """Seconds from `kill -9` of the only streams worker until edits made right after it have all been written."""
    child = town.supervisor.children["streams-1"].process
    assert child is not None
    watch = Watch(town)
    following = asyncio.create_task(watch.follow((await town.last("netsuite"))[0]))
    os.kill(child.pid, signal.SIGKILL)
    begun = time.monotonic()
    for account in list(town.pairs)[:16]:  # all partitions have some of them
        await _edit(town, watch, account)

    async def arrived() -> bool:
        return not watch.open

    await until("edits after the kill have arrived", arrived, every_s=LOOK_S)
    following.cancel()
    return time.monotonic() - begun


async def measure(plan: Plan) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        begun = time.monotonic()
        async with opened(Path(folder), plan.customers) as town:
            out = [Figure(f"startup.{name}", round(seconds, 2), "s") for name, seconds in town.startup.items()]
            out.append(Figure("startup.first_customers", round(time.monotonic() - begun, 1), "s"))
            out.append(at_most("calls_per_create.netsuite", round(await _creates(town, plan), 2), "calls", 2))
            out += await resting(town, 10.0 if plan.kills else 2.0)
            out += await alone(town, plan)
            for rate in plan.rates:
                out += await latency(town, plan, rate)
                _tell(out)
            out += await toward_salesforce(town)
            await town.quiet()
            kills = [await killed(town) for _ in range(plan.kills)]
            out += [at_most("recovery.worker_kill", round(max(kills), 1), "s", 15)] if kills else []
            out += [Figure(f"memory.{name}", process.memory_info().rss >> 20, "MB") for name, process in town.processes()]
            return out


async def _creates(town: Town, plan: Plan) -> float:
    """Calls on customer records so far, one for each of them being a create."""
    return sum(n for shape, n in (await town.calls("netsuite")).items() if "/record/v1/customer" in shape) / plan.customers


def _tell(figures: Sequence[Figure]) -> None:
    sys.stderr.write("".join(f"{f.name} {f.value} {f.unit}\n" for f in figures[-16:]))


def run(plan: Plan) -> list[Figure]:
    return asyncio.run(measure(plan))
