"""Claims: by which values this record can be matched, told to the matcher once for each system in which the record is.

So the matcher sees that a record has a counterpart already, and a create goes only after it said "nobody else" to every claim.
"""

from __future__ import annotations

from schemas.events import Claim, Match
from schemas.ids import OTHER, SYSTEMS
from streams.reconcile.decision import Note
from streams.reconcile.draft import GONE, NOTHING, PRESENT, Draft

NOBODY = ""


def claim(draft: Draft) -> None:
    """Tell the matcher of values that are new, and of those that the record has no more."""
    fields = draft.rules.match_fields
    if not draft.rules.matched:
        return
    if not draft.moved and (not draft.names if fields is None else draft.names.isdisjoint(fields)):
        return
    for system in SYSTEMS:
        old = draft.claims.get(system, NOTHING)
        new = _values(draft, system) if _stays(draft, system) else ()
        for value in old:
            if value not in new:
                _say(draft, value, system, withdrawn=True)
        for value in new:
            if value not in old:
                _say(draft, value, system, withdrawn=False)
        if len(new) != len(old) or any(v not in old for v in new):
            draft.put_whole("claims", system, {v: old.get(v) for v in new})


def withdraw_all(draft: Draft) -> None:
    """The record gives way to another key: nobody may be matched with it.

    In the lane of the handover, so that the matcher's new answer can't reach the winner before the handover does.
    """
    for system in list(draft.claims):
        for value in draft.claims[system]:
            _say(draft, value, system, withdrawn=True)
        draft.drop_whole("claims", system)


def hear(draft: Draft, match: Match) -> None:
    """Note the matcher's answer under every claim of that value."""
    if len(match.candidates) > 1:
        answer = " ".join(sorted(match.candidates))
        draft.notes.append(Note("ambiguous_match", message=f"{match.value} is claimed by {answer}"))
    else:
        answer = NOBODY if match.other == draft.key else match.other
    for system in SYSTEMS:
        if match.value in draft.claims.get(system, NOTHING):
            draft.put("claims", system, match.value, answer)


def alone(draft: Draft, system: str) -> bool:
    """Did the matcher say of every claim that there is nobody else? (A record that needs no matcher is always alone.)"""
    if not draft.rules.matched:
        return True
    claims = draft.claims.get(system, NOTHING)
    return bool(claims) and all(answer == NOBODY for answer in claims.values())


def ambiguous(draft: Draft, system: str) -> str:
    """The candidates, when there is more than one; else empty."""
    return next((a for a in draft.claims.get(system, NOTHING).values() if a and " " in a), "")


def _stays(draft: Draft, system: str) -> bool:
    """Is the record there, and not about to be deleted with its counterpart? A new one must not be joined with it."""
    other = OTHER[system]
    doomed = draft.standing(other) == GONE and draft.rules.on_delete(other) == "delete"
    return system in draft.ids and draft.standing(system) == PRESENT and not doomed


def _values(draft: Draft, system: str) -> tuple[str, ...]:
    """No value to match by: the key is the value, so that an answer still comes, and comes after the snapshots."""
    return draft.rules.match_values(system, draft.read) or (f"{draft.base.entity}|key|{draft.key}",)


def _say(draft: Draft, value: str, system: str, *, withdrawn: bool) -> None:
    draft.claimed.append(Claim(value, draft.base.entity, system, draft.key, withdrawn, draft.lane))
