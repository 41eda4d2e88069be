"""The decision at the heart of Accord: `reconcile(record, input, rules, links) -> Decision`. Pure: no clock, no I/O, nothing is mutated.

For every record it keeps what each system was last observed to hold, works out what each should hold, and asks for the difference.
"""

from __future__ import annotations

from schemas.events import Handover, Match, Observation, Outcome, Record
from streams.reconcile.answer import answer
from streams.reconcile.decide import decide
from streams.reconcile.decision import Ask, Decision, Forward, Note
from streams.reconcile.draft import Draft
from streams.reconcile.fold import forward, match, take_over
from streams.reconcile.links import changed_link
from streams.reconcile.merge import merge
from streams.reconcile.observe import observe
from streams.reconcile.tell import roll_up, tell
from streams.rules import Links, Rules

__all__ = ["Ask", "Decision", "Draft", "Forward", "Note", "reconcile"]


def reconcile(record: Record, input_: Observation | Outcome | Match | Handover, rules: Rules, links: Links) -> Decision:
    """Take one input into the record and decide. An input that was taken before changes nothing and asks for nothing."""
    if record.alias:
        return forward(record, input_)
    draft = Draft(record, rules, links, input_.lane)
    folded = False
    if isinstance(input_, Observation):
        observe(draft, input_)
        folded = merge(draft, input_)
    elif isinstance(input_, Outcome):
        answer(draft, input_)
    elif isinstance(input_, Match):
        folded = match(draft, input_)
    else:
        take_over(draft, input_)
    if not folded and (draft.dirty or not isinstance(input_, Observation)):
        roll_up(draft)
        decide(draft, input_)
        tell(draft, input_)
    record = draft.frozen()
    return Decision(
        record,
        record is not draft.base,
        tuple(draft.asks),
        tuple(draft.reads),
        tuple(draft.forwards),
        tuple(draft.claimed),
        tuple(draft.learned),
        changed_link(draft),
        tuple(draft.notes),
    )
