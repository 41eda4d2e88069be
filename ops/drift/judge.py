"""What a difference is: a record of Accord beside what a system holds of it, or beside what the mapping asks for now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ops.drift.finding import Finding, Held, Kind
from ops.drift.near import near
from schemas.events import AssumedValue, Record, Register
from schemas.ids import OTHER, SYSTEMS, Ref
from streams.reconcile.draft import GONE, MISSING, NOTHING, PRESENT, Draft
from streams.reconcile.plan import plan
from streams.reconcile.registers import Slot, top
from streams.rules import Links, Rules

SECOND_MS = 1000


def known(records: Mapping[str, Record], rules: Rules, system: str) -> dict[str, int]:
    """Id -> time up to which the record was seen, of every record of that entity that stands in that system."""
    out: dict[str, int] = {}
    for record in records.values():
        id_ = record.ids.get(system)
        if record.entity == rules.entity and id_ and not record.alias and _stands(record, system, rules.margin_ms):
            out[id_] = seen_ms(record, system)
    return out


def by_id(records: Mapping[str, Record], entity: str, system: str) -> dict[str, Record]:
    """Whose record an id is, those that ended there too."""
    return {r.ids[system]: r for r in records.values() if r.entity == entity and not r.alias and system in r.ids}


def seen_ms(record: Record, system: str) -> int:
    """Nothing that happened there before this is unknown to us: the latest row, event or answer."""
    slots = [record.presence[system]] if system in record.presence else []
    return max(map(_latest, [*slots, *record.registers.get(system, {}).values()]), default=0)


def judge(held: Held, record: Record | None, rules: Rules, links: Links) -> Iterator[Finding]:
    """A record that was read whole, beside what Accord knows of it."""
    if record is None:
        if not held.gone:
            yield Finding("orphan", held.entity, str(Ref(held.entity, held.system, held.id)), held.system, held.id, held.object)
        return
    draft = Draft(record, rules, links)
    if held.gone:
        if draft.standing(held.system) == PRESENT:
            yield Finding("missing", held.entity, record.key, held.system, held.id, held.object)
        return
    wanted = draft.wanted.get(held.system, NOTHING)
    for name, value in held.fields.items():
        slot = draft.slot(held.system, name)
        under_way = wanted.get(name, MISSING) == value  # it has arrived, and only the answer has not
        if name in rules.fields and (slot.value if slot else None) != value and not under_way:
            owner = "accord" if rules.fields[name].status else rules.owner(name, record.stage) or ""
            kind = _kind(held, slot, value, owner)
            yield Finding(kind, held.entity, record.key, held.system, held.id, held.object, name, value, slot.value if slot else None, owner)


def at_rest(record: Record, rules: Rules, links: Links) -> Iterator[Finding]:
    """What the decision would ask for today of a record of which nothing is under way: only another mapping, or links, can have brought that about."""
    if record.alias or any((record.wanted, record.waiting, record.rejected, record.doubt, record.problems)):
        return
    for target in SYSTEMS:
        draft = Draft(record, rules, links)
        wish = plan(draft, target, None)
        id_ = record.ids.get(target, "")
        if wish.creating and wish.fields:
            yield Finding("missing", record.entity, record.key, target, id_, owner=OTHER[target], settled=True)
            continue
        for name, value in wish.fields.items():
            here = draft.read(target, name)
            kind: Kind = "rounding" if near(here, value) else "mapping"
            owner = rules.owner(name, record.stage) if name in rules.fields else "accord"
            yield Finding(kind, record.entity, record.key, target, id_, record.objects.get(target, ""), name, here, value, owner or "", settled=True)


def _kind(held: Held, slot: Slot | None, value: str | None, owner: str) -> Kind:
    if owner in {"", held.system} or slot is None:
        return "stale"
    if near(slot.value, value):
        return "rounding"
    ours = isinstance(slot, AssumedValue) and held.stamp_ms <= slot.after
    return "mapping" if ours else "foreign"


def _stands(record: Record, system: str, margin_ms: int) -> bool:
    register = record.presence.get(system)
    slot = top(register, margin_ms) if register else None
    return (slot is None or slot.value != GONE) and system not in record.merged


def _latest(register: Register) -> int:
    """Stamps are cut to the second: what was saved in the very second of a reading may have come after it."""
    row, event, assumed = register.row, register.event, register.assumed
    read_ms = row.time // SECOND_MS * SECOND_MS - 1 if row else 0
    return max(read_ms, event.time if event else 0, assumed.after if assumed else 0)
