"""What a target should be asked for now: desired less observed, against what is on its way where something is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.events import Values
from schemas.ids import OTHER, to_external
from streams.reconcile.blank import JOINED, agree_on_nothing, never_said
from streams.reconcile.claim import alone
from streams.reconcile.counterpart import look_for, missed
from streams.reconcile.decision import Note
from streams.reconcile.draft import ABSENT, GONE, MISSING, NOTHING, PRESENT, Draft
from streams.reconcile.farewell import farewell, restoring, welcome
from streams.reconcile.fight import CONTESTED, REFUSED, exhausted, forget, hold, is_held, release
from streams.reconcile.flows import Flow, flow_of, flows, seedable
from streams.reconcile.registers import Slot
from streams.reconcile.same import normal, same
from streams.rules import KEY, NETSUITE_ID, SALESFORCE_ID, STATUS_FIELDS

Fields = dict[str, str | None]


class Plan(NamedTuple):
    fields: Fields
    seeds: Values
    creating: bool


def plan(draft: Draft, target: str, names: frozenset[str] | None) -> Plan:
    """Without our status fields. `names`: only these may have changed, None = any. Nothing is written to a deleted record; where the mapping says `restore`, another is made in its place."""
    source = OTHER[target]
    again = restoring(draft, target)
    if draft.standing(target) == GONE and not again:
        return Plan({}, {}, creating=False)
    if draft.standing(source) == GONE:
        return Plan(farewell(draft, target, source), {}, creating=False)
    creating = again or (target not in draft.ids and draft.standing(target) == ABSENT)
    if draft.rules.validated_target == target and any(problem.stops for problem in draft.problems):
        return Plan({}, {}, creating)
    if not creating:
        back = welcome(draft, source)
        fields = {name: value for name, value in _differences(draft, target, names).items() if name not in back}
        return Plan(fields | welcome(draft, target), {}, creating=False)
    return _creation(draft, target, source)


def _creation(draft: Draft, target: str, source: str) -> Plan:
    """After the matcher said that the record is nowhere else, and when the mapping's `when` rule holds."""
    nothing = Plan({}, {}, creating=True)
    if draft.standing(source) != PRESENT or not draft.registers.get(source) or not alone(draft, source):
        return nothing
    if missed(draft, target, source):
        look_for(draft, target, source)
        return nothing
    if not draft.rules.creates(target, draft.read):
        return nothing
    agree_on_nothing(draft, target)
    return Plan(_first(draft, target), _seeds(draft, target, source), creating=True)


def own_value(draft: Draft, name: str, target: str) -> str | None:
    """The value of a field that we own; None = nothing to say yet."""
    if name == KEY:
        return to_external(draft.key)
    if name == SALESFORCE_ID:
        return draft.ids.get("salesforce")
    if name == NETSUITE_ID:
        return draft.ids.get("netsuite")
    return draft.rules.compute(name, target, draft.read, draft.links)


def _first(draft: Draft, target: str) -> Fields:
    """All that a new record is given. Nulls aren't sent: nothing is what a new record holds."""
    out: Fields = {}
    for flow in flows(draft.rules, draft.stage, target):
        value = desired_value(draft, target, flow)
        if value is not None:
            out[flow.name] = value
    return out


def _seeds(draft: Draft, target: str, source: str) -> Values:
    out = {}
    for flow in seedable(draft.rules, draft.stage, target):
        value = normal(draft, target, flow.rule, draft.read(source, flow.name))
        if value is not None:
            out[flow.name] = value
    return out


class Desired(Mapping[str, str | None]):
    """Everything the target should hold: its own values, the owners' of the rest, and what is asked for now. Most writes need none of it."""

    __slots__ = ("_draft", "_fields", "_flows", "_target")

    def __init__(self, draft: Draft, target: str, fields: Fields) -> None:
        self._draft, self._target, self._fields = draft, target, fields
        self._flows = flow_of(draft.rules, draft.stage, target)

    def __getitem__(self, name: str) -> str | None:
        if name in self._fields:
            return self._fields[name]
        flow = self._flows.get(name)
        if flow is not None:
            value = desired_value(self._draft, self._target, flow)
            if value is not None or self._draft.slot(flow.owner, name) is not None:
                return value
        slot = None if name in STATUS_FIELDS else self._draft.slot(self._target, name)
        if slot is None:
            raise KeyError(name)
        return slot.value

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys((*self._draft.registers.get(self._target, NOTHING), *self._flows, *self._fields))
        return (name for name in names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def desired_value(draft: Draft, target: str, flow: Flow) -> str | None:
    """The owner's value in the target's normal form."""
    if flow.owner == "accord":
        return own_value(draft, flow.name, target)
    return normal(draft, target, flow.rule, draft.read(flow.owner, flow.name))


def _differences(draft: Draft, target: str, names: frozenset[str] | None) -> Fields:
    """What must be asked of a record that is there. `names`: decide only on these, the rest stays as it was decided before."""
    every = flow_of(draft.rules, draft.stage, target)
    wanted = draft.wanted.get(target, NOTHING)
    if names is None:
        out: Fields = {}
        for flow in every.values():
            _difference(draft, target, flow, wanted, out)
        return out
    if not wanted and names.isdisjoint(every):
        return {}
    out = {name: value for name, value in wanted.items() if name in every}
    for name in names:
        if name in every:
            out.pop(name, None)
            _difference(draft, target, every[name], wanted, out)
    return out


def _difference(draft: Draft, target: str, flow: Flow, wanted: Values, out: Fields) -> None:
    """Put the field into `out` if it must be asked for. Nearly always both sides agree, as they did before."""
    name, owner = flow.name, flow.owner
    slot = draft.slot(target, name)
    if owner == "accord":
        raw = own_value(draft, name, target) if OTHER[target] in draft.ids or flow.rule.early else None
        if raw is None:
            return
    else:
        best = draft.slot(owner, name)
        if best is None or (best.value is None and flow.rule.silent == owner):
            return  # the owner's value is unknown, or left to the other side: nobody may write it
        raw = best.value
    if slot is not None and slot.value == raw and name not in wanted:
        agreed = draft.agreed.get(target, NOTHING).get(name, MISSING)
        if agreed == raw and name not in draft.held.get(target, NOTHING):
            return
    value = raw if owner == "accord" else normal(draft, target, flow.rule, raw)
    if name in wanted or _wants(draft, target, flow, value, slot):
        out[name] = value


def _wants(draft: Draft, target: str, flow: Flow, value: str | None, slot: Slot | None) -> bool:
    """Must this field, of which nothing is on its way, be written?"""
    name, agreed = flow.name, draft.agreed.get(target, NOTHING)
    if slot is None:
        return value is not None
    equal = same(draft, target, flow.rule, value, slot.value)
    if equal:
        draft.put("agreed", target, name, value)
        release(draft, target, name, REFUSED)
        return False
    mine = agreed.get(name, MISSING) == value  # the owner did not change: the other side did
    if equal is None or (mine and name in draft.doubt.get(target, NOTHING)) or is_held(draft, target, name, value, mine):
        return False
    if value is None and name not in agreed and (reason := never_said(draft, flow)):
        if reason == JOINED:
            _report(draft, target, flow, value)
        return False
    if flow.rule.create_only or (flow.rule.on_conflict == "report" and (mine or name not in agreed)):
        _report(draft, target, flow, value)
        return False
    return _restores(draft, target, name, value, slot) if mine else _follows(draft, target, name)


def _restores(draft: Draft, target: str, name: str, value: str | None, slot: Slot) -> bool:
    """The other side changed it: put it back, unless that is a fight by now."""
    if exhausted(draft, target, name, slot):
        hold(draft, target, name, CONTESTED, value)
        return False
    return True


def _follows(draft: Draft, target: str, name: str) -> bool:
    """The owner changed it."""
    forget(draft, target, name)
    return True


def _report(draft: Draft, target: str, flow: Flow, value: str | None) -> None:
    """Told when it arises, not each time that the record is looked at. With the stage a field may change its owner."""
    if draft.moved or draft.stage != draft.base.stage or flow.name in draft.names or flow.name in draft.stirred:
        draft.notes.append(Note("reported", target, flow.name, f"{target} differs from its owner's {value!r}"))
