"""A stage's state: records by partition, as they were loaded at assignment and have changed since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from typing import Generic, TypeVar

from streams.stage import Out

T = TypeVar("T")
#: So many records of a partition stay decoded; the others are kept as bytes, a ninth of the memory, and decoded when they are met.
DECODED = 4_000


class Packed(MutableMapping[bytes, T]):
    """Records by key; those that were not met for longest are bytes. A record that has not changed keeps its bytes, so putting it away costs nothing."""

    def __init__(self, decode: Callable[[bytes], T], encode: Callable[[T], bytes], decoded: int) -> None:
        self._decode, self._encode, self._most = decode, encode, decoded
        self._live: dict[bytes, T] = {}
        self._bytes: dict[bytes, bytes] = {}

    def load(self, key: bytes, value: bytes) -> None:
        """A record as it stands on Kafka."""
        self._live.pop(key, None)
        self._bytes[key] = value

    def __getitem__(self, key: bytes) -> T:
        found = self._live.pop(key) if key in self._live else self._decode(self._bytes[key])
        self._meet(key, found)
        return found

    def __setitem__(self, key: bytes, value: T) -> None:
        self._bytes.pop(key, None)
        self._live.pop(key, None)
        self._meet(key, value)

    def __delitem__(self, key: bytes) -> None:
        if key not in self:
            raise KeyError(key)
        self._live.pop(key, None)
        self._bytes.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._live or key in self._bytes

    def __iter__(self) -> Iterator[bytes]:
        return iter(list(self._live) + [key for key in self._bytes if key not in self._live])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _meet(self, key: bytes, value: T) -> None:
        self._live[key] = value
        if len(self._live) > self._most:
            oldest = next(iter(self._live))
            away = self._live.pop(oldest)
            if oldest not in self._bytes:
                self._bytes[oldest] = self._encode(away)


class Shelf(Generic[T]):
    """`decode`, `encode`: the value of a state record. With `encode`, only `decoded` records of a partition are held as objects."""

    def __init__(self, decode: Callable[[bytes], T], encode: Callable[[T], bytes] | None = None, decoded: int = DECODED) -> None:
        self._decode, self._encode, self._decoded = decode, encode, decoded
        self._stores: dict[int, MutableMapping[bytes, T]] = {}

    def of(self, partition: int) -> MutableMapping[bytes, T]:
        """The records of a partition, to read and to write."""
        found = self._stores.get(partition)
        if found is None:
            found = self._stores[partition] = Packed(self._decode, self._encode, self._decoded) if self._encode else {}
        return found

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        """As `Stage.load`."""
        store = self.of(partition)
        if value is None:
            store.pop(key, None)
        elif isinstance(store, Packed):
            store.load(key, value)
        else:
            store[key] = self._decode(value)

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
