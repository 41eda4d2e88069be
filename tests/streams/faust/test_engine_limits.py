"""What ends the process, what makes it wait, and what leaves without an input."""

from __future__ import annotations

import asyncio

import pytest

from accord.errors import Transient
from streams.faust.engine import DEAD_IN_A_ROW, MAX_OUTS, Engine
from streams.stage import Out
from tests.streams.faust.engine_kit import IN, Copy, Died, Recorder, batch, die, made


def test_a_transaction_that_falls_ends_the_process():
    """Memory has run ahead of what is committed: a later batch would write state that contains what was rolled back."""

    async def run() -> None:
        engine, _, writer = made()
        engine.open({IN: 0}, None)
        engine.handle("copy", batch(engine, 0, 0, b"a"))
        writer.fails = True
        with pytest.raises(Died, match="transaction of a batch fell") as died:
            await engine.barrier()
        assert "rolled back" in str(died.value.__cause__)

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
