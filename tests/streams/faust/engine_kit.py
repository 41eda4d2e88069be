"""An engine with a recording writer and a stage that copies."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

from accord.errors import Transient
from accord.kafka.records import Offset, Partition
from streams.faust.batch import Batch
from streams.faust.engine import Engine
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
