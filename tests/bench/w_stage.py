"""Workload W as a stage of ours, and the process that runs it: `python -m tests.bench.w_stage JSON`."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from streams.stage import Message, Out
from tests.bench.w import (
    IN_SCHEMA,
    OUT_HEADER,
    OUT_SCHEMA,
    STATE_HEADER,
    STATE_SCHEMA,
    State,
    decode,
    encode,
    reconcile,
)


class WStage:
    """`pause_s`: sleep per batch, so that a test's kill falls into the middle. `poison`: what to do with an undecodable value."""

    tables: tuple[str, ...] = ()

    def __init__(
        self, source: str, out: str, state: str, *, backfill: str = "", pause_s: float = 0.0, deadletter: str = "", tables: tuple[str, ...] = ()
    ) -> None:
        self.name, self.inputs, self.state = "w", (source,), state
        self.inputs_backfill = (backfill,) if backfill else ()
        self.tables = tables
        self._out, self._pause_s, self._deadletter = out, pause_s, deadletter
        self._states: dict[int, dict[bytes, State]] = {}
        self.table: dict[bytes, bytes | None] = {}

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._states.setdefault(partition, {}).pop(key, None)
        else:
            self._states.setdefault(partition, {})[key] = decode(STATE_SCHEMA, value)["fields"]

    def drop(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            self._states.pop(partition, None)

    def apply_table(self, topic: str, key: bytes, value: bytes | None) -> None:
        self.table[key] = value

    def handle(self, partition: int, batch: Sequence[Message]) -> Sequence[Out]:
        if self._pause_s:
            time.sleep(self._pause_s)
        states = self._states.setdefault(partition, {})
        outs: list[Out] = []
        add, out, state_topic, make = outs.append, self._out, self.state, Out._make
        for message in batch:
            key: Any = message.key
            value: Any = message.value
            if value[:1] != b"\0":
                if not self._deadletter:
                    raise ValueError("poison")
                add(Out(self._deadletter, key, value, partition))
                continue
            record = decode(IN_SCHEMA, value)
            state = states.get(key)
            if state is None:
                state = states[key] = {}
            changed, dirty = reconcile(state, record)
            if dirty:
                add(make((state_topic, key, encode(STATE_SCHEMA, STATE_HEADER, {"fields": state}), partition, ())))
            if changed:
                add(make((out, key, encode(OUT_SCHEMA, OUT_HEADER, {"id": record["id"], "fields": changed}), partition, ())))
        return outs

    def tick(self, partitions: Collection[int], now_ms: int) -> Sequence[Out]:
        return ()


def main() -> None:
    from streams.faust.app import worker

    given = json.loads(sys.argv[1])
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stage = WStage(
        given["source"], given["out"], given["state"], backfill=given.get("backfill", ""), pause_s=given.get("pause_s", 0.0), deadletter=given.get("deadletter", "")
    )  # fmt: skip
    worker(
        [stage], app_id=given["group"], bootstrap=given["bootstrap"], deadletter=given.get("deadletter", ""), datadir=Path(given["dir"]), fetch=given.get("fetch", 1_000),
        settings=given.get("settings"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
