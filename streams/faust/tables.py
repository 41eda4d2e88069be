"""Compacted topics in memory: a stage's own state at assignment, and the global tables, loaded whole and then followed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

from accord.kafka.consumer import Table
from accord.kafka.records import Record
from streams.faust import metrics
from streams.stage import Stage

FOLLOW_S = 0.2


def load_state(bootstrap: str, stages: Sequence[Stage], partitions: Collection[int], settings: Mapping[str, str] | None = None) -> int:
    """Read these partitions of every stage's state topic to the end; answers the number of records.

    Runs inside the assignment callback: nothing is fetched until it returns.
    """
    began, count = time.monotonic(), 0
    for stage in stages:
        if not stage.state or not partitions:
            continue
        table = Table(bootstrap, [stage.state], settings, partitions)
        try:
            for record in table.load():
                stage.load(record.partition, record.key or b"", record.value)
                count += 1
        finally:
            table.close()
    metrics.STATE.set(time.monotonic() - began)
    return count


class GlobalTables:
    """All partitions of the topics that stages name as tables. `start` returns when they were read to the end; a thread follows.

    Updates wait in a queue until `drain`, so that a stage sees them between batches only.
    """

    def __init__(
        self, bootstrap: str, stages: Sequence[Stage], on_failure: Callable[[str, BaseException], None], settings: Mapping[str, str] | None = None
    ) -> None:
        self._readers = {topic: [stage for stage in stages if topic in stage.tables] for stage in stages for topic in stage.tables}
        self._table = Table(bootstrap, list(self._readers), settings) if self._readers else None
        self._on_failure = on_failure
        self._waiting: deque[Record] = deque()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Load, then follow; answers the number of records loaded."""
        if self._table is None:
            return 0
        count = 0
        for record in self._table.load():
            self._apply(record)
            count += 1
        self._thread = threading.Thread(target=self._follow, args=(self._table,), name="tables", daemon=True)
        self._thread.start()
        return count

    def drain(self) -> None:
        """Hand what has come since to the stages; between batches, in the thread that handles them."""
        while self._waiting:
            self._apply(self._waiting.popleft())

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _apply(self, record: Record) -> None:
        for stage in self._readers[record.topic]:
            stage.apply_table(record.topic, record.key or b"", record.value)

    def _follow(self, table: Table) -> None:
        try:
            while not self._stop.is_set():
                self._waiting.extend(table.follow(FOLLOW_S))
            table.close()
        except Exception as error:  # noqa: BLE001 (a stale table answers "no such record" for one that exists)
            self._on_failure("a global table can't be followed", error)
