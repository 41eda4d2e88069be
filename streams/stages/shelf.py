"""A stage's state: records by partition, as they were loaded at assignment and have changed since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

from streams.stage import Out

T = TypeVar("T")


class Shelf(Generic[T]):
    """`decode`: the value of a state record."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        self._decode = decode
        self._stores: dict[int, dict[bytes, T]] = {}

    def of(self, partition: int) -> dict[bytes, T]:
        """The records of a partition, to read and to write."""
        return self._stores.setdefault(partition, {})

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        """As `Stage.load`."""
        if value is None:
            self.of(partition).pop(key, None)
        else:
            self.of(partition)[key] = self._decode(value)

    def drop(self, partitions: Collection[int]) -> None:
        """As `Stage.drop`."""
        for partition in partitions:
            self._stores.pop(partition, None)


class Plain:
    """The part of a stage that follows no table and waits for no time."""

    tables: tuple[str, ...] = ()

    def apply_table(self, topic: str, key: bytes, value: bytes | None) -> None:  # noqa: ARG002
        raise AssertionError(f"this stage follows no table, but got {topic}")

    def tick(self, partitions: Collection[int], now_ms: int) -> Sequence[Out]:  # noqa: ARG002
        return ()
