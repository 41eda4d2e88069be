"""Why a field has its value: who owns it, what each system was seen to hold, what is asked for, and what keeps it from being asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.events import AssumedValue, EventValue, Record
from schemas.ids import OTHER, SYSTEMS
from streams.reconcile.draft import GONE, NOTHING, Draft
from streams.reconcile.registers import Slot
from streams.rules import FieldRule, Links, Rules


@dataclass(frozen=True, slots=True)
class Side:
    """What one system holds. kind: event, row, assumed, or empty = never seen. at: its own time, epoch ms. wanted: asked for and open."""

    value: str | None
    kind: str
    at: int
    event_id: str
    wanted: str | None
    asked: bool


@dataclass(frozen=True, slots=True)
class Why:
    """owner: salesforce, netsuite, accord, or empty = nobody. sentences: the same for people, in the order in which to read them."""

    field: str
    rule: str
    stage: str
    owner: str
    sides: Mapping[str, Side]
    sentences: tuple[str, ...]


def why(record: Record, field: str, rules: Rules, links: Links) -> Why:
    """Explain one canonical field of a record. Raises KeyError naming the fields there are."""
    rule = rules.fields.get(field)
    if rule is None:
        raise KeyError(f"{rules.entity} has no field {field!r}; it has {', '.join(sorted(rules.fields))}")
    draft = Draft(record, rules, links)
    owner = "accord" if rule.status else rules.owner(field, record.stage) or ""
    sides: dict[str, Side] = {system: _side(draft, system, field) for system in rule.systems}
    return Why(field, rule.rule, record.stage, owner, sides, tuple(_sentences(draft, rule, owner, sides)))


def _side(draft: Draft, system: str, field: str) -> Side:
    slot = draft.slot(system, field)
    wanted = draft.wanted.get(system, NOTHING)
    source = draft.sources.get(system, NOTHING).get(field, "")
    if slot is None:
        return Side(None, "", 0, "", wanted.get(field), field in wanted)
    return Side(slot.value, _kind(slot), _at(slot), source, wanted.get(field), field in wanted)


def _kind(slot: Slot) -> str:
    if isinstance(slot, AssumedValue):
        return "assumed"
    return "event" if isinstance(slot, EventValue) else "row"


def _at(slot: Slot) -> int:
    return slot.before if isinstance(slot, AssumedValue) else slot.time


def _sentences(draft: Draft, rule: FieldRule, owner: str, sides: Mapping[str, Side]) -> list[str]:
    stage = f" while the record is {draft.stage}" if draft.stage and rule.staged else ""
    out = [f"{rule.name} belongs to {owner or 'nobody'}{stage} ({rule.rule}); a change elsewhere is {_conflict(rule)}."]
    if draft.alias:
        out.append(f"The record was joined with {draft.alias}: look there.")
    for system, side in sides.items():
        out.append(_seen(system, side))
        out += _standing(draft, rule, system)
        if side.asked:
            sequence = draft.sequence.get(system, 0)
            out.append(f"{system} is asked for {side.wanted!r} (write {sequence}), which isn't confirmed yet.")
    return out + _obstacles(draft)


def _conflict(rule: FieldRule) -> str:
    return "reported only" if rule.on_conflict == "report" else "put back"


def _seen(system: str, side: Side) -> str:
    if not side.kind:
        return f"{system} was never seen to hold it."
    when = datetime.fromtimestamp(side.at / 1000, UTC).isoformat(timespec="milliseconds")
    how = {"event": "an event said so", "row": "it was read", "assumed": "we wrote it and have not seen it yet"}[side.kind]
    source = f", from {side.event_id}" if side.event_id else ""
    return f"{system} holds {side.value!r} as of {when} ({how}{source})."


def _standing(draft: Draft, rule: FieldRule, system: str) -> list[str]:
    """What keeps this field of that system from being written."""
    out = []
    held = draft.held.get(system, NOTHING).get(rule.name)
    if held is not None:
        out.append(f"{system} does not keep {held.value!r}: the field is {held.why} and is left until its owner changes it.")
    if rule.name in draft.doubt.get(system, NOTHING):
        out.append(f"{system} was seen while our write was under way: it is read once more before anything is decided.")
    if draft.standing(system) == GONE:
        out.append(f"The record is deleted in {system}: nothing is written to it.")
    return out


def _obstacles(draft: Draft) -> list[str]:
    """What keeps the whole record from getting across."""
    out = []
    for target in SYSTEMS:
        refusal, waits = draft.rejected.get(target), draft.waiting.get(target)
        if refusal is not None:
            out.append(f"{target} refused write {refusal.sequence}: {refusal.code} {refusal.field} {refusal.message}".rstrip() + ".")
        if waits is not None:
            out.append(f"The write to {target} waits for {waits.ref}: {waits.code} {waits.message}".rstrip() + ".")
        if target not in draft.ids:
            open_claims = [v for v, a in draft.claims.get(OTHER[target], NOTHING).items() if a != ""]
            out.append(f"There is no record in {target}" + (f"; matching has not cleared {', '.join(open_claims)}." if open_claims else "."))
    out += [f"Validation: {problem.code}: {problem.message}" for problem in draft.problems]
    return out
