"""What an owner's empty field means: its wish, or only that nobody has ever said anything (docs/decisions/0013)."""

from __future__ import annotations

from schemas.ids import OTHER, SYSTEMS
from streams.reconcile.draft import NOTHING, Draft
from streams.reconcile.flows import Flow, flows

#: Why an owner's null is no wish.
MADE, JOINED = "made", "joined"


def never_said(draft: Draft, flow: Flow) -> str:
    """Asked of a null that was never agreed on: is it no wish, but the default of a record that we made, or what was never filled in of one that was joined?

    Joining two records must not wipe what one side knows; once the owner has said something, its null counts.
    """
    if flow.owner in draft.made:
        return MADE
    return "" if draft.made else JOINED


def agree_on_nothing(draft: Draft, target: str) -> None:
    """A record is about to be made in `target`. What the target will own and this side holds empty, both hold empty from the beginning: whatever this side
    says of it later is an edit, whether it comes before or after the first look at the new record.

    A seed that is filled in while the create waits goes along, and if it comes too late for that it was an edit. Of what can't be seeded nobody knows: it
    stands, as all that was there before. So does what was agreed on with a record that was deleted and is made anew: the new one has never said it.
    """
    source = OTHER[target]
    for flow in flows(draft.rules, draft.stage, source):
        slot = None if flow.owner != target else draft.slot(source, flow.name)
        if slot is None:
            continue
        if slot.value is None:
            draft.put("agreed", source, flow.name, None)
        elif not flow.rule.seed:
            draft.drop("agreed", source, flow.name)


def forget_nothing(draft: Draft) -> None:
    """The record was not made but joined with one that had been there: what was agreed on was the emptiness of another one."""
    for system in SYSTEMS:
        for name in [name for name, value in draft.agreed.get(system, NOTHING).items() if value is None]:
            draft.drop("agreed", system, name)
