"""An observation: registers take what is newer, and what can't be ordered for certain is read once more."""

from __future__ import annotations

from schemas.events import AssumedValue, EventValue, Observation, ReadRequest, RowValue
from streams.reconcile.draft import NOTHING, Draft
from streams.reconcile.fight import read_back
from streams.reconcile.identity import accept, presence_slot, stand
from streams.reconcile.registers import EMPTY, Slot, slot_of, time_of, top, with_slot

#: No time is later.
NEVER = 1 << 62


def observe(draft: Draft, seen: Observation) -> None:
    if not accept(draft, seen):
        return
    stand(draft, seen.system, presence_slot(seen))
    again = 0
    for name, value in seen.fields.items():
        again = max(again, _take(draft, seen, name, value))
    if again:
        ask_again(draft, seen.system, again, "margin")


def _take(draft: Draft, seen: Observation, name: str, value: str | None) -> int:
    """Take one field. Answers the time from which it must be read again, 0 = it needn't."""
    system = seen.system
    old = draft.registers.get(system, NOTHING).get(name, EMPTY)
    slot = slot_of(seen, value)
    new = with_slot(old, slot)
    if new is old:
        return 0
    was, now = top(old, draft.margin), top(new, draft.margin)
    draft.own_of("registers", system)[name] = new
    if was is None or now is None or was.value != now.value:
        draft.touched.add((system, name))
        if now is slot and seen.event_id:
            draft.own_of("sources", system)[name] = seen.event_id
    elif was.value == value and now is slot and not isinstance(was, AssumedValue):
        return _settle(draft, system, name, slot)
    again = 0 if was is None else max(within_margin(draft, was, slot), _against_assumption(draft, system, name, was, now, slot))
    return max(again, _settle(draft, system, name, slot)) if now is slot else again


def _settle(draft: Draft, system: str, name: str, slot: EventValue | RowValue) -> int:
    """The slot counts now: what was open about the field may be answered by it."""
    if name in draft.rounds.get(system, NOTHING):
        read_back(draft, system, name, slot)
        draft.stirred.add(name)
    if slot.time > draft.doubt.get(system, NOTHING).get(name, NEVER):
        draft.drop("doubt", system, name)
        draft.stirred.add(name)
    return 0


def within_margin(draft: Draft, was: Slot, slot: EventValue | RowValue) -> int:
    """An event and a row closer than the margin can't be ordered by their clocks: if they differ, read once the margin has passed."""
    if isinstance(was, AssumedValue) or type(was) is type(slot) or was.value == slot.value or abs(was.time - slot.time) > draft.margin:
        return 0
    return max(was.time, slot.time) + draft.margin + 1


def _against_assumption(draft: Draft, system: str, name: str, was: Slot, now: Slot | None, slot: EventValue | RowValue) -> int:
    """Something else than we wrote was seen, but perhaps before our write: the field is in doubt until it is seen later than the answer."""
    if not isinstance(was, AssumedValue) or now is not slot or slot.value == was.value or time_of(slot) > was.after + draft.margin:
        return 0
    return doubt(draft, system, name, was.after)


def doubt(draft: Draft, system: str, name: str, answered: int) -> int:
    """Neither a restore nor a round until the field was seen later than the answer. Returns when to read."""
    draft.put("doubt", system, name, answered + draft.margin)
    return answered + draft.margin + 1


def ask_again(draft: Draft, system: str, not_before: int, reason: str, if_assumed: str = "") -> None:
    """Put our record of that system on the reader's list."""
    id_ = draft.ids.get(system)
    if id_ is not None:
        draft.reads.append(ReadRequest(draft.base.entity, system, draft.objects.get(system, ""), id_, reason, not_before, if_assumed))
