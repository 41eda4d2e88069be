"""One comparison of an entity with one system: survey, read what is suspect, name what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ops.drift.finding import Finding, Held
from ops.drift.judge import at_rest, by_id, judge, known
from ops.drift.survey import Census, survey
from producers.feed import Feed
from schemas.events import Record
from streams.mapping import Entity
from streams.rules import Links


@dataclass(frozen=True, slots=True)
class Side:
    """One entity in one system: how it is counted, read and understood."""

    entity: Entity
    system: str
    census: Census
    feed: Feed


@dataclass(frozen=True, slots=True)
class Standing:
    """Position of a comparison. Stamps before `at` (epoch ms) were compared; `open`: ids that differed and are looked at again."""

    at: int = 0
    open: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What one side showed. rows: how many records there are; known: how many Accord holds; suspects: read whole, of which `held` are in scope."""

    entity: str
    system: str
    rows: int
    known: int
    suspects: int
    held: tuple[Held, ...]


async def look(side: Side, records: Mapping[str, Record], standing: Standing, until_ms: int) -> Look:
    """All calls that one side needs. `until_ms`: what changed later may still be under way. Raises Transient or Fatal."""
    here = known(records, side.entity.rules, side.system)
    found = await survey(side.census, here, standing.at, until_ms)
    suspects = list(dict.fromkeys([*found.suspects, *standing.open]))
    return Look(side.entity.name, side.system, found.rows, len(here), len(suspects), await _held(side, suspects))


async def _held(side: Side, ids: Sequence[str]) -> tuple[Held, ...]:
    """Records whole; what the mapping's own filter leaves out is no record of ours."""
    if not ids:
        return ()
    named = await side.feed.named(ids)
    name, system = side.entity.name, side.system
    out = [Held(name, system, id_, side.feed.object, 0, {}, gone=True) for id_ in named.gone]
    for row in named.rows:
        fields, _ = side.entity.observe(system, row.type, msgspec.json.decode(row.body), "row")
        out.append(Held(name, system, row.id, row.type, row.stamp_ms, fields))
    return tuple(out)


def findings(looks: Sequence[Look], records: Mapping[str, Record], entities: Mapping[str, Entity], links: Links) -> list[Finding]:
    """Everything that differs, of these looks and between the records' two sides. Pure: other records in, and the same looks are judged anew."""
    out: list[Finding] = []
    for each in looks:
        records_of = by_id(records, each.entity, each.system)
        for held in each.held:
            out += judge(held, records_of.get(held.id), entities[each.entity].rules, links)
    read = {f.key for f in out}
    names = {each.entity for each in looks}
    return [*out, *(f for r in records.values() if r.entity in names and r.key not in read for f in at_rest(r, entities[r.entity].rules, links))]


def standing(one: Look, found: Sequence[Finding], until_ms: int) -> Standing:
    """Where the next comparison of that side begins."""
    open_ = sorted({f.id for f in found if (f.entity, f.system) == (one.entity, one.system) and f.id and not f.settled})
    return Standing(until_ms, open_)
