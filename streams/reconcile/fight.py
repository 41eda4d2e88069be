"""Values that a target won't keep: `refused` after two rounds in a row, `contested` after too many restores in an hour.

A round: we wrote a value, and the first read-back is another. A restore: the target changed a value that both had agreed on, and we wrote
the owner's again. Time is the target's own, taken from what it was seen to hold, so that the decision needs no clock.
"""

from __future__ import annotations

from schemas.events import AssumedValue, Held, Outcome, Round
from streams.reconcile.decision import Note
from streams.reconcile.draft import MISSING, NOTHING, Draft
from streams.reconcile.registers import Slot, time_of
from streams.reconcile.same import same
from streams.rules import STATUS_FIELDS

REFUSED, CONTESTED = "refused", "contested"
ROUNDS = 2


def sent(draft: Draft, answer: Outcome, name: str, value: str | None) -> None:
    """We wrote this value: its first read-back after the answer ends the round."""
    old = draft.rounds.get(answer.target, NOTHING).get(name)
    count = old.count if old is not None and old.value == value else 0
    draft.put("rounds", answer.target, name, Round(value, count, answer.after))


def read_back(draft: Draft, system: str, name: str, now: Slot) -> None:
    """Judge a round by what the system holds now."""
    old = draft.rounds.get(system, NOTHING).get(name)
    rule = draft.rules.fields.get(name)
    if old is None or old.answered is None or rule is None:
        return
    if same(draft, system, rule, old.value, now.value) is not False:
        draft.put("rounds", system, name, Round(old.value, 0, None))
        release(draft, system, name, REFUSED)
    elif time_of(now) > old.answered + draft.margin:
        draft.put("rounds", system, name, Round(old.value, old.count + 1, None))
        if old.count + 1 >= ROUNDS:
            hold(draft, system, name, REFUSED, old.value)


def hold(draft: Draft, system: str, name: str, why: str, value: str | None) -> None:
    draft.put("held", system, name, Held(why, value))
    draft.notes.append(Note(why, system, name, f"{system} does not keep {value!r}"))


def release(draft: Draft, system: str, name: str, why: str) -> None:
    """Hold the field no longer, if it was held for that reason."""
    held = draft.held.get(system, NOTHING).get(name)
    if held is not None and held.why == why:
        draft.drop("held", system, name)


def is_held(draft: Draft, target: str, name: str, wanted: str | None, mine: bool) -> bool:
    """A held value is not asked for again until the owner's value changes."""
    held = draft.held.get(target, NOTHING).get(name)
    return held is not None and (held.value == wanted or (mine and held.why == CONTESTED))


def exhausted(draft: Draft, target: str, name: str, held: Slot) -> bool:
    """Have there been as many restores within the window as may be?"""
    times = draft.restores.get(target, NOTHING).get(name, ())
    start = time_of(held) - draft.rules.restore_window_ms
    return sum(1 for t in times if t > start) >= draft.rules.max_restores


def count_restores(draft: Draft, target: str, fields: dict[str, str | None]) -> None:
    """A restore counts when its write is emitted: counted when decided, repeated decisions over a refusal would make it a fight."""
    agreed = draft.agreed.get(target, NOTHING)
    for name, value in fields.items():
        if name in STATUS_FIELDS or agreed.get(name, MISSING) != value:
            continue
        held = draft.slot(target, name)
        if held is None or isinstance(held, AssumedValue):
            continue
        start = time_of(held) - draft.rules.restore_window_ms
        old = draft.restores.get(target, NOTHING).get(name, ())
        draft.put("restores", target, name, (*(t for t in old if t > start), time_of(held)))


def forget(draft: Draft, target: str, name: str) -> None:
    """The owner changed the value: what was before is no fight any more."""
    if not (draft.restores or draft.held or draft.rounds):
        return
    draft.drop("restores", target, name)
    draft.drop("held", target, name)
    draft.drop("rounds", target, name)
