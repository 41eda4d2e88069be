"""Everything that an answer leads to, and how far the input is settled, in one Kafka transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from accord.errors import Fatal, Transient
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Headers, Offset


class Sealed(NamedTuple):
    """An event as bytes, ready to send. `topic`: its full name."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int | None
    headers: Headers


class KafkaJournal:
    """One transaction per `commit`. Blocking; called from one thread."""

    def __init__(self, writer: TransactionalWriter) -> None:
        self._writer = writer

    def start(self) -> None:
        self._writer.start()

    def commit(self, events: Sequence[Sealed], offsets: Mapping[tuple[str, int], tuple[int, str]], group: Any) -> None:
        """Fatal where it was rolled back: what the ledger holds has run ahead of what is written, so the process must start afresh."""
        try:
            self._writer.begin()
            if offsets:
                self._writer.offsets([Offset(t, p, at, text) for (t, p), (at, text) in offsets.items()], group)
            for e in events:
                self._writer.send(e.topic, e.key, e.value, partition=e.partition, headers=e.headers)
            self._writer.commit()
        except Transient as error:
            raise Fatal(f"{error}; nothing of it was written, the sink starts afresh from its last commit", code=error.code, passing=True) from error

    def close(self) -> None:
        self._writer.close()
