"""An outcome: what the target did with a write. It confirms only fields whose wanted value is still the one that was sent."""

from __future__ import annotations

from schemas.events import AssumedValue, Outcome, Rejection, RowValue, Waiting
from streams.reconcile.decision import Note
from streams.reconcile.draft import GONE, MISSING, NOTHING, PRESENT, Draft
from streams.reconcile.farewell import restoring
from streams.reconcile.fight import sent
from streams.reconcile.identity import is_retired, learn_id, restored, stand, tell_resolve
from streams.reconcile.observe import ask_again, doubt
from streams.reconcile.payload import payload_hash, status_hash, status_key
from streams.reconcile.registers import EMPTY, Slot, time_of, top, with_slot
from streams.rules import DELETED


def answer(draft: Draft, outcome: Outcome) -> None:
    if outcome.kind in ("applied", "unchanged"):
        _applied(draft, outcome)
    elif outcome.kind == "rejected":
        _rejected(draft, outcome)
    elif outcome.kind == "waiting":
        if is_current(draft, outcome):
            draft.put_whole("waiting", outcome.target, Waiting(outcome.waits_for, outcome.code, outcome.message))
    elif outcome.kind == "gone":
        _gone(draft, outcome)
    elif outcome.kind == "stage_changed":
        for name, value in outcome.observed.items():
            _take_row(draft, outcome, name, value)
    elif outcome.kind == "released":
        _released(draft, outcome)
    else:
        raise ValueError(f"outcome of unknown kind {outcome.kind!r} for {outcome.key}")


def is_current(draft: Draft, outcome: Outcome) -> bool:
    """Of the newest write of this very key: a key that was folded counts its own sequences."""
    return outcome.key == draft.key and outcome.sequence == draft.sequence.get(outcome.target, 0)


def reissues(draft: Draft, outcome: Outcome) -> bool:
    """The write came to nothing and nobody was at fault: what is still wanted goes again, under a new sequence."""
    return outcome.kind in ("stage_changed", "released") and is_current(draft, outcome)


def _known(draft: Draft, outcome: Outcome) -> bool:
    """Take the id that the outcome names; False when it is about another record than ours."""
    target = outcome.target
    if not outcome.id:
        return target in draft.ids
    if is_retired(draft, target, outcome.id):
        return False
    new = target not in draft.ids
    if not new and draft.ids[target] != outcome.id and restoring(draft, target):
        restored(draft, target, outcome.id, outcome.object)
        tell_resolve(draft, outcome)
        return True
    if not learn_id(draft, target, outcome.id, outcome.object):
        if draft.seconds.get(target) != outcome.id:
            draft.put_whole("seconds", target, outcome.id)
            draft.notes.append(Note("second_record", target, message=f"a write of {outcome.key} went to {outcome.id}"))
        return False
    if new:
        tell_resolve(draft, outcome)
    return True


def _applied(draft: Draft, outcome: Outcome) -> None:
    target, deleted = outcome.target, DELETED in outcome.sent
    if not outcome.sent or not _known(draft, outcome):
        return
    stand(draft, target, AssumedValue(outcome.before, outcome.after, GONE if deleted else PRESENT))
    again, assumed = 0, False
    for name, value in outcome.sent.items():
        if name in draft.rules.fields:
            moment, now_assumed = _assume(draft, outcome, name, value)
            again, assumed = max(again, moment), assumed or now_assumed
        if draft.wanted.get(target, NOTHING).get(name, MISSING) == value:
            draft.drop("wanted", target, name)
            draft.put("agreed", target, name, value)
            if draft.read(target, name) != value:
                draft.stirred.add(name)  # somebody changed it before we heard: what may only be reported is reported now
    if again:
        ask_again(draft, target, again, "answer")
    elif assumed and target in draft.rules.trace_free:
        ask_again(draft, target, outcome.after + draft.margin + 1, "assumed", if_assumed=draft.key)
    draft.drop_whole("seeds", target)
    if outcome.key == draft.key:
        _clear(draft, outcome)


def _assume(draft: Draft, outcome: Outcome, name: str, value: str | None) -> tuple[int, bool]:
    """The value counts as held from the moment before it was sent. Answers (when to read again, is it what counts now)."""
    target = outcome.target
    old = draft.registers.get(target, NOTHING).get(name, EMPTY)
    new = with_slot(old, AssumedValue(outcome.before, outcome.after, value))
    if new is old:
        return 0, False
    was, now = top(old, draft.margin), top(new, draft.margin)
    draft.own_of("registers", target)[name] = new
    if was is None or now is None or was.value != now.value:
        draft.touch(target, name)
    stays = was is not None and now is was
    again = doubt(draft, target, name, outcome.after) if stays and _while_under_way(draft, outcome, now, value) else 0
    later = stays and now is not None and time_of(now) > outcome.after + draft.margin
    if not later and (not stays or now is None or now.value != value):
        sent(draft, outcome, name, value)
    return again, not stays


def _while_under_way(draft: Draft, outcome: Outcome, now: Slot | None, value: str | None) -> bool:
    """Another value was seen while our call was under way: before it took effect, or after?"""
    if now is None or now.value == value:
        return False
    return outcome.before - draft.margin <= time_of(now) <= outcome.after + draft.margin


def _clear(draft: Draft, outcome: Outcome) -> None:
    """What was wrong before this write is over. A write of status fields alone says nothing about the payload that was refused."""
    target = outcome.target
    for key, proof in ((target, payload_hash(outcome.sent)), (status_key(target), status_hash(outcome.sent))):
        refusal = draft.rejected.get(key)
        if refusal is not None and proof and outcome.sequence > refusal.sequence:
            draft.drop_whole("rejected", key)
    if payload_hash(outcome.sent) and is_current(draft, outcome):
        draft.drop_whole("waiting", target)


def _rejected(draft: Draft, outcome: Outcome) -> None:
    """Kept until the payload changes. A create is known by its payload with the seeds, whatever the sink counts as sent."""
    target = outcome.target
    if not is_current(draft, outcome):
        return
    wanted = draft.wanted.get(target, NOTHING)
    payload = {**draft.seeds.get(target, NOTHING), **wanted} if target not in draft.ids or restoring(draft, target) else dict(outcome.sent)
    main = payload_hash(payload)
    key, hash_ = (target, main) if main else (status_key(target), status_hash(payload))
    known = draft.rejected.get(key)
    if known is not None and known.sequence >= outcome.sequence:
        return
    draft.put_whole("rejected", key, Rejection(hash_, outcome.code, outcome.field, outcome.message, outcome.sequence))
    draft.drop_whole("waiting", target)
    for name, value in outcome.sent.items():
        if wanted.get(name, MISSING) == value:
            draft.drop("wanted", target, name)
    draft.notes.append(Note("rejected", target, outcome.field, f"{outcome.code}: {outcome.message}"))


def _gone(draft: Draft, outcome: Outcome) -> None:
    """The target answers that the record isn't there: an observation, as a by-id read that found nothing."""
    if _known(draft, outcome):
        stand(draft, outcome.target, RowValue(outcome.before, GONE))


def _take_row(draft: Draft, outcome: Outcome, name: str, value: str | None) -> None:
    """The sink read this field just before it would have written."""
    old = draft.registers.get(outcome.target, NOTHING).get(name, EMPTY)
    new = with_slot(old, RowValue(outcome.before, value))
    if new is not old:
        draft.own_of("registers", outcome.target)[name] = new
        draft.touch(outcome.target, name)


def _released(draft: Draft, outcome: Outcome) -> None:
    """What it waited for is there, or a person said "try again": a refusal or a fight over the named field is forgotten."""
    target = outcome.target
    if not is_current(draft, outcome):
        return
    for key in (target, status_key(target)):
        draft.drop_whole("rejected", key)
    if outcome.field:
        for name in ("held", "restores", "rounds"):
            draft.drop(name, target, outcome.field)
