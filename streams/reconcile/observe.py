"""An observation: registers take what is newer, and what can't be ordered for certain is read once more."""

from __future__ import annotations

from schemas.events import AssumedValue, EventValue, Observation, ReadRequest, Register, RowValue
from streams.reconcile.draft import NOTHING, Draft
from streams.reconcile.fight import read_back
from streams.reconcile.identity import accept, presence_slot, stand
from streams.reconcile.registers import EMPTY, Slot, time_of, top, with_slot

#: No time is later.
NEVER = 1 << 62


def observe(draft: Draft, seen: Observation) -> None:
    if not accept(draft, seen):
        return
    system, event_id, margin = seen.system, seen.event_id, draft.margin
    if seen.whole or seen.gone or seen.kind == "event":  # a row in part is another record's word (`tell`): it says nothing of presence
        stand(draft, system, presence_slot(seen))
    registers = draft.registers.get(system, NOTHING)
    event, number, time = seen.kind == "event", seen.number, seen.time
    open_ = bool(draft.rounds.get(system) or draft.doubt.get(system))
    again = 0
    for name, value in seen.fields.items():
        old = registers.get(name, EMPTY)
        slot: EventValue | RowValue = EventValue(number, time, value) if event else RowValue(time, value)
        new = with_slot(old, slot)
        if new is old:
            continue
        draft.own_of("registers", system)[name] = new
        was = top(old, margin)
        if was is None or was.value != value:
            again = max(again, _changed(draft, system, name, was, new, slot, event_id))
        if open_ and _holds(slot, top(new, margin)):
            _settle(draft, system, name, slot)
    if again:
        ask_again(draft, system, again, "margin")


def _changed(draft: Draft, system: str, name: str, was: Slot | None, new: Register, slot: EventValue | RowValue, event_id: str) -> int:
    """Something else than was held is seen. Answers the time from which it must be read again, 0 = it needn't."""
    now = top(new, draft.margin)
    if was is None or now is None or was.value != now.value:
        draft.touch(system, name)
        if now is slot and event_id:
            draft.own_of("sources", system)[name] = event_id
    if was is None:
        return 0
    if isinstance(was, AssumedValue):
        return _against_assumption(draft, system, name, was, slot) if now is slot else 0
    return within_margin(draft, was, slot)


def _holds(slot: EventValue | RowValue, now: Slot | None) -> bool:
    """Does the slot show what counts? A row that was read soon after an event ranks behind it, but it has seen the very value of it later."""
    return now is slot or (isinstance(slot, RowValue) and isinstance(now, EventValue) and now.value == slot.value)


def _settle(draft: Draft, system: str, name: str, slot: EventValue | RowValue) -> None:
    """The slot shows what counts now: what was open about the field may be answered by it."""
    if name in draft.rounds.get(system, NOTHING):
        read_back(draft, system, name, slot)
        draft.stirred.add(name)
    if slot.time > draft.doubt.get(system, NOTHING).get(name, NEVER):
        draft.drop("doubt", system, name)
        draft.stirred.add(name)


def within_margin(draft: Draft, was: EventValue | RowValue, slot: EventValue | RowValue) -> int:
    """An event and a row closer than the margin can't be ordered by their clocks: if they differ, read once the margin has passed."""
    if type(was) is type(slot) or abs(was.time - slot.time) > draft.margin:
        return 0
    return max(was.time, slot.time) + draft.margin + 1


def _against_assumption(draft: Draft, system: str, name: str, was: AssumedValue, slot: EventValue | RowValue) -> int:
    """Something else than we wrote was seen, but perhaps before our write: the field is in doubt until it is seen later than the answer."""
    return 0 if time_of(slot) > was.after + draft.margin else doubt(draft, system, name, was.after)


def doubt(draft: Draft, system: str, name: str, answered: int) -> int:
    """Neither a restore nor a round until the field was seen later than the answer. Returns when to read."""
    draft.put("doubt", system, name, answered + draft.margin)
    return answered + draft.margin + 1


def ask_again(draft: Draft, system: str, not_before: int, reason: str, if_assumed: str = "") -> None:
    """Put our record of that system on the reader's list."""
    id_ = draft.ids.get(system)
    if id_ is not None:
        draft.reads.append(ReadRequest(draft.base.entity, system, draft.objects.get(system, ""), id_, reason, not_before, if_assumed))
