"""The engine with a recording writer: what goes into one transaction, when it goes, and what ends the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from accord.errors import Transient
from accord.kafka.records import Offset, Partition
from streams.faust.batch import Batch
from streams.faust.engine import DEAD_IN_A_ROW, MAX_OUTS, Engine
from streams.stage import Message, Out


class Died(BaseException):
    """Instead of os._exit."""


def die(why: str, error: BaseException | None = None):
    raise Died(why) from error


class Recorder:
    """The writer's contract; `hold` keeps a transaction open until it is set."""

    def __init__(self) -> None:
        self.transactions: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.fails = False
        self.hold = threading.Event()
        self.hold.set()

    def begin(self) -> None:
        self.calls.append("begin")
        self.transactions.append({"outs": [], "offsets": {}, "group": None, "done": False})

    def offsets(self, offsets: Sequence[Offset], group: Any) -> None:
        self.calls.append("offsets")
        self.transactions[-1] |= {"offsets": {(o.topic, o.partition): o.offset for o in offsets}, "group": group}

    def send(self, topic: str, key: bytes | None, value: bytes | None, *, partition: int | None = None, headers: Any = ()) -> None:
        self.calls.append("send")
        self.transactions[-1]["outs"].append((topic, key))

    def commit(self) -> None:
        self.hold.wait(5)
        if self.fails:
            raise Transient("rolled back")
        self.transactions[-1]["done"] = True


class Copy:
    """A stage that sends each input on. `due`: what `tick` returns next."""

    name, inputs, inputs_backfill, state, tables = "copy", ("in",), (), "state", ()

    def __init__(self) -> None:
        self.due: list[Out] = []
        self.dropped: list[int] = []
        self.topic = "out"
        self.fan = 1

    def load(self, partition: int, key: bytes, value: bytes | None) -> None: ...
    def apply_table(self, topic: str, key: bytes, value: bytes | None) -> None: ...

    def drop(self, partitions: Collection[int]) -> None:
        self.dropped += partitions

    def handle(self, partition: int, batch: Sequence[Message]) -> Sequence[Out]:
        if batch[0].value == b"raise":
            raise KeyError("bug")
        return [Out(self.topic, m.key, m.value) for m in batch for _ in range(self.fan)]

    def tick(self, partitions: Collection[int], now_ms: int) -> Sequence[Out]:
        due, self.due = self.due, []
        return due


IN = Partition("in", 0)


def made(**kwargs: Any) -> tuple[Engine, Copy, Recorder]:
    stage, writer = Copy(), Recorder()
    engine = Engine([stage], writer, lambda: None, die, deadletter="dead", now_ms=lambda: 0, **kwargs)
    return engine, stage, writer


def batch(engine: Engine, number: int, first: int, *values: bytes, where: Partition = IN) -> Batch:
    messages = [Message(where.topic, where.partition, first + n, b"k", v, 0) for n, v in enumerate(values)]
    return Batch(where, engine.generation, number, messages)


def test_state_outputs_and_offsets_are_one_transaction():
    """Parted by a crash, an event is lost or done twice; offsets go first because that spares librdkafka 20 ms."""

    async def run() -> None:
        engine, _, writer = made()
        engine.open({IN: 10}, "group 1")
        engine.expect(engine.generation, 1)
        assert engine.handle("copy", batch(engine, 0, 10, b"a", b"b"))
        await engine.barrier()
        assert writer.transactions == [{"outs": [("out", b"k")] * 2, "offsets": {("in", 0): 12}, "group": "group 1", "done": True}]
        assert writer.calls == ["begin", "offsets", "send", "send"]

    asyncio.run(run())


def test_a_fetch_is_one_transaction_and_leaves_at_once():
    """Committing per partition would cost four transactions of 3 ms where one is enough; waiting for a timer would cost latency."""

    async def run() -> None:
        engine, _, writer = made()
        committer = asyncio.create_task(engine.run())
        await asyncio.sleep(0)
        engine.open({IN: 0, Partition("in", 1): 0}, None)
        engine.expect(engine.generation, 2)
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        await asyncio.sleep(0.02)
        assert writer.transactions == []
        engine.handle("copy", batch(engine, 0, 5, b"b", where=Partition("in", 1)))
        async with asyncio.timeout(2):
            while not (writer.transactions and writer.transactions[0]["done"]):
                await asyncio.sleep(0.001)
        assert writer.transactions[0]["offsets"] == {("in", 0): 1, ("in", 1): 6}
        committer.cancel()

    asyncio.run(run())


def test_what_waits_too_long_is_committed_although_more_is_expected():
    """A slow stage must not hold back the outputs of the batches that it has finished."""

    async def run() -> None:
        engine, _, writer = made()
        committer = asyncio.create_task(engine.run())
        engine.open({IN: 0}, None)
        engine.expect(engine.generation, 2)
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        async with asyncio.timeout(2):
            while not writer.transactions:
                await asyncio.sleep(0.005)
        committer.cancel()

    asyncio.run(run())


def test_a_batch_of_an_older_generation_is_left_alone():
    """After a rebalance the partition may be another's: its queued batch must be neither handled nor committed."""

    async def run() -> None:
        engine, stage, writer = made()
        engine.open({IN: 0}, "old")
        stale = batch(engine, 0, 0, b"a")
        await engine.close()
        engine.drop()
        assert not engine.handle("copy", stale)
        engine.open({IN: 0}, "new")
        assert not engine.handle("copy", stale)
        await engine.barrier()
        assert writer.transactions == []
        assert stage.dropped == [0]

    asyncio.run(run())


def test_close_commits_what_was_handled_before_it_returns():
    """The next owner starts at the committed offset: what was handled but not committed would be done twice."""

    async def run() -> None:
        engine, _, writer = made()
        engine.open({IN: 0}, "mine")
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        writer.hold.clear()
        closing = asyncio.create_task(engine.close())
        await asyncio.sleep(0.05)
        assert not closing.done()
        writer.hold.set()
        await closing
        assert writer.transactions[0]["done"]

    asyncio.run(run())


def test_a_batch_that_was_lost_on_its_way_ends_the_process():
    """If Faust's queues drop a batch, the next one's offset would commit over it: lost for good, and nobody told."""

    async def run() -> None:
        engine, _, writer = made()
        engine.open({IN: 0}, None)
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        with pytest.raises(Died, match="lost between fetching and handling"):
            engine.handle("copy", batch(engine, 2, 9, b"c"))
        assert writer.transactions == []

    asyncio.run(run())


def test_a_stage_that_raises_ends_the_process_naming_the_batch():
    """Its memory may be half changed: going on, or retrying on top of it, would write wrong state."""

    async def run() -> None:
        engine, _, writer = made()
        engine.open({IN: 0}, None)
        with pytest.raises(Died, match=r"stage copy at in\[0\] 7 to 7"):
            engine.handle("copy", batch(engine, 0, 7, b"raise"))
        await engine.barrier()
        assert writer.transactions == []

    asyncio.run(run())


def test_a_transaction_that_falls_ends_the_process():
    """Memory has run ahead of what is committed: a later batch would write state that contains what was rolled back."""

    async def run() -> None:
        engine, _, writer = made()
        engine.open({IN: 0}, None)
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        writer.fails = True
        with pytest.raises(Died, match="rolled back"):
            await engine.barrier()

    asyncio.run(run())


def test_dead_letters_in_a_row_end_the_process_and_one_good_batch_resets():
    """Fifty in a row is a bug; one here and there is bad data and must not stop anything."""

    async def run() -> None:
        engine, stage, _ = made()
        engine.open({IN: 0}, None)
        stage.topic = "dead"
        for n in range(DEAD_IN_A_ROW - 1):
            engine.handle("copy", batch(engine, n, n, b"x"))
        stage.topic = "out"
        engine.handle("copy", batch(engine, DEAD_IN_A_ROW - 1, 100, b"good"))
        stage.topic = "dead"
        for n in range(DEAD_IN_A_ROW - 1):
            engine.handle("copy", batch(engine, DEAD_IN_A_ROW + n, 200 + n, b"x"))
        with pytest.raises(Died, match="50 dead letters in a row"):
            engine.handle("copy", batch(engine, 2 * DEAD_IN_A_ROW - 1, 300, b"x"))

    asyncio.run(run())


def test_what_is_due_goes_with_a_position_of_ours():
    """A transaction without offsets isn't checked against the group's generation: a zombie's tick would write over its successor."""

    async def run() -> None:
        engine, stage, writer = made()
        stage.due = [Out("out", b"k", b"early")]
        engine.tick()
        engine.open({IN: 42}, "group")
        engine.tick()
        await engine.barrier()
        assert writer.transactions == [{"outs": [("out", b"k")], "offsets": {("in", 0): 42}, "group": "group", "done": True}]
        engine.tick()
        await engine.barrier()
        assert len(writer.transactions) == 1

    asyncio.run(run())


def test_tables_are_brought_up_to_date_before_each_batch():
    """A link that has arrived must be known to the batch after it, and never change in the middle of one."""

    async def run() -> None:
        drained: list[int] = []
        stage = Copy()
        engine = Engine([stage], Recorder(), lambda: drained.append(len(drained)), die)
        engine.open({IN: 0}, None)
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        engine.handle("copy", batch(engine, 1, 1, b"a"))
        assert len(drained) == 2

    asyncio.run(run())


def test_a_backlog_of_outputs_makes_the_agent_wait():
    """Handling faster than the broker takes it would fill the memory."""

    async def run() -> None:
        engine, stage, _ = made()
        engine.open({IN: 0}, None)
        stage.fan = MAX_OUTS + 1
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        waiting = asyncio.create_task(engine.room())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await engine.barrier()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(run())


def test_sending_without_partitions_is_refused():
    """What can't be checked against the group's generation isn't sent."""

    async def run() -> None:
        engine, _, _ = made()
        with pytest.raises(Transient):
            await engine.put([Out("out", b"k", b"v")])

    asyncio.run(run())
