"""One worker's part in its system's budget: it says what it wants on `budget.<system>`, keeps to what is allotted, and decides when it is the owner.

The owner is whoever the group gives the topic's one partition to. Its word and everyone's demand stand in one log, so all see them in one order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from confluent_kafka import Producer

from accord.budget.owner import RENEW_S, VALID_S, Owner
from accord.clock import Clock, epoch_ms
from accord.errors import Rejected, Transient
from accord.kafka.consumer import GroupConsumer, Tail
from accord.kafka.records import Partition, Record
from accord.pace import Allowance, Lane, Pace
from schemas.events import Allotment, Demand, Share

LOG = structlog.get_logger(__name__)
POLL_S = 0.5
#: Records from the end at which a worker begins to listen: every worker of some hundreds has spoken within these.
TAIL = 2_000
#: Between two words of one worker at least: several things that happen in one moment are said once.
GAP_S = 0.005
LANES: tuple[Lane, ...] = ("live", "backfill")


class Encoder(Protocol):
    """Typed events to bytes and back (accord.kafka.codec)."""

    def encode(self, topic: str, event: Any) -> bytes: ...
    def decode(self, value: bytes) -> Any: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the budget of a system is spoken about. `topic`: with prefix."""

    bootstrap: str
    topic: str
    settings: Mapping[str, str]


class Member:
    """One worker of one system. `run` beside the work that `pace` paces; a budget that can't be heard leaves each worker its share when alone."""

    def __init__(self, system: str, worker: str, ceiling: int, pace: Pace, codec: Encoder, place: Place, clock: Clock) -> None:
        """`worker`: unique among all processes, ever. `ceiling`: calls at once of all workers together."""
        self._system, self._worker, self._pace, self._codec, self._place, self._clock = system, worker, pace, codec, place, clock
        self.owner = Owner(system, worker, ceiling)
        self._producer = Producer({"bootstrap.servers": place.bootstrap, "linger.ms": 0, "enable.idempotence": True, "log_level": 0, **place.settings})
        self._threads = [ThreadPoolExecutor(1, thread_name_prefix=f"budget.{system}") for _ in range(2)]
        self._begun = asyncio.Event()
        self._assigned = self._new = False
        self._adopted = self._allotted = 0
        self._peaks: dict[Lane, tuple[int, int]] = {"live": (0, 0), "backfill": (0, 0)}
        self._told: Demand | None = None
        self._due: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Until cancelled."""
        self._pace.allot(Allowance(0, 0), VALID_S)  # until we know who is there; nobody allots: then what is ours alone
        self._pace.listeners.append(self._speak_soon)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._stand())
                group.create_task(self._beat())
        finally:
            for thread in self._threads:
                thread.shutdown(wait=False)

    async def _listen(self) -> None:
        """Everything that is said, in its order; what counts is what stands at the end of it."""
        loop, thread, place = asyncio.get_running_loop(), self._threads[0], self._place
        tail = await loop.run_in_executor(thread, lambda: Tail(place.bootstrap, place.topic, TAIL, place.settings))
        try:
            while True:
                self._follow(*await loop.run_in_executor(thread, tail.read, POLL_S))
        finally:
            thread.submit(tail.close)

    def _follow(self, records: Sequence[Record], at_end: bool) -> None:
        newest, age_s = None, 0.0
        for record in records:
            age_s = 0.0 if self._begun.is_set() else max(0.0, epoch_ms(self._clock.now()) / 1000 - record.timestamp / 1000)
            newest = self._hear(record, age_s) or newest
        if newest is not None and age_s < VALID_S:
            self._adopt(newest, VALID_S - age_s)
        if at_end and not self._begun.is_set():
            self._begin()
        self._decide()

    def _begin(self) -> None:
        """All that was said is known. Where no owner's word is valid, what is ours alone holds from now on."""
        self._begun.set()
        if self.owner.silent(self._clock.monotonic()):
            self._pace.allot(Allowance(0, 0), 0.0)
        self._speak()

    def _hear(self, record: Record, age_s: float) -> Allotment | None:
        """An allotment that counts."""
        try:
            event = self._codec.decode(record.value or b"")
        except (Rejected, Transient) as error:
            LOG.warning("not understood", topic=record.topic, offset=record.offset, why=str(error))
            return None
        at = self._clock.monotonic() - age_s
        if isinstance(event, Demand):
            self.owner.heard(event, at)
        elif isinstance(event, Allotment) and self.owner.said(event, at):
            return event
        return None

    def _adopt(self, allotment: Allotment, valid_s: float) -> None:
        share = allotment.shares.get(self._worker, Share())
        self._adopted, self._allotted = allotment.number, max(self._allotted, share.slots)
        if allotment.daily:
            self._pace.usage(allotment.used, allotment.daily)
        self._pace.allot(Allowance(share.slots, share.backfill), valid_s)

    async def _stand(self) -> None:
        """Be a member of the group that has an owner; nothing is read through it. Not before we could decide: until then nobody would."""
        await self._begun.wait()
        loop, thread = asyncio.get_running_loop(), self._threads[1]
        group = GroupConsumer(self._place.bootstrap, self._place.topic, self._place.settings)
        fetching: list[Partition] = []

        def told(mine: Sequence[Partition]) -> None:
            fetching[:] = mine
            if not loop.is_closed():  # when it is, nobody decides any more
                loop.call_soon_threadsafe(self._own, bool(mine))

        def turn() -> None:
            group.poll(POLL_S)
            if fetching:  # only after the poll that assigned it
                group.pause(fetching)
                fetching.clear()

        group.subscribe([self._place.topic], told, lambda _: told(()))
        try:
            while True:
                await loop.run_in_executor(thread, turn)
        finally:
            thread.submit(group.close)

    def _own(self, mine: bool) -> None:
        self._assigned = self._new = mine
        self.owner.leave()
        self._decide()

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(RENEW_S)
            self._peaks = {lane: (new, 0) for lane, (_, new) in self._peaks.items()}
            self._pace.wake()  # an allotment may have run out
            self._speak()
            self._decide()

    def _speak_soon(self) -> None:
        """After a change that the others should know: more is wanted than there is, or less is held than they think."""
        for lane in LANES:
            before, now = self._peaks[lane]
            self._peaks[lane] = (before, max(now, self._pace.demand(lane)))
        told = self._told
        if told is None or self._due is not None:
            return
        more = any(max(self._peaks[lane]) > getattr(told, lane) for lane in LANES)
        if more or self._holding() < max(told.holding, self._allotted):
            self._due = asyncio.get_running_loop().call_later(GAP_S, self._speak)

    def _speak(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        live, backfill = (max(*self._peaks[lane], self._pace.demand(lane)) for lane in LANES)
        pace, gauge = self._pace, self._pace.gauge
        told = Demand(
            self._system, self._worker, live, backfill, self._holding(), self._adopted, pace.answers, pace.refusals, gauge.used, gauge.daily, pace.usage_ms,
        )  # fmt: skip
        self._told, self._allotted = told, 0
        self._send(told)

    def _holding(self) -> int:
        return max(self._pace.running, self._pace.allowance().slots)

    def _decide(self) -> None:
        now = self._clock.monotonic()
        if self._assigned and not self.owner.leads and (self._new or self.owner.silent(now)):
            self._new = False
            self.owner.lead()
        allotment = self.owner.allot(now, epoch_ms(self._clock.now()))
        if allotment is not None:
            self._send(allotment)

    def _send(self, event: Demand | Allotment) -> None:
        value = self._codec.encode(f"budget.{self._system}", event)
        try:
            self._producer.produce(self._place.topic, value, self._worker.encode())
        except BufferError:
            LOG.warning("the broker takes nothing: said again in a second", topic=self._place.topic)
        self._producer.poll(0)
