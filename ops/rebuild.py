"""The pipeline's state made anew from the two systems alone: their full reads, and the keys that Accord wrote onto their records.

Golden records stay where they are and are told once more, so that whoever reads them goes on; what no longer exists is taken from them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from accord.clock import SystemClock, epoch_ms
from accord.config import Settings
from accord.errors import Rejected
from accord.kafka import admin, headers
from accord.kafka.records import Partition
from ops.anew import Plan, aside, read_anew
from ops.pipeline import Pipeline
from ops.wiring.mapping import entities
from schemas.events import Audit

SUFFIX = "rebuild."
GOLDEN = "entity."
#: What is no state of the pipeline, or can't be had again, stays.
KEPT = (GOLDEN, "terms.", "audit", "deadletter", "notice", "notified", "handling")
#: Who must not run meanwhile: they would write the old state over the new one.
BUSY = ("streams", "sink.", "reader.")
#: (entity, key) -> golden record.
Goldens = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A golden record that isn't what it was. fields: those that differ; none where it was `made` or is `gone`."""

    entity: str
    key: str
    what: str
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """before, after: golden records by entity. plan: what the decisions on the new state ask to write."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    differences: Sequence[Difference]
    plan: Plan


async def rebuild(settings: Settings, config: str, say: Callable[[str, str], None], *, dry: bool) -> Rebuilt:
    """`dry`: on topics of its own, beside a pipeline that may run. Raises Rejected where roles run that must not."""
    real, names = Pipeline.of(settings), tuple(entities(settings))
    before = await asyncio.to_thread(goldens, real, names)
    if not dry:
        await asyncio.to_thread(clear, real)
    ends = await asyncio.to_thread(_ends, real, names)
    async with aside(settings, SUFFIX) if dry else nullcontext(settings) as given:
        plan = await read_anew(given, config, say)
        after = await asyncio.to_thread(goldens, Pipeline.of(given), names, None if dry else ends)
    found = differences(before, after)
    if not dry:
        await asyncio.to_thread(_ended, real, [d for d in found if d.what == "gone"], len(after))
    return Rebuilt(_counted(before), _counted(after), found, plan)


def goldens(pipeline: Pipeline, names: Sequence[str], starts: Mapping[Partition, int] | None = None) -> Goldens:
    """As they stand; from these offsets on only."""
    found = pipeline.many([GOLDEN + name for name in names], starts)
    return {(name, key): golden for name in names for key, golden in found[GOLDEN + name].items()}


def differences(before: Goldens, after: Goldens) -> list[Difference]:
    """What isn't as it was. Pure."""
    out = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            out.append(Difference(*name, "made" if old is None else "gone"))
        elif old != new:
            out.append(Difference(*name, "differs", [f for f in sorted(old.keys() | new.keys()) if old.get(f) != new.get(f)]))
    return out


def _counted(found: Goldens) -> Mapping[str, int]:
    return Counter(entity for entity, _ in found)


def clear(pipeline: Pipeline) -> None:
    """Nothing is left of the state, nor of how far anybody had read what led to it."""
    client, prefix = admin.client(pipeline.bootstrap, pipeline.extra), pipeline.topics.prefix
    groups = admin.groups(client, prefix)
    running = [g for g in groups if g.removeprefix(prefix).startswith(BUSY) and admin.shares(client, g)]
    if running:
        raise Rejected(f"roles of the pipeline run ({', '.join(running)}): stop them first, or take --dry-run", code="running")
    existing = client.list_topics(timeout=admin.TIMEOUT_S).topics
    mine = [n for n in existing if n.startswith(prefix) and not n.removeprefix(prefix).startswith(KEPT)]
    admin.drop(client, mine)
    admin.forget(client, [g for g in groups if g.removeprefix(prefix).startswith(BUSY)])


def _ends(pipeline: Pipeline, names: Sequence[str]) -> Mapping[Partition, int]:
    client = admin.client(pipeline.bootstrap, pipeline.extra)
    counts = admin.partition_counts(client, [pipeline.topics.name(GOLDEN + name) for name in names])
    return admin.log_ends(client, [Partition(name, p) for name, count in counts.items() for p in range(count)])


def _ended(pipeline: Pipeline, gone: Sequence[Difference], records: int) -> None:
    """Readers of golden records learn what is no more; the audit trail, what was done."""
    now_ms = epoch_ms(SystemClock().now())
    trail = headers.of_event(f"person:rebuild:{now_ms}")
    step = Audit(headers.correlation_of(trail), now_ms, "rebuilt", "", "", "rebuild", "", "", "", f"the state was rebuilt: {records} records", "", 0)
    with pipeline.writer("rebuild") as writer:
        for one in gone:
            writer.send(pipeline.topics.name(GOLDEN + one.entity), one.key.encode(), None, headers=trail)
        writer.send(pipeline.topics.name("audit"), step.correlation_id.encode(), pipeline.codec.encode("audit", step), headers=trail)
