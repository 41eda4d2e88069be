"""What our own status fields say on the record in its own system: why it did not get across.

Texts hold no time and no count of attempts, so the same trouble is the same text and is written once.
"""

from __future__ import annotations

from schemas.events import Problem, Values
from schemas.ids import OTHER
from streams.reconcile.claim import ambiguous
from streams.reconcile.counterpart import ended_there
from streams.reconcile.draft import GONE, NOTHING, Draft
from streams.reconcile.farewell import restoring
from streams.reconcile.fight import is_held
from streams.rules import CODE, MESSAGE, MISSING, REJECTED, STATUS, SYNCED, WAITING

MESSAGE_LIMIT = 2000
Trouble = tuple[str, str | None, str | None]
NO_TROUBLE: Trouble = (SYNCED, None, None)


def trouble(draft: Draft, system: str) -> Trouble:
    """(status, code, message) of the record in `system`: what keeps it, or its newest change, from the other one."""
    other = OTHER[system]
    if draft.standing(other) == GONE and not restoring(draft, other):
        into = draft.merged.get(other)
        deleted, merged = ended_there(other)
        return (MISSING, merged, f"It was merged into {into}.") if into else (MISSING, deleted, None)
    refusal = draft.rejected.get(other)
    if refusal is not None:
        return REJECTED, refusal.code, _cut(f"{refusal.field}: {refusal.message}" if refusal.field else refusal.message)
    if draft.problems and draft.rules.validated_target == other:
        return _problems(draft)
    candidates = ambiguous(draft, system) if other not in draft.ids else ""
    if candidates:
        return WAITING, "ambiguous_match", _cut(f"More than one record could be this one: {candidates}")
    waits = draft.waiting.get(other)
    if waits is not None:
        return WAITING, waits.code, _cut(waits.message)
    return NO_TROUBLE


def untroubled(draft: Draft, system: str, *, travels: bool) -> bool:
    """The way of nearly every record: no trouble is told, none is there, none is on its way. A quick answer to `status_fields`."""
    if draft.rejected or draft.waiting or draft.problems or len(draft.ids) < 2 or draft.standing(OTHER[system]) == GONE:
        return False
    wanted = draft.wanted.get(system, NOTHING)
    if wanted and (STATUS in wanted or CODE in wanted or MESSAGE in wanted):
        return False
    told = draft.read(system, STATUS)
    if told != SYNCED and (told is not None or travels):
        return False
    return draft.read(system, CODE) is None and draft.read(system, MESSAGE) is None


def status_fields(draft: Draft, system: str, *, travels: bool) -> Values:
    """Status fields to write. `travels`: other fields are written anyhow, so "synced" may go along; alone it isn't worth a call."""
    now = trouble(draft, system)
    out = {}
    for name, value in zip((STATUS, CODE, MESSAGE), now, strict=True):
        rule = draft.rules.fields.get(name)
        if rule is None or system not in rule.systems:
            continue
        if _worth(draft, system, name, value, travels=travels):
            out[name] = value
    return out


def _worth(draft: Draft, system: str, name: str, value: str | None, *, travels: bool) -> bool:
    old = draft.wanted.get(system, NOTHING)
    held = draft.read(system, name)
    if name in old:
        return value != SYNCED or travels or old[name] == SYNCED or held not in (None, SYNCED) or old[name] != value
    agreed = draft.agreed.get(system, NOTHING)
    told = name in agreed and agreed[name] == value and name in draft.doubt.get(system, NOTHING)  # what is seen there may be from before we told it
    if told or held == value or is_held(draft, system, name, value, mine=False):
        return False
    return travels or value != SYNCED or held is not None


def _problems(draft: Draft) -> Trouble:
    """What needs a person comes before what heals by itself, and that before what is only told."""
    ordered: list[Problem] = sorted(draft.problems, key=lambda p: (not p.stops, p.park))
    first = ordered[0]
    status = SYNCED if not first.stops else WAITING if first.park else REJECTED
    return status, first.code, _cut(" · ".join(p.message for p in ordered))


def _cut(text: str) -> str:
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 1] + "…"
