"""Writes, items and links with sensible defaults, for the tests of the sinks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from accord.links import LinkIndex
from schemas.events import Link, Part, Write
from schemas.ids import parse_ref, to_external
from sinks.lanes import Item, Place
from sinks.ledger import Assignment, Ledger
from sinks.offsets import Committed
from sinks.refs import fill
from sinks.retry import Policy
from sinks.target import Job, Verdict

TOPIC = "write.netsuite"
BACKFILL = TOPIC + ".backfill"


def a_write(
    key: str = "customer:salesforce:001A", sequence: int = 1, *, kind: str = "", id: str = "", target: str = "netsuite", object: str = "customer",  # noqa: A002
    body: Mapping[str, Any] | None = None, seeds: Mapping[str, Any] | None = None, parts: Sequence[Part] = (), values: Mapping[str, str | None] | None = None,
    seed_values: Mapping[str, str | None] | None = None, lane: str = "live", stage: str = "", options: Mapping[str, str] | None = None,
) -> Write:  # fmt: skip
    head = Part(object, id, to_external(key), json.dumps({"companyName": "Acme"} if body is None else body), json.dumps(seeds or {}))
    return Write(
        target, key, parse_ref(key).entity, sequence, kind or ("update" if id else "create"), id, values or {"name": "Acme"}, seed_values or {},
        (head, *parts), stage=stage, options=options or {}, event_id=f"e-{key}-{sequence}", lane=lane,
    )  # fmt: skip


def an_item(write: Write | None = None, offset: int = 0, *, partition: int = 0, topic: str = TOPIC, group: str = "") -> Item:
    return Item(write or a_write(), Place(topic, partition, offset), group)


def a_link(key: str, *, standing: str = "active", alias: str = "", facts: Mapping[str, str] | None = None, **ids: str) -> Link:
    ref = parse_ref(key)
    known = {ref.system: ref.id, **ids} if not alias else {}
    return Link(key, ref.entity, known, {}, to_external(key), standing, alias, facts or {})


def a_ledger(*, size: int = 1, parallel: int = 8, calls: int = 8, bound_s: float = 90.0, call_s: float = 30.0, seed: int = 1) -> Ledger:
    return Ledger(
        "netsuite", size=lambda _lane, _waiting: size, parallel=parallel, calls=calls, policy=Policy(bound_s=bound_s), rng=Random(seed), call_s=call_s
    )


def a_job(write: Write, *known: Link, id: str = "", doubt: bool = False) -> Job:  # noqa: A002
    """What the sink hands to its target, where these are the links that it has read."""
    links = LinkIndex()
    for link in known:
        links.put(link.key, link)
    bodies, missing = fill(write, links)
    assert not missing
    return Job(write, bodies, write.id or id, doubt)


def an_assignment(
    *partitions: int, topic: str = TOPIC, offsets: Mapping[int, Committed | None] | None = None, ends: Mapping[int, int] | None = None
) -> Assignment:
    parts = [(topic, p) for p in (partitions or (0,))]
    return Assignment(
        offsets={part: (offsets or {}).get(part[1]) for part in parts}, starts=dict.fromkeys(parts, 0), ends={part: (ends or {}).get(part[1], 0) for part in parts},
        settled={}, parked={},
    )  # fmt: skip


@dataclass
class Scripted:
    """A target that answers what the test says, and remembers what it was asked."""

    answers: dict[str, list[Verdict]] = field(default_factory=dict)
    asked: list[Job] = field(default_factory=list)
    system: str = "netsuite"
    rows: int = 1
    parallel: int = 8
    calls: int = 8

    def group(self, write: Write) -> str:
        return ""

    def size(self, lane: str, waiting: int) -> int:
        return self.rows

    async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
        self.asked += jobs
        return [self.answers[j.write.key].pop(0) if self.answers.get(j.write.key) else Verdict("applied", id=j.id or "77", calls=1) for j in jobs]
