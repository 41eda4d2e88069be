"""Whose record this is: ids learned, second records that name the same key, presence."""

from __future__ import annotations

from schemas.events import AssumedValue, EventValue, Learned, Observation, Outcome, ReadRequest, RowValue
from streams.reconcile.decision import Note
from streams.reconcile.draft import GONE, NOTHING, PRESENT, Draft
from streams.reconcile.farewell import restoring
from streams.reconcile.registers import EMPTY, Slot, with_slot


def learn_id(draft: Draft, system: str, id_: str, object_: str) -> bool:
    """Take an id; False when the record has another one there.

    We asked for a create and now the record is there: then we made it, because only our own write carries our key.
    """
    known = draft.ids.get(system)
    if known is None:
        draft.put_whole("ids", system, id_)
        draft.moved = True
        if draft.sequence.get(system, 0) and system not in draft.made:
            draft.made = (*draft.made, system)
    elif known != id_:
        return False
    if object_ and draft.objects.get(system) != object_:
        draft.put_whole("objects", system, object_)
        draft.moved = True
    return True


def accept(draft: Draft, seen: Observation) -> bool:
    """Is the observation of the record that we hold, or may it take that one's place (a merge: the survivor names our key)?"""
    system = seen.system
    if draft.retired and is_retired(draft, system, seen.source_id):
        return False
    if learn_id(draft, system, seen.source_id, seen.object):
        return True
    if draft.standing(system) == GONE and seen.whole and not seen.gone:
        if restoring(draft, system):
            restored(draft, system, seen.source_id, seen.object)
        else:
            replace_dead(draft, system, seen.source_id, seen.object)
        return True
    if seen.gone:
        retire(draft, system, seen.source_id)
    elif draft.seconds.get(system) != seen.source_id:
        draft.put_whole("seconds", system, seen.source_id)
        draft.notes.append(Note("second_record", system, message=f"{seen.source_id} names the key of {draft.ids[system]}"))
    return False


def replace_dead(draft: Draft, system: str, id_: str, object_: str, why: str = "merged") -> None:
    """A living record takes the place of the deleted one: the survivor of a merge, or a record made anew."""
    old = draft.ids[system]
    draft.notes.append(Note(why, system, message=f"{old} is gone, {id_} takes its place"))
    retire(draft, system, old)
    draft.put_whole("ids", system, id_)
    draft.put_whole("objects", system, object_)
    draft.put_whole("registers", system, NOTHING)
    for name in ("presence", "seconds"):
        draft.drop_whole(name, system)
    for name in ("agreed", "wanted", "rounds", "restores", "held", "doubt", "sources"):
        draft.put_whole(name, system, NOTHING)
    draft.moved = True


def restored(draft: Draft, system: str, id_: str, object_: str) -> None:
    """Our create of a record in the place of the deleted one has taken effect, whether its answer says so or it is seen before."""
    replace_dead(draft, system, id_, object_, "restored")
    draft.made = (*(other for other in draft.made if other != system), system)


def retire(draft: Draft, system: str, id_: str) -> None:
    draft.retired = (*draft.retired, f"{system}:{id_}")
    if draft.seconds.get(system) == id_:
        draft.drop_whole("seconds", system)


def is_retired(draft: Draft, system: str, id_: str) -> bool:
    """Its place was taken: a late or repeated word of it must not take it back."""
    return f"{system}:{id_}" in draft.retired


def stand(draft: Draft, system: str, slot: Slot) -> None:
    """Presence is a register like any other. A record that goes makes room for a second one that was seen to name our key."""
    old = draft.presence.get(system, EMPTY)
    new = with_slot(old, slot)
    if new is old:
        return
    before = draft.standing(system)
    draft.own("presence")[system] = new
    if slot.value == before:
        return
    now = draft.standing(system)
    draft.moved |= now != before
    if before != GONE and now == GONE and system in draft.seconds:
        second = draft.seconds[system]
        draft.drop_whole("seconds", system)
        draft.reads.append(ReadRequest(draft.base.entity, system, draft.objects.get(system, ""), second, "merge", slot_time(slot)))


def slot_time(slot: Slot) -> int:
    return slot.after if isinstance(slot, AssumedValue) else slot.time


def presence_slot(seen: Observation) -> EventValue | RowValue:
    """Presence as that observation saw it."""
    value = GONE if seen.gone else PRESENT
    return EventValue(seen.number, seen.time, value) if seen.kind == "event" else RowValue(seen.time, value)


def tell_resolve(draft: Draft, answer: Outcome) -> None:
    """Resolve must know whose the id is that only an outcome told us, or the deletion of that id says nothing to it."""
    draft.learned.append(Learned(draft.base.entity, answer.target, answer.id, draft.key))
