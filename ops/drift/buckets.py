"""Buckets of (id, last modified): what both sides say of a range of ids, and where to look closer. Pure.

A system answers for a range with one number of rows, one hash over the ids and the newest stamp. Accord knows the ids, and for each how far
it has seen the record. Equal rows and hash: nobody came or went. Newest stamp not above what was looked at: nobody changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Ranges that one is cut into where it differs.
WAYS = 8
#: So many ids are not cut further: their keys cost no more calls than their buckets.
LEAF = 2_000
#: The hash of an id: (id * FACTOR) mod PRIME; both systems' sums stay far below 2^53.
FACTOR, PRIME = 7_919, 1_000_003


@dataclass(frozen=True, slots=True)
class Range:
    """Ids from `low` on and before `high`; empty = open."""

    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a system says of a range. hash: sum over the ids, None where it can't be asked for one. newest_ms: 0 = no rows."""

    rows: int
    newest_ms: int
    hash: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One record of a system: id and last change, epoch ms."""

    id: str
    stamp_ms: int


def ordered(ids: Sequence[str]) -> list[str]:
    """In the system's own order: numbers by value (NetSuite), others by character (Salesforce)."""
    return sorted(ids, key=int) if all(i.isdecimal() for i in ids) else sorted(ids)


def hashed(ids: Sequence[str]) -> int:
    """The sum that NetSuite gives for these ids."""
    return sum(int(i) * FACTOR % PRIME for i in ids)


def agrees(ids: Sequence[str], bucket: Bucket) -> bool:
    """Are these the ids of the bucket, as far as it tells?"""
    return len(ids) == bucket.rows and (bucket.hash is None or hashed(ids) == bucket.hash)


def floor(known: Mapping[str, int], since_ms: int) -> int:
    """Stamps before this were looked at: each record was seen later, or a comparison has passed over it."""
    return max(since_ms, min(known.values(), default=0))


def behind(known: Mapping[str, int], keys: Sequence[Key], until_ms: int) -> list[str]:
    """Ids that are unknown, or changed since they were seen; what is younger than `until_ms` may still be under way."""
    return [k.id for k in keys if k.stamp_ms <= until_ms and (k.id not in known or k.stamp_ms > known[k.id])]


def cut(within: Range, ids: Sequence[str]) -> list[tuple[Range, Sequence[str]]]:
    """The range in up to WAYS parts that hold equally many of these ids (in order), leaving no gap between them."""
    size = max(1, -(-len(ids) // WAYS))
    starts = [ids[n] for n in range(size, len(ids), size)]
    bounds = [within.low, *starts, within.high]
    return [(Range(low, high), ids[n * size : (n + 1) * size]) for n, (low, high) in enumerate(pairwise(bounds))]
