"""What of each record was told last: the same again would wake every reader of golden records for nothing."""

from __future__ import annotations

from collections.abc import Collection


class Told:
    """By partition and key, as hashes. In memory only: after a start each record is told once more, which a changed mapping needs."""

    def __init__(self) -> None:
        self._hashes: dict[int, dict[bytes | None, int]] = {}

    def anew(self, partition: int, key: bytes | None, value: bytes | None) -> bool:
        """Whether this is something else than what was told last; from now on it is what was."""
        known, now = self._hashes.setdefault(partition, {}), hash(value)
        if known.get(key) == now:
            return False
        known[key] = now
        return True

    def drop(self, partitions: Collection[int]) -> None:
        """Others tell of these now."""
        for partition in partitions:
            self._hashes.pop(partition, None)
