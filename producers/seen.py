"""What a source has emitted already, so that looking twice tells once: pure.

Only the newest content of a record is kept: a set of all contents would swallow the last of A, B, A within one second.
"""

from __future__ import annotations


class Seen:
    """Newest (stamp, content) of each record within the overlap."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, str]] = {}

    def __len__(self) -> int:
        return len(self._latest)

    def fresh(self, id_: str, stamp_ms: int, content: str) -> bool:
        """Is it anything but what was noted last?"""
        return self._latest.get(id_) != (stamp_ms, content)

    def stamped(self, id_: str, stamp_ms: int) -> bool:
        """Was it noted last with that very stamp?"""
        return self._latest.get(id_, (-1, ""))[0] == stamp_ms

    def note(self, id_: str, stamp_ms: int, content: str) -> None:
        """It has been emitted, and the transaction has committed."""
        self._latest[id_] = (stamp_ms, content)

    def forget(self, before_ms: int) -> None:
        """Drop what can't be read again."""
        self._latest = {k: v for k, v in self._latest.items() if v[0] >= before_ms}
