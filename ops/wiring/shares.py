"""What a worker may use of a system's calls at once while nobody allots them: together never more than what is ours."""

from __future__ import annotations

from collections.abc import Collection

from schemas.topics import PARTITIONS


def reading(concurrency: int) -> int:
    """A third, at least one where there are two: producers read in the background."""
    return max(min(1, concurrency - 1), concurrency // 3)


def writing(concurrency: int, owned: Collection[int]) -> int:
    """Of the rest, the share of these partitions of the write topic."""
    rest = concurrency - reading(concurrency)
    return sum(rest * (p + 1) // PARTITIONS - rest * p // PARTITIONS for p in owned)
