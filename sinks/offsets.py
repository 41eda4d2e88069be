"""How far a partition is settled: the highest contiguous offset, and what is settled beyond it, as text for the commit's metadata.

    1;open;4.2.1.7      format; end of the last owner; lengths of runs from the committed offset on: not settled, settled, not settled, ...

The text may be cut short (the broker takes 4,096 bytes): what it does not name is looked at once more and found superseded by `settled.*`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

#: The broker's default for `offset.metadata.max.bytes` is 4,096; some room is left.
MAX_TEXT = 3_500
FORMAT = "1"
End = Literal["open", "clean"]


class Committed(NamedTuple):
    """What a commit says: everything before `offset` is settled, `settled` beyond it too; `clean`: its owner had no call under way."""

    offset: int
    settled: frozenset[int]
    clean: bool


class Offsets:
    """Offsets of one topic and partition. Offsets that never arrive (control records) are no obstacle."""

    def __init__(self, committed: Committed) -> None:
        self._next = committed.offset
        self._open: dict[int, None] = {}
        self._beyond: set[int] = set(committed.settled)

    def seen(self, offset: int) -> bool:
        """A record arrived. False: it was settled by the last owner, or it arrived before; there is nothing to do."""
        self._next = max(self._next, offset + 1)
        if offset in self._beyond or offset in self._open:
            return False
        self._open[offset] = None
        return True

    def settle(self, offset: int) -> None:
        """Nothing more is needed for this record."""
        if self._open.pop(offset, 0) is None:
            self._beyond.add(offset)

    def contiguous(self) -> int:
        """The offset to commit: everything before it is settled."""
        return next(iter(self._open), self._next)  # records arrive in order, so the first is the lowest

    def commit(self, end: End) -> tuple[int, str]:
        """(offset, metadata) for the commit; forgets what lies before."""
        base = self.contiguous()
        self._beyond = {o for o in self._beyond if o >= base}
        return base, encode(base, self._beyond, end)

    def pending(self) -> int:
        """How many records arrived and are not settled."""
        return len(self._open)


def encode(base: int, settled: Collection[int], end: End) -> str:
    """Metadata for a commit at `base` with these offsets settled beyond it, cut at `MAX_TEXT` after a whole pair of runs."""
    text = f"{FORMAT};{end};"
    runs: list[str] = []
    size = len(text)
    at = base
    for start, stop in _runs(settled):
        pair = f"{start - at}.{stop - start}"
        size += len(pair) + 1
        if size > MAX_TEXT:
            break
        runs.append(pair)
        at = stop
    return text + ".".join(runs)


def decode(base: int, text: str | None) -> Committed:
    """Undo `encode`. Text that is not ours (another tool moved the offset) says nothing is settled beyond, and no clean end."""
    parts = (text or "").split(";")
    numbers = parts[2].split(".") if len(parts) == 3 and parts[2] else []
    if len(parts) != 3 or parts[0] != FORMAT or len(numbers) % 2 or not all(n.isdecimal() for n in numbers):
        return Committed(base, frozenset(), clean=False)
    settled: set[int] = set()
    at = base
    for gap, run in zip(map(int, numbers[::2]), map(int, numbers[1::2]), strict=True):
        at += gap
        settled.update(range(at, at + run))
        at += run
    return Committed(base, frozenset(settled), clean=parts[1] == "clean")


def _runs(offsets: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for o in sorted(offsets):
        if runs and runs[-1][1] == o:
            runs[-1] = (runs[-1][0], o + 1)
        else:
            runs.append((o, o + 1))
    return runs
