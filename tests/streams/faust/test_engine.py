"""The engine with a recording writer: what goes into one transaction, when it goes, and what ends the process."""

from __future__ import annotations

import asyncio

import pytest

from accord.kafka.records import Partition
from tests.streams.faust.engine_kit import IN, Died, batch, made


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
