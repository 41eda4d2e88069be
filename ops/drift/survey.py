"""Which records of one entity in one system must be looked at: counts and hashes first, keys only where they differ, whole records last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ops.drift.buckets import LEAF, Bucket, Key, Range, agrees, behind, cut, floor, ordered


class Census(Protocol):
    """What a system tells of its records without showing them. Raises Transient or Fatal."""

    async def buckets(self, ranges: Sequence[Range]) -> Sequence[Bucket]: ...
    async def keys(self, within: Range, since_ms: int) -> Sequence[Key]:
        """Records changed at or after that."""
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """rows: how many there are. suspects: ids to be read whole: changed since seen, unknown, or not found any more."""

    rows: int
    suspects: tuple[str, ...]


async def survey(census: Census, known: Mapping[str, int], since_ms: int, until_ms: int) -> Survey:
    """`known`: each id that Accord holds and the time up to which it has seen it. Stamps before `since_ms` were compared before."""
    (whole,), low = await census.buckets([Range()]), floor(known, since_ms)
    news = await census.keys(Range(), low) if whole.newest_ms >= low and whole.rows else ()
    suspects = dict.fromkeys(behind(known, news, until_ms))
    ids = ordered([*known, *(k.id for k in news if k.id not in known)])
    for id_ in await _astray(census, Range(), ids, whole, until_ms):
        suspects[id_] = None
    return Survey(whole.rows, tuple(suspects))


async def _astray(census: Census, within: Range, ids: Sequence[str], bucket: Bucket, until_ms: int) -> list[str]:
    """Ids that only one of both sides has, found by cutting where the bucket differs."""
    if agrees(ids, bucket):
        return []
    if len(ids) <= LEAF:
        found = {k.id: k.stamp_ms for k in await census.keys(within, 0)}
        return [i for i in ids if i not in found] + [i for i, at in found.items() if i not in set(ids) and at <= until_ms]
    out: list[str] = []
    parts = cut(within, ids)
    for (part, some), told in zip(parts, await census.buckets([p for p, _ in parts]), strict=True):
        out += await _astray(census, part, some, told, until_ms)
    return out
