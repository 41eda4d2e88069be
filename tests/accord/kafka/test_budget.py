"""Workers that share one account's calls at once: the real broker between them, the NetSuite sandbox behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from accord.clock import SystemClock
from accord.errors import Transient
from accord.kafka import admin
from accord.kafka.budget import Member, Place
from accord.kafka.codec import Codec
from accord.netsuite.rest import NetSuite
from accord.pace import Lane, Pace
from schemas.topics import pipeline_topics
from tests.accord.kafka.fake_registry import FakeRegistry
from tests.accord.served import ServedAccount

LIMIT = 3
LATENCY_S = 0.15
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedAccount]:
    served = ServedAccount(tmp_path_factory.mktemp("budget"))
    served.background.call(setattr, served.ends.account.options, "concurrency", LIMIT)
    served.background.call(setattr, served.ends.account.options, "base_latency_s", LATENCY_S)
    yield served
    served.close()


@dataclass
class Worker:
    """One process's part: its pace, its client, and the calls that went through."""

    pace: Pace
    member: Member
    rest: NetSuite
    went: int = 0
    refused: int = 0

    async def work(self, lane: Lane) -> None:
        """One call after the other, for ever."""
        while True:
            try:
                await self.rest.call("GET", "/services/rest/system/v1/serverTime", lane=lane)
                self.went += 1
            except Transient:
                self.refused += 1


class Fleet:
    """So many workers. `used`, `granted`: slots at once, sampled."""

    def __init__(self, account: ServedAccount, bootstrap: str, prefix: str, count: int) -> None:
        place, clock, codec = Place(bootstrap, f"{prefix}budget.netsuite", {}), SystemClock(), Codec(FakeRegistry())
        self.workers = []
        for n in range(count):
            pace = Pace(LIMIT, clock, alone=lambda: 0)
            self.workers.append(Worker(pace, Member("netsuite", f"w{n}", LIMIT, pace, codec, place, clock), account.client(pace=pace)))
        self.used = self.granted = self.most = 0
        self.counting = False

    async def sample(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            running = sum(w.pace.running for w in self.workers)
            self.most = max(self.most, running)
            if self.counting:
                self.used += running
                self.granted += sum(w.pace.allowance().slots for w in self.workers)

    @asynccontextmanager
    async def run(self, busy: dict[int, tuple[Lane, int]]) -> AsyncIterator[None]:
        """`busy`: worker -> its lane, and so many calls at once that it would make."""
        tasks = [asyncio.ensure_future(w.member.run()) for w in self.workers] + [asyncio.ensure_future(self.sample())]
        tasks += [asyncio.ensure_future(self.workers[n].work(lane)) for n, (lane, calls) in busy.items() for _ in range(calls)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for worker in self.workers:
                worker.rest.close()

    async def until(self, went: int, *, each: bool = False) -> None:
        """Until so many calls went through in all, or of each worker."""
        async with asyncio.timeout(PATIENCE_S):
            while (min if each else sum)(w.went for w in self.workers) < went:
                await asyncio.sleep(0.02)


def played(account: ServedAccount, kafka: str, prefix: str, count: int, busy: dict[int, tuple[Lane, int]], *, calls: int, each: bool = False) -> Fleet:
    """A fleet that has worked for so many calls, the first ones not counted."""
    topics = [t for t in pipeline_topics([], [], []) if t.name == "budget.netsuite"]
    admin.ensure(admin.client(kafka), admin.wanted(topics, prefix))

    async def scenario() -> Fleet:
        fleet = Fleet(account, kafka, prefix, count)
        async with fleet.run(busy):
            await fleet.until(LIMIT)
            await asyncio.gather(*(_heard(w) for w in fleet.workers))
            fleet.counting = True
            await fleet.until(calls, each=each)
        return fleet

    return asyncio.run(scenario())


async def _heard(worker: Worker) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not worker.member.owner.limit or worker.member.owner.silent(SystemClock().monotonic()):
            await asyncio.sleep(0.02)


def test_one_hot_worker_has_what_the_idle_ones_leave(account: ServedAccount, kafka: str, topic_prefix: str) -> None:
    """One busy partition of four would run at a quarter of the account's speed, and nobody would have the rest."""
    fleet = played(account, kafka, topic_prefix, 4, {1: ("live", 8)}, calls=60)
    assert fleet.most <= LIMIT
    assert sum(w.refused for w in fleet.workers) == 0
    assert fleet.used >= 0.95 * fleet.granted
    assert fleet.workers[1].pace.allowance().slots == LIMIT


def test_more_workers_than_slots_take_turns_within_the_limit(account: ServedAccount, kafka: str, topic_prefix: str) -> None:
    """Seven sinks on an account of three calls: over the limit NetSuite refuses people's calls too; without turns four stand still."""
    fleet = played(account, kafka, topic_prefix, 7, dict.fromkeys(range(7), ("live", 2)), calls=3, each=True)
    went, refused = sum(w.went for w in fleet.workers), sum(w.refused for w in fleet.workers)
    assert fleet.most <= LIMIT
    assert refused <= 0.01 * went
    assert fleet.used >= 0.95 * fleet.granted
