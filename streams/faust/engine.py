"""Batches into stages, and everything that they cause into one transaction: state, outputs and input offsets, or nothing.

Lives in the event loop; only the transaction itself runs in a thread. Stages may change their memory while they handle a batch, so a
transaction that fails ends the process: memory must never run ahead of what is committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, Protocol

from accord.errors import Transient
from accord.kafka.records import Offset, Partition
from streams.faust import metrics
from streams.faust.batch import Batch
from streams.stage import Out, Stage

MAX_INPUTS = 2_000  # commit although more waits: outputs of a long backlog shouldn't be held back
MAX_AGE_S = 0.1
MAX_OUTS = 50_000  # handle no more until these are committed
DEAD_IN_A_ROW = 50


class Writer(Protocol):
    """What `accord.kafka.producer.TransactionalWriter` does."""

    def begin(self) -> None: ...
    def offsets(self, offsets: Sequence[Offset], group: Any) -> None: ...
    def send(
        self, topic: str, key: bytes | None, value: bytes | None, *, partition: int | None = None, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> None: ...
    def commit(self) -> None: ...


class Engine:
    """`open` and `close` bracket a generation of the group; in between `handle` and `tick` run, and a transaction follows each.

    `generation` is even while closed and odd while open: a batch fetched in another generation is none of ours any more.
    """

    def __init__(
        self, stages: Sequence[Stage], writer: Writer, drain: Callable[[], None], die: Callable[[str, BaseException | None], NoReturn],
        *, deadletter: str = "", now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:  # fmt: skip
        self.stages = {stage.name: stage for stage in stages}
        self.generation = 0
        self.positions: dict[Partition, int] = {}
        self._writer, self._drain, self._die, self._deadletter, self._now_ms = writer, drain, die, deadletter, now_ms
        self._group: Any = None
        self._partitions: frozenset[int] = frozenset()
        self._waiting = 0
        self._offsets: dict[Partition, int] = {}
        self._outs: list[Out] = []
        self._inputs = 0
        self._numbers: dict[Partition, int] = {}
        self._dead = dict.fromkeys(self.stages, 0)
        self._lock, self._some, self._due, self._room = asyncio.Lock(), asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="transaction")

    @property
    def is_open(self) -> bool:
        return self.generation % 2 == 1

    def open(self, positions: Mapping[Partition, int], group: Any) -> int:
        """These partitions are ours, from these offsets on. `group`: the consumer's metadata of this generation."""
        self.positions, self._group, self._waiting = dict(positions), group, 0
        self._partitions, self._numbers = frozenset(p.partition for p in positions), {}
        self.generation += 1
        return self.generation

    async def close(self) -> None:
        """Handle nothing more, and return when all that was handled is committed."""
        if self.is_open:
            self.generation += 1
        await self.barrier()

    def drop(self) -> None:
        """Forget the state of all partitions: others own them now."""
        for stage in self.stages.values():
            stage.drop(self._partitions)
        self.positions, self._partitions = {}, frozenset()

    def expect(self, generation: int, batches: int) -> None:
        """So many batches were fetched and will be handled: the transaction waits for them."""
        if generation == self.generation:
            self._waiting += batches

    async def room(self) -> None:
        """Return when there is room for the outputs of another batch. Never in the middle of one."""
        await self._room.wait()

    def handle(self, name: str, batch: Batch) -> bool:
        """One batch of one topic-partition. False where it belongs to a generation that has ended. Nothing in here awaits."""
        if batch.generation != self.generation:
            return False
        where, messages = batch.partition, batch.messages
        place = f"{where.topic}[{where.partition}] {messages[0].offset} to {messages[-1].offset}"
        if batch.number != self._numbers.get(where, 0):
            self._die(f"a batch before {place} was lost between fetching and handling", None)
        self._numbers[where] = batch.number + 1
        began = time.perf_counter()
        try:
            self._drain()
            outs = self.stages[name].handle(where.partition, messages)
        except Exception as error:  # noqa: BLE001 (memory may be half changed: nothing but the end is safe)
            self._die(f"stage {name} at {place}", error)
        metrics.HANDLE.labels(name).observe(time.perf_counter() - began)
        metrics.BATCH.labels(name).observe(len(messages))
        self._brake(name, len(messages), outs)
        self._offsets[where] = self.positions[where] = messages[-1].offset + 1
        self._inputs += len(messages)
        self._waiting = max(self._waiting - 1, 0)
        self._add(name, outs)
        return True

    def tick(self) -> None:
        """About once a second: what has become due."""
        if not self.is_open or not self._partitions:
            return
        try:
            self._drain()
            for name, stage in self.stages.items():
                self._own(name, stage.tick(self._partitions, self._now_ms()))
        except Exception as error:  # noqa: BLE001 (as in handle)
            self._die("a stage's tick", error)

    async def put(self, outs: Sequence[Out]) -> None:
        """Send records that no input caused; returns when they are committed. Transient while no partition is ours."""
        if not self.is_open or not self.positions:
            raise Transient("no partition is assigned to this worker", code="unassigned")
        self._own("", outs)
        await self.barrier()

    async def run(self) -> None:
        """Commit as soon as nothing waits, one transaction after the other."""
        while True:
            await self._some.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), MAX_AGE_S)
            await self.barrier()

    async def barrier(self) -> None:
        """Return when everything that was handled before this call is committed."""
        async with self._lock:
            if not self._offsets:
                return
            offsets = [Offset(p.topic, p.partition, o) for p, o in self._offsets.items()]
            outs, self._outs, self._offsets, self._inputs = self._outs, [], {}, 0
            self._some.clear()
            self._due.clear()
            self._room.set()
            began = time.perf_counter()
            try:
                await asyncio.get_running_loop().run_in_executor(self._pool, transact, self._writer, offsets, self._group, outs)
            except Exception as error:  # noqa: BLE001 (memory has run ahead of what is committed, whatever it was)
                self._die("the transaction of a batch fell; another worker may own its partitions", error)
            metrics.TRANSACTION.observe(time.perf_counter() - began)

    def _own(self, name: str, outs: Sequence[Out]) -> None:
        """Without input: the transaction names a position that stands already, so that a zombie's is refused all the same."""
        if outs:
            if not self._offsets:
                self._offsets = dict([next(iter(self.positions.items()))])
            self._add(name, outs)

    def _add(self, name: str, outs: Sequence[Out]) -> None:
        metrics.OUTS.labels(name).inc(len(outs))
        self._outs.extend(outs)
        if len(self._outs) > MAX_OUTS:
            self._room.clear()
        self._some.set()
        if self._waiting == 0 or self._inputs >= MAX_INPUTS:
            self._due.set()

    def _brake(self, name: str, inputs: int, outs: Sequence[Out]) -> None:
        """Batches of nothing but dead letters, 50 in a row: that is a bug or a missing schema, not bad data."""
        dead = sum(1 for out in outs if out.topic == self._deadletter) if self._deadletter else 0
        if dead:
            metrics.DEAD.labels(name).inc(dead)
        self._dead[name] = self._dead[name] + dead if dead >= inputs else 0
        if self._dead[name] >= DEAD_IN_A_ROW:
            self._die(f"stage {name} made {self._dead[name]} dead letters in a row: that is a bug, not bad data; the last ones stay unread", None)


def transact(writer: Writer, offsets: Sequence[Offset], group: Any, outs: Collection[Out]) -> None:
    """One transaction; offsets first, which spares librdkafka a wait of 20 ms."""
    writer.begin()
    writer.offsets(offsets, group)
    for out in outs:
        writer.send(out.topic, out.key, out.value, partition=out.partition, headers=out.headers)
    writer.commit()
