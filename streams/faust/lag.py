"""Which live partitions have not been read to their end: while any lags, the backfill waits. Pure; time comes in as seconds."""

from __future__ import annotations

from collections.abc import Iterable

from accord.kafka.records import Partition

#: A live partition that has not been at its end for this long has a backlog. Less, and a steady trickle of live events would pause and
#: resume the backfill all the time (each pause throws away what was prefetched).
PATIENCE_S = 0.3


class Lag:
    """Ends are told by end-of-partition marks: counting offsets would never reach zero, commit markers are records too."""

    def __init__(self) -> None:
        self._behind: dict[Partition, float] = {}
        self._unread: set[Partition] = set()

    def assigned(self, live: Iterable[Partition]) -> None:
        """Nothing is known of these yet: the backfill waits until each was seen at its end once."""
        self._unread = set(live)
        self._behind = {}

    def seen(self, partition: Partition, now: float) -> None:
        """Records of it were fetched."""
        self._behind.setdefault(partition, now)

    def ended(self, partition: Partition) -> None:
        """It was read to its end."""
        self._behind.pop(partition, None)
        self._unread.discard(partition)

    def lagging(self, now: float) -> bool:
        """Whether the backfill has to wait."""
        return bool(self._unread) or any(now - since >= PATIENCE_S for since in self._behind.values())
