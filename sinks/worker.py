"""The loop of a sink: take in what happened, make the calls that may go, commit what they led to. All knowledge is the ledger's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog

from accord.clock import Clock, epoch_ms
from accord.errors import AccordError, Fatal, Rejected
from accord.kafka.records import Record
from accord.pace import Lane, Pace
from schemas.events import Link, Parked
from schemas.topics import Topics
from sinks import feed, settle
from sinks.attempt import Bug, attempt
from sinks.intake import Encoder, Intake
from sinks.journal import Sealed
from sinks.ledger import Batch, Ledger
from sinks.limits import Limits
from sinks.metrics import Metrics
from sinks.offsets import End
from sinks.settle import Out
from sinks.target import Target, Verdict

#: Bad records in a row that stop the worker: that many are a bug, not bad data.
DEAD_IN_A_ROW = 50
LANES: tuple[Lane, ...] = ("live", "backfill")


class Feed(Protocol):
    """Where events come from (sinks.feed). `alive_at`: monotonic, when the group last heard of us."""

    alive_at: float

    def start(self, post: Callable[[feed.Event], None]) -> None: ...
    def stop(self) -> None: ...
    def pause(self, topics: frozenset[str]) -> None: ...


class Journal(Protocol):
    """Where events go (sinks.journal)."""

    def commit(self, events: Sequence[Sealed], offsets: Mapping[tuple[str, int], tuple[int, str]], group: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class _Answered:
    batch: Batch
    verdicts: list[Verdict]
    took_s: float
    bugs: tuple[Bug, ...]


class Worker:
    """One sink process. `run` returns after `stop`, with nothing under way and everything committed; it raises what ends it otherwise."""

    def __init__(
        self, target: Target, ledger: Ledger, source: Feed, journal: Journal, codec: Encoder, topics: Topics, clock: Clock, metrics: Metrics, limits: Limits | None = None,
        *, pace: Pace | None = None, owned: Callable[[frozenset[int]], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._target, self._ledger, self._feed, self._journal = target, ledger, source, journal
        self._codec, self._topics, self._clock, self._metrics = codec, topics, clock, metrics
        self._intake = Intake(target, codec, clock)
        self._limits = limits or Limits()
        self._pace, self._owned = pace, owned
        self._events: deque[feed.Event | _Answered] = deque()
        self._arrived = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._committing: asyncio.Task[None] | None = None
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._group: Any = None
        self._stopping = self._closed = False
        self._dead = 0
        self._ticked = 0.0
        self._write = tuple(topics.name(f"write.{target.system}", lane) for lane in ("live", "backfill"))
        self._log = structlog.get_logger("sink", target=target.system)

    def stop(self) -> None:
        """Finish the calls under way, commit, leave the group: within five seconds."""
        self._stopping = True
        self._feed.stop()
        self._arrived.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self._feed.start(lambda event: _call_soon(loop, self._post, event))
        if self._pace:
            self._pace.listeners.append(self._arrived.set)
        try:
            while not self._closed:
                await self._wait(self._patience())
                while self._events:
                    await self._handle(self._events.popleft())
                self._tick()
                self._launch()
                self._commit_soon()
                self._set_flow()
        finally:
            self._feed.stop()
            self._committer.shutdown(wait=True)

    def _post(self, event: feed.Event | _Answered) -> None:
        self._events.append(event)
        self._arrived.set()

    async def _wait(self, patience: float) -> None:
        if not self._events:
            try:
                await asyncio.wait_for(self._arrived.wait(), patience)
            except TimeoutError:
                return
        self._arrived.clear()

    def _patience(self) -> float:
        due = self._ledger.lanes.next_due()
        return max(0.0, min(self._limits.tick_s, due - self._clock.monotonic() if due is not None else self._limits.tick_s))

    async def _handle(self, event: feed.Event | _Answered) -> None:
        match event:
            case _Answered():
                self._finish(event)
            case feed.Arrived():
                for record in event.records:
                    await self._take_in(record)
            case feed.Changed():
                for record in event.records:
                    await self._table(record)
            case feed.Assigned():
                await self._assign(event)
            case feed.Revoked():
                await self._give_up(event)
            case feed.Closed(error):
                self._closed = True
                if error is not None:
                    raise error

    async def _take_in(self, record: Record) -> None:
        try:
            item = await self._intake.item(record)
        except Rejected as error:
            part = (record.topic, record.partition)
            self._ledger.skip(part, record.offset, settle.dead(*part, record.offset, record.key, record.value, error.code, str(error), self._now_ms()))
            self._bury(str(error))
            return
        self._dead = 0
        self._ledger.take_in(item, self._now_ms())

    async def _table(self, record: Record) -> None:
        key, event = (record.key or b"").decode(), await self._intake.event(record.value)
        if self._topics.bare(record.topic) == "link":
            self._ledger.link(key, event if isinstance(event, Link) else None, self._now_ms())
        else:
            self._ledger.parked_as_told(key, record.partition, event if isinstance(event, Parked) else None, self._now_ms())

    async def _assign(self, event: feed.Assigned) -> None:
        """Load what belongs to the partitions; the mark that we are at work is committed before the first call."""
        self._group = event.group
        given = await self._intake.assignment(event)
        self._ledger.assign(given, self._clock.monotonic())
        self._owned(self._ledger.partitions())
        self._ledger.release_waiting(self._now_ms())
        unclean = sorted({p for (_, p), found in given.offsets.items() if found and not found.clean})
        self._log.info("assigned", partitions=sorted(self._ledger.partitions()), unclean=unclean)
        await self._commit("open")

    async def _give_up(self, event: feed.Revoked) -> None:
        """Start nothing more, finish what is under way, say so in the commit, forget."""
        deadline = self._clock.monotonic() + self._limits.finish_s
        later: deque[feed.Event | _Answered] = deque()
        while True:
            while self._events:
                other = self._events.popleft()
                if isinstance(other, _Answered):
                    self._finish(other)
                else:
                    later.append(other)
            if not self._calls or self._clock.monotonic() >= deadline:
                break
            await self._wait(0.2)
        self._events.extend(later)
        numbers = {p.partition for p in event.partitions}
        flying = self._ledger.lanes.flying(numbers)
        self._log.info("revoked", partitions=sorted(numbers), under_way=flying)
        await self._commit("open" if flying else "clean")
        self._ledger.revoke(numbers)
        self._owned(self._ledger.partitions())
        event.done()

    def _launch(self) -> None:
        now = self._clock.monotonic()
        if self._stopping or self._unheard():
            return
        for batch in self._ledger.start(now, self._now_ms(), self._pace.allowance() if self._pace else None):
            task = asyncio.get_running_loop().create_task(self._call(batch))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        if self._pace:
            for lane in LANES:
                self._pace.want(lane, self._ledger.wanted(lane))

    async def _call(self, batch: Batch) -> None:
        begun = self._clock.monotonic()
        if self._unheard():  # frozen between the decision to call and the call
            self._post(feed.Closed(Fatal("nothing was heard of the group for too long: its partitions may be another's", code="frozen")))
            return
        try:
            verdicts, bugs = await attempt(self._target, batch)
        except AccordError as error:
            self._post(feed.Closed(error))
            return
        self._post(_Answered(batch, verdicts, self._clock.monotonic() - begun, tuple(bugs)))

    def _unheard(self) -> bool:
        """Has the group not heard of us for so long that our partitions may be another's?"""
        return self._clock.monotonic() - self._feed.alive_at > self._limits.lease_s

    def _finish(self, answer: _Answered) -> None:
        self._dead = self._dead if answer.bugs else 0
        for bug in answer.bugs:
            item = bug.ticket.item
            value = self._codec.encode(f"write.{self._target.system}", item.write)
            self._ledger.tell([settle.dead(*item.place, item.key.encode(), value, "bug", bug.error, self._now_ms())])
            self._bury(bug.error)
        self._metrics.answered(answer.verdicts, answer.took_s)
        self._ledger.finish(answer.batch, answer.verdicts, self._clock.monotonic(), self._now_ms())

    def _bury(self, error: str) -> None:
        self._dead += 1
        self._metrics.dead()
        self._log.error("dead letter", error=error)
        if self._dead > DEAD_IN_A_ROW:
            raise Fatal(f"{self._dead} dead letters in a row, the last one: {error}; that is a bug, not bad data", code="dead_letters")

    def _commit_soon(self) -> None:
        """While one transaction is under way calls go on; what they lead to is the next one's."""
        if self._committing is not None:
            if not self._committing.done():
                return
            self._committing.result()  # raises what ended it
            self._committing = None
        if self._ledger.dirty:
            self._committing = asyncio.get_running_loop().create_task(self._transact("open"))
            self._committing.add_done_callback(lambda _: self._arrived.set())

    async def _commit(self, end: End) -> None:
        """After the one under way, and to its end."""
        if self._committing is not None:
            await self._committing
            self._committing = None
        if self._ledger.dirty or end == "clean":
            await self._transact(end)

    async def _transact(self, end: End) -> None:
        outs, offsets = self._ledger.drain(end)
        events = [self._seal(out) for out in outs]
        await asyncio.get_running_loop().run_in_executor(self._committer, partial(self._journal.commit, events, offsets, self._group))

    def _seal(self, out: Out) -> Sealed:
        value = None if out.event is None else self._codec.encode(out.topic, out.event)
        return Sealed(self._topics.name(out.topic, out.lane), out.key.encode(), value, out.partition, out.along)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._ticked >= self._limits.tick_s:
            self._ticked = now
            self._ledger.tick(self._now_ms())
            self._metrics.stand(self._ledger, len(self._calls), self._now_ms())

    def _set_flow(self) -> None:
        """Backfill waits while live is behind; neither fills the memory."""
        live, backfill = (self._ledger.pending(topic) for topic in self._write)
        behind = live > self._limits.live // 2
        full = [live >= self._limits.live, backfill >= self._limits.backfill or behind]
        self._feed.pause(frozenset(topic for topic, stop in zip(self._write, full, strict=True) if stop))

    def _now_ms(self) -> int:
        return epoch_ms(self._clock.now())


def _call_soon(loop: asyncio.AbstractEventLoop, post: Callable[[Any], None], event: feed.Event) -> None:
    """From a thread; a loop that has ended needs to hear nothing more."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(post, event)
