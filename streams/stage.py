"""What a stage of the pipeline is, apart from Kafka and Faust: batches in, messages out, state by partition.

A stage never sees an offset being committed: state, outputs and input offsets of a batch are one Kafka transaction of the worker that runs
it. So a stage may change its in-memory state while it handles a batch: if the transaction fails, the process dies with that state.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class Message(NamedTuple):
    """A record as it came from Kafka. `timestamp`: epoch ms of the broker or producer."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers = ()


class Out(NamedTuple):
    """A record to send. `partition` None = by the hash of the key (murmur2, as Kafka's own clients do)."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()


class Stage(Protocol):
    """One step of the pipeline.

    `inputs`: live topics, `inputs_backfill`: their twins, paused while the live ones have lag. `state`: a compacted topic with as many
    partitions as the inputs, loaded before any event is handed out. `tables`: compacted topics of which every worker holds all partitions.
    """

    @property
    def name(self) -> str: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def inputs_backfill(self) -> tuple[str, ...]: ...
    @property
    def state(self) -> str: ...
    @property
    def tables(self) -> tuple[str, ...]: ...

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        """One state record, at assignment; None = a tombstone."""
        ...

    def drop(self, partitions: Collection[int]) -> None:
        """These partitions belong to another worker now."""
        ...

    def apply_table(self, topic: str, key: bytes, value: bytes | None) -> None:
        """One record of a table, at start and whenever it changes."""
        ...

    def handle(self, partition: int, batch: Sequence[Message]) -> Sequence[Out]:
        """Everything that one fetched batch of one topic-partition leads to."""
        ...

    def tick(self, partitions: Collection[int], now_ms: int) -> Sequence[Out]:
        """About once a second, in a transaction of its own when it returns anything: what has become due."""
        ...
