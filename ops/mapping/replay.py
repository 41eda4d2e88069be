"""What another mapping would write: both decide on every record as it is known now, by the pipeline's own pure decision, and the writes are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from ops.mapping.history import History
from schemas.events import AssumedValue, Match, Part, Record, Register, RowValue
from schemas.ids import SYSTEMS, System
from streams.mapping import Entity
from streams.mapping.table import EntityTable
from streams.reconcile.decide import decide
from streams.reconcile.decision import Ask
from streams.reconcile.draft import Draft
from streams.reconcile.registers import top

#: Records in one collection call of Salesforce.
COLLECTION = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One mapping: what it says, and what was made of it."""

    tables: Mapping[str, EntityTable]
    entities: Mapping[str, Entity]


@dataclass(frozen=True, slots=True)
class Planned:
    """One write that would be made, rendered. `extra`: calls beside the write itself (a look before address lines are changed)."""

    target: str
    key: str
    kind: str
    fields: Mapping[str, str | None]
    parts: tuple[Part, ...]
    extra: int = 0

    @property
    def payload(self) -> tuple[tuple[str, str, str], ...]:
        return tuple((part.object, part.body, part.seeds) for part in self.parts)


@dataclass(slots=True)
class Difference:
    """added, dropped: only one mapping would write. altered: both, but not the same. same: both the same. unread: fields of the new one that nothing kept tells."""

    added: list[Planned] = field(default_factory=list)
    dropped: list[Planned] = field(default_factory=list)
    altered: list[tuple[Planned, Planned]] = field(default_factory=list)
    same: int = 0
    unread: Counter[str] = field(default_factory=Counter)

    def calls(self) -> dict[str, int]:
        """API calls of what the new mapping would write and the old one would not."""
        return cost([*self.added, *(new for _, new in self.altered)])


def compared(history: History, old: Side, new: Side) -> Difference:
    """`old` is the mapping that the pipeline ran with: what it knows, it knows under that one's names."""
    out = Difference()
    for record in history.records.values():
        if record.alias:
            continue
        before, after = planned(record, history, old, old, Counter()), planned(record, history, new, old, out.unread)
        for target in SYSTEMS:
            a, b = before.get(target), after.get(target)
            if a and b and (a.kind, a.payload) != (b.kind, b.payload):
                out.altered.append((a, b))
            elif a and b:
                out.same += 1
            elif a:
                out.dropped.append(a)
            elif b:
                out.added.append(b)
    return out


def planned(record: Record, history: History, side: Side, ran: Side, unread: Counter[str]) -> dict[str, Planned]:
    """What each system would be asked for, were nothing on its way: by target. Nothing where this mapping doesn't have the entity."""
    if record.entity not in side.entities:
        return {}
    entity = side.entities[record.entity]
    known = registers(record, history, side, ran, unread)
    seen = replace(record, registers=known, wanted={}, seeds={}, rejected={}, waiting={})
    draft = Draft(seen, entity.rules, history.links)
    decide(draft, Match(record.key, record.entity, "", ""))
    found = draft.frozen()
    return {ask.target: _planned(ask, found, entity, history) for ask in draft.asks if ask.kind != "withdraw"}


def _planned(ask: Ask, record: Record, entity: Entity, history: History) -> Planned:
    parts, options = entity.render(ask, record, history.links)
    return Planned(ask.target, record.key, ask.kind, {**ask.seeds, **ask.fields}, tuple(parts), extra=int("lines" in options))


def registers(record: Record, history: History, side: Side, ran: Side, unread: Counter[str]) -> dict[str, dict[str, Register]]:
    """What is known under this mapping: what its columns say in the kept bodies, else what the pipeline holds, where the columns are the same ones."""
    table, was, entity = side.tables[record.entity], ran.tables.get(record.entity), side.entities[record.entity]
    out: dict[str, dict[str, Register]] = {}
    for system in SYSTEMS:
        known, own = record.registers.get(system, {}), out.setdefault(system, {})
        body = history.bodies.get(f"{record.entity}:{system}:{record.ids.get(system, '')}", {})
        values = entity.observe(system, record.objects.get(system, ""), body, "row")[0] if body else {}
        for name, each in table.fields.items():
            held, kept = known.get(name), _columns(was, name, system) == _columns(table, name, system)
            if held is not None and kept and (name not in values or _ours(held, entity.rules.margin_ms)):
                own[name] = held
            elif name in values:
                own[name] = Register(row=RowValue(0, values[name]))
            elif each.native.get(system) and not kept and system in record.ids:
                unread[f"{record.entity}.{name} in {system}"] += 1
    return out


def _columns(table: EntityTable | None, name: str, system: System) -> object:
    """How a field is read; None where it isn't."""
    field_ = table.fields.get(name) if table else None
    native = field_.native.get(system) if field_ else None
    return (field_.type, field_.argument, native.columns, native.hook, native.expr) if field_ and native else None


def _ours(register: Register, margin_ms: int) -> bool:
    """What we wrote and have not yet seen is newer than any body."""
    return isinstance(top(register, margin_ms), AssumedValue)


def cost(writes: Iterable[Planned]) -> dict[str, int]:
    """API calls: a collection of Salesforce takes up to 200 records of one object and kind; NetSuite takes one record a call."""
    rows: Counter[tuple[str, str]] = Counter()
    out: dict[str, int] = dict.fromkeys(SYSTEMS, 0)
    for write in writes:
        if write.target == "netsuite":
            out["netsuite"] += len(write.parts) + write.extra
        else:
            rows.update((part.object, write.kind) for part in write.parts)
    out["salesforce"] = sum(ceil(count / COLLECTION) for count in rows.values())
    return out
