"""The stage of a record, from what was observed. A step back counts only where the mapping declares it."""

from __future__ import annotations

from streams.reconcile.decision import Note
from streams.reconcile.draft import Draft


def advance(draft: Draft) -> None:
    """Bring `draft.stage` up to what is observed.

    A slow read may show an older status than a quick one did; such a step back heals with the next read and must not give the
    document's lines to the other owner for a moment.
    """
    rules = draft.rules
    if len(rules.stages) == 1:
        draft.stage = rules.stages[0]
        return
    now = rules.stage(draft.observed)
    was = draft.stage
    if now == was:
        return
    if was in rules.stages and rules.stages.index(now) < rules.stages.index(was) and (was, now) not in rules.backward:
        if any(system == rules.stage_system for system, _ in draft.touched):
            draft.notes.append(Note("stage_backward", rules.stage_system, message=f"{was} -> {now} is no declared step: it stays {was}"))
        return
    draft.stage = now
