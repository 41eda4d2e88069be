"""Two records of one system became one there: the deleted one says into which, and what names it is led to the survivor."""

from __future__ import annotations

from schemas.events import Observation
from schemas.ids import OTHER
from streams.reconcile.decision import Note
from streams.reconcile.draft import GONE, PRESENT, Draft
from streams.reconcile.fold import hand_over
from streams.reconcile.observe import ask_again


def merge(draft: Draft, seen: Observation) -> bool:
    """Take in that the record went into another one. True: the survivor had no counterpart, takes over ours, and this key is folded.

    A delete event doesn't tell: where records can be merged, the deleted one is read once. Where both had a counterpart, ours is handled
    as after any deletion, and the link says who stands for the record from now on (`accord.links.survivor`).
    """
    system = seen.system
    if not seen.gone or draft.ids.get(system) != seen.source_id or draft.standing(system) != GONE:
        return False
    if not seen.merged_into:
        if seen.kind == "event" and draft.moved and system in draft.rules.merges:
            ask_again(draft, system, 0, "merge")
        return False
    if draft.merged.get(system) == seen.merged_into:
        return False
    draft.put_whole("merged", system, seen.merged_into)
    draft.moved = True
    draft.notes.append(Note("merged", system, message=f"{seen.source_id} went into {seen.merged_into}"))
    winner = draft.links.key_of(seen.merged_into)
    if winner is None or winner == draft.key or not _lacks(draft, winner, OTHER[system]):
        return False
    hand_over(draft, winner, seen.lane)
    return True


def _lacks(draft: Draft, winner: str, other: str) -> bool:
    """Has the survivor no counterpart there, and we have a living one? Without us it would be given a second one."""
    link = draft.links.link(winner)
    return link is not None and other not in link.ids and draft.standing(other) == PRESENT
