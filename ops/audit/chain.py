"""The hash chain over the rows of the audit trail: one chain for each partition of its topic, in the order of offsets. Pure.

Each row has a seal: the digest of the row, that of the name of its record, and a link made of both and the link before. Whoever changes, removes or inserts a row leaves a seal that
doesn't fit; whoever makes all seals anew gets other links than those that somebody noted down before (`heads`). Rows of a record that was erased on
request are gone while their seals stay: they are no fault where a row of the chain says that this record was erased. Old rows may be cut off with
their seals: no fault either, where a row of the chain says up to which link (ops/audit/shortened.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

#: Faults that are told one by one; beyond these only their number grows.
MOST_TOLD = 1_000
Place = tuple[int, int]
PlacedRow = tuple[Place, Mapping[str, Any]]


class Seal(NamedTuple):
    """`digest`: of the row. `subject`: of its record's name. `link`: of everything in this partition up to here."""

    partition: int
    offset: int
    digest: str
    subject: str
    link: str

    @property
    def place(self) -> Place:
        return self.partition, self.offset


#: A row with its seal; one of them None = the other stands alone.
Pair = tuple[PlacedRow | None, Seal | None]


class Fault(NamedTuple):
    """kind: changed, removed, inserted (a row); broken (a seal); rewritten (another chain than the one that was noted); too_old (the trail
    was shortened beyond what was noted, so nothing can be compared).
    """

    partition: int
    offset: int
    kind: str


class Head(NamedTuple):
    """The end of a partition's chain."""

    offset: int
    link: str


@dataclass(slots=True)
class Verdict:
    """What a walk along the chain has found. `faults` holds the first thousand of `count`. `erased`: seals of rows that went on request.
    `cut`: where the chain begins in partitions that were shortened.
    """

    rows: int = 0
    erased: int = 0
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    heads: dict[int, Head] = field(default_factory=dict)
    cut: dict[int, Head] = field(default_factory=dict)

    def tell(self, place: Place, kind: str) -> None:
        self.count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(Fault(*place, kind))


def digest(row: Mapping[str, Any]) -> str:
    """Of a row, by the names of its columns."""
    return sha256(json.dumps(dict(row), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def subject(name: str) -> str:
    """Of a record's name: its key, or the address of a source record that has none yet. Shows which rows an erasure means, and no name."""
    return sha256(name.encode()).hexdigest()


def link(before: str, place: Place, of_row: str, whose: str) -> str:
    return sha256(f"{before}|{place[0]}|{place[1]}|{of_row}|{whose}".encode()).hexdigest()


def sealed(
    rows: Iterable[PlacedRow], heads: Mapping[int, Head], name: Callable[[Mapping[str, Any]], str]
) -> Iterator[tuple[Mapping[str, Any], Seal]]:  # fmt: skip
    """New rows, in order, each with its seal. Rows at or before the head of their partition are old ones, read again: left out."""
    ends = dict(heads)
    for place, row in rows:
        partition, offset = place
        head = ends.get(partition, Head(-1, ""))
        if offset > head.offset:
            of_row, whose = digest(row), subject(name(row))
            ends[partition] = Head(offset, link(head.link, place, of_row, whose))
            yield row, Seal(partition, offset, of_row, whose, ends[partition].link)


class Walk:
    """Along rows and seals, both by partition and offset. `noted`: heads that somebody kept elsewhere.

    What rows of the chain say is gone: `erased`, subjects; `cuts`, of each partition the places up to which it was cut off.
    """

    def __init__(
        self, noted: Mapping[int, Head], erased: Collection[str] = frozenset(), cuts: Mapping[int, Collection[Head]] = MappingProxyType({})
    ) -> None:  # fmt: skip
        self.verdict = Verdict()
        self._noted, self._erased, self._cuts = dict(noted), erased, cuts

    def step(self, row: PlacedRow | None, seal: Seal | None) -> None:
        """A row with its seal; one of them None = the other stands alone."""
        if row is not None:
            self.verdict.rows += 1
        if seal is None:
            if row is not None:
                self.verdict.tell(row[0], "inserted")
            return
        if row is None and seal.subject in self._erased:
            self.verdict.erased += 1
        elif row is None:
            self.verdict.tell(seal.place, "removed")
        elif digest(row[1]) != seal.digest:
            self.verdict.tell(seal.place, "changed")
        before = self.verdict.heads.get(seal.partition) or self._beginning(seal)
        if not follows(seal, before):
            self.verdict.tell(seal.place, "broken")
        self._come(seal.partition, Head(seal.offset, seal.link))

    def end(self) -> Verdict:
        """All has been seen; what was noted and never met was rewritten or cut off."""
        for partition in self._cuts.keys() - self.verdict.heads.keys():
            self._begin(partition, max(self._cuts[partition]))
        for partition, head in self._noted.items():
            begins = self.verdict.cut.get(partition)
            self.verdict.tell((partition, head.offset), "too_old" if begins and head.offset < begins.offset else "rewritten")
        return self.verdict

    def _beginning(self, seal: Seal) -> Head:
        """What the first seal of a partition follows: nothing, or a place where a row of the chain says that it was cut off."""
        for head in self._cuts.get(seal.partition, ()):
            if head.offset < seal.offset and follows(seal, head):
                self._begin(seal.partition, head)
                return head
        return Head(-1, "")

    def _begin(self, partition: int, head: Head) -> None:
        self.verdict.cut[partition] = head
        self._come(partition, head)

    def _come(self, partition: int, head: Head) -> None:
        self.verdict.heads[partition] = head
        if self._noted.get(partition) == head:
            del self._noted[partition]


def follows(seal: Seal, before: Head) -> bool:
    """Is its link made of that one?"""
    return link(before.link, seal.place, seal.digest, seal.subject) == seal.link


def paired(rows: Sequence[PlacedRow], seals: Sequence[Seal]) -> Iterator[Pair]:
    """Rows and seals of one page, each in order, side by side."""
    r, s = 0, 0
    while r < len(rows) or s < len(seals):
        row = rows[r] if r < len(rows) else None
        seal = seals[s] if s < len(seals) else None
        if row is not None and seal is not None and row[0] != seal.place:
            row, seal = (row, None) if row[0] < seal.place else (None, seal)
        r += row is not None
        s += seal is not None
        yield row, seal
