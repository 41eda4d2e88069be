"""Faust's consumer on our group member: batches in, and no bookkeeping of Faust's own decides what is committed.

Every override has a reason that was found by losing something: docs/decisions tells them. Pinned to faust-streaming 0.15.3.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from faust.transport import consumer as base
from faust.types import TP, ConsumerMessage
from mode import Service

from accord.kafka.records import Partition
from streams.faust.batch import Batch
from streams.faust.death import die
from streams.faust.engine import Engine
from streams.faust.member import Assignment, Member

INBOX = 2  # fetches: what is prefetched beyond that would only fill the heap
LEAVE_S = 4.0
T = TypeVar("T")


class Consumer(base.Consumer):  # type: ignore[misc]  # Faust has no types
    """The thread that polls is the only one that touches librdkafka's consumer: a commit from elsewhere deadlocks with a rebalance."""

    consumer_stopped_errors = (RuntimeError,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine: Engine = self.app.accord_engine
        self._inbox: asyncio.Queue[list[Batch]] = asyncio.Queue(INBOX)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="poll")
        self._member: Member = self.app.accord_member(self._on_assign, self._on_revoke)
        self._closing = False

    async def subscribe(self, topics: Iterable[str]) -> None:
        await self._polling(lambda: self._member.subscribe(frozenset(topics)))

    @Service.task  # type: ignore[untyped-decorator]
    async def _poller(self) -> None:
        """Faust's fetcher polls only after the first assignment; librdkafka must be polled to get one."""
        while not self.should_stop:
            try:
                batches = await self._polling(self._member.poll)
            except Exception as error:  # noqa: BLE001 (whatever it is, the group can't be followed any more)
                if self._closing:
                    return
                die("polling failed", error)
            if batches:
                self.engine.expect(batches[0].generation, len(batches))
                await self._inbox.put(batches)

    @Service.task  # type: ignore[untyped-decorator]
    async def _committer(self) -> None:
        await self.engine.run()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (Faust's signature)
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        try:
            batches = await asyncio.wait_for(self._inbox.get(), timeout)
        except TimeoutError:
            return
        for batch in batches:
            if batch.generation != self.engine.generation:
                return  # fetched before a rebalance: it is fetched again
            yield TP(*batch.partition), self._message(batch)

    def _message(self, batch: Batch) -> ConsumerMessage:
        tp, last = TP(*batch.partition), batch.messages[-1]
        self.app.monitor.track_tp_end_offset(tp, last.offset + 1)
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, 0, [], None, batch, None, 0, len(batch.messages), tp,
            generation_id=batch.generation,
        )  # fmt: skip

    def _on_assign(self, assignment: Assignment) -> int:
        """In the polling thread, after the state was loaded; nothing is fetched before this returns."""
        generation: int = self._in_loop(self._assigned(assignment))
        return generation

    async def _assigned(self, assignment: Assignment) -> int:
        generation = self.engine.open(assignment.positions, assignment.group)
        self.app.consumer_generation_id = generation
        if not self.app.rebalancing:
            self.app.on_rebalance_start()
        await self.on_partitions_assigned({TP(*p) for p in assignment.positions}, generation)
        return generation

    def _on_revoke(self) -> None:
        if not self._closing:
            self._in_loop(self._revoked())

    async def _revoked(self) -> None:
        """Commit inside the callback, then forget: Faust's own signal comes after the partitions are gone."""
        mine = self.assignment()
        await self.engine.close()
        self.app.consumer_generation_id = self.engine.generation
        self.app.on_rebalance_start()
        self.engine.drop()
        await self.on_partitions_revoked(mine)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Whoever in Faust wants a commit gets ours. Faust's acks assume one offset per event and commit past what is in flight."""
        del topics, start_new_transaction
        await self.engine.barrier()
        for tp in list(self._acked):
            self._acked[tp].clear()
            self._acked_index[tp].clear()
        positions = {TP(*p): offset for p, offset in self.engine.positions.items()}
        self._committed_offset.update(positions)
        self.app.monitor.on_tp_commit(positions)
        return True

    async def on_stop(self) -> None:
        """Finish the batch, commit, leave the group; within 4 s or not at all."""
        try:
            async with asyncio.timeout(LEAVE_S):
                await self.engine.close()
                await super().on_stop()
                self._closing = True
                await self._polling(self._member.close)
        except TimeoutError as error:
            die(f"could not leave the group within {LEAVE_S:.0f} s", error)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """A batch is no gap."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """The member's assignment has started there already."""
        return {TP(*p): offset for p, offset in self.engine.positions.items()}

    def assignment(self) -> set[TP]:
        return {TP(*p) for p in self.engine.positions}

    def highwater(self, tp: TP) -> int:
        end: int = self.app.monitor.tp_end_offsets.get(tp, 0)
        return end

    def topic_partitions(self, topic: str) -> int | None:
        del topic
        return None

    async def position(self, tp: TP) -> int | None:
        return self.engine.positions.get(Partition(tp.topic, tp.partition))

    def close(self) -> None:
        self._closing = True

    async def _polling(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _in_loop(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    #: Abstract in Faust, never reached on this transport: its parts that would call them are switched off or overridden here.
    _getmany = _commit = _to_message = _seek = create_topic = earliest_offsets = highwaters = seek_wait = key_partition = None
    _new_topicpartition = staticmethod(TP)
