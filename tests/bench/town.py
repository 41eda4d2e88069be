"""A whole pipeline to measure: broker, registry, both sandboxes, every role as a process of its own, and people who make changes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from accord.clock import SystemClock
from accord.errors import Fatal, Transient
from accord.kafka import admin
from accord.kafka.records import Partition
from ops.cli.run import roles_of
from ops.demo import seed, world
from ops.local import stack
from ops.pipeline import Pipeline
from ops.sandbox.client import number
from ops.supervise import Supervisor
from schemas.topics import PARTITIONS

PATIENCE_S = 180.0
QUIET_S = 4.0


@dataclass(slots=True)
class Town:
    """`pairs`: Account id -> NetSuite id. `startup`: seconds from the start of a part to its first sign of work."""

    world: world.World
    pipeline: Pipeline
    supervisor: Supervisor
    http: aiohttp.ClientSession
    token: str
    startup: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)

    async def patch(self, account: str, body: Mapping[str, Any]) -> None:
        """A person's edit by REST."""
        url = f"{self.world.sandbox['salesforce']['http']}/services/data/v67.0/sobjects/Account/{account}"
        async with self.http.patch(url, json=body, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            if answer.status != 204:
                raise Fatal(f"PATCH {url}: {answer.status} {await answer.text()}")

    async def account(self, options: Mapping[str, Any]) -> None:
        """NetSuite's account from now on: `concurrency`, `base_latency_s` ..."""
        await self.world.control("POST", "/netsuite/options", dict(options))

    async def calls(self, system: str) -> dict[str, int]:
        """Calls so far, by shape."""
        return dict((await self.world.control("GET", f"/{system}/counts"))["calls"])

    async def last(self, system: str, since: int = 0) -> tuple[int, int]:
        """(number of the newest accepted change, how many after `since`)."""
        found = await self.world.control.journal(system, since)
        return (number(system, found[-1]) if found else since), len(found)

    async def quiet(self, still_s: float = QUIET_S) -> None:
        """Until nothing was written for a while and no group is behind."""
        ends: tuple[int, ...] = ()
        at, since = (0, 0), time.monotonic()

        async def look() -> bool:
            nonlocal ends, at, since
            at = ((await self.last("salesforce", at[0]))[0], (await self.last("netsuite", at[1]))[0])
            behind = sum(lag.records for lag in await asyncio.to_thread(self.pipeline.lags))
            if (*at, behind) != ends or behind:
                ends, since = (*at, behind), time.monotonic()
            return time.monotonic() - since >= still_s

        await until("quiet", look)

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        """Every part by name, the tests' own process not among them."""
        for name, role in self.supervisor.children.items():
            if role.process and role.process.returncode is None:
                yield name, psutil.Process(role.process.pid)
        running = stack.status(self.world.folder / "local")
        yield from ((name, psutil.Process(pid)) for name, pid in (("broker", running.kafka), ("registry", running.registry)) if pid)
        for process in self.world.processes:
            for child in psutil.Process(process.pid).children():
                name = next((word for word in child.cmdline() if word in ("salesforce", "netsuite")), "")
                if name:
                    yield f"sandbox-{name}", child

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each part so far."""
        return {name: sum(process.cpu_times()[:2]) for name, process in self.processes()}


async def until(what: str, look: Callable[[], Awaitable[Any]], *, patience_s: float = PATIENCE_S, every_s: float = 0.05) -> float:
    """Seconds until the look answers something true."""
    begun = time.monotonic()
    while not await look():
        if time.monotonic() - begun > patience_s:
            raise Fatal(f"not within {patience_s:.0f} s: {what}")
        await asyncio.sleep(every_s)
    return time.monotonic() - begun


@asynccontextmanager
async def opened(folder: Path, customers: int, *, paired: int = 0, netsuite: Mapping[str, Any] | None = None) -> AsyncIterator[Town]:
    """All of it, with so many customers in both systems; or, with `paired`, as soon as so many are. `netsuite`: options of the account, all of whose calls at once Accord may ask for."""
    begun = time.monotonic()
    here = await world.start(folder.resolve(), SystemClock(), progress=False)
    startup = {"broker_registry_sandboxes": time.monotonic() - begun}
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as http:
            town = await _inhabited(here, http, startup, customers, netsuite or {})
            await town.account(netsuite or {})
            running = asyncio.create_task(town.supervisor.run())
            try:
                await _working(town, paired)
                yield town
            finally:
                await town.supervisor.stop()
                await running
    finally:
        await here.stop()
        await asyncio.to_thread(stack.down, here.folder / "local")


async def _inhabited(here: world.World, http: aiohttp.ClientSession, startup: dict[str, float], customers: int, netsuite: Mapping[str, Any]) -> Town:
    """Accounts in Salesforce; Accord itself makes their customers in NetSuite."""
    seeds = await seed.reference(here.salesforce, here.netsuite)
    table = world.configuration(stack.Endpoints(here.kafka, here.registry), here.sandbox, seeds.reference, seeds.stores, here.folder)
    table["netsuite"] |= {"concurrency": netsuite["concurrency"]} if "concurrency" in netsuite else {}
    here.settings = await asyncio.to_thread(world.configure, here.folder, table)
    accounts = [seed.account(4 * n + n % 2) for n in range(customers)]  # of the American store
    for start in range(0, customers, 200):
        await here.salesforce.create_all(accounts[start : start + 200])
    roles = roles_of(here.settings, str(here.config))
    supervisor = Supervisor(roles, here.settings.run.state_dir / "logs", world.environment(), SystemClock(), _said)
    token = (await here.salesforce.token()).access_token
    return Town(here, Pipeline.of(here.settings), supervisor, http, token, startup)


def _said(role: str, text: str) -> None:
    sys.stderr.write(f"{role} {text}\n")


async def _working(town: Town, paired: int) -> None:
    """Wait for the first sign of each role, then until every account (or so many) has its customer."""
    client, prefix = admin.client(town.world.kafka), town.pipeline.topics.prefix
    told = [Partition(f"{prefix}change.salesforce.account.backfill", p) for p in range(PARTITIONS)]

    async def produced() -> bool:
        return sum((await asyncio.to_thread(admin.log_ends, client, told)).values()) > 0

    async def joined(group: str) -> bool:
        return sum(await asyncio.to_thread(admin.shares, client, f"{prefix}{group}")) > 0

    signs: Sequence[tuple[str, Callable[[], Awaitable[bool]]]] = (
        ("producers", produced), *((name, lambda g=group: joined(g)) for name, group in GROUPS.items()),
    )  # fmt: skip
    town.startup.update(zip((name for name, _ in signs), await asyncio.gather(*(until(n, _quietly(look)) for n, look in signs)), strict=True))
    await until("every account has its customer", lambda: joined_up(town, paired), every_s=0.5)
    if not paired:
        await town.quiet()


GROUPS: Mapping[str, str] = {"streams": "streams", "sinks-netsuite": "sink.netsuite", "sinks-salesforce": "sink.salesforce"}


def _quietly(look: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    """A group or topic that isn't there yet is no failure here."""
    from confluent_kafka import KafkaException

    async def looked() -> bool:
        try:
            return await look()
        except (KafkaException, Transient, KeyError, TimeoutError):
            return False

    return looked


async def joined_up(town: Town, count: int = 0) -> bool:
    """Have so many accounts, or all, their customer?"""
    rows = (await town.world.salesforce.query("SELECT Id, Accord_NetSuite_Id__c FROM Account")).rows
    town.pairs = {row["Id"]: row["Accord_NetSuite_Id__c"] for row in rows if row["Accord_NetSuite_Id__c"]}
    return len(town.pairs) >= (count or len(rows))
