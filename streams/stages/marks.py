"""Snapshot marks on their way: handed on to every partition of the next topic, complete when all have come."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.events import Mark
from streams.stage import Headers, Out
from streams.stages.desk import Desk

#: Key under which a partition's own entry (the marks it has seen) stands in a state topic. No record address looks like it.
OWN = b"~marks"


def hand_on(desk: Desk, topic: str, mark: Mark, mine: int, partitions: int, headers: Headers) -> list[Out]:
    """The mark, now speaking for partition `mine` of this stage, to all partitions of the next topic."""
    event = Mark(mark.entity, mark.system, mark.snapshot, mine, partitions)
    return [desk.out(topic, OWN.decode(), event, headers, lane="backfill", partition=p) for p in range(partitions)]


def complete(marks: Sequence[str], partitions: int) -> list[str]:
    """Name ("entity:system") each snapshot whose marks have come from every partition."""
    seen: dict[str, int] = {}
    for mark in marks:
        name = mark.rpartition(":")[0]
        seen[name] = seen.get(name, 0) + 1
    return [name for name, n in seen.items() if n == partitions]
