"""From what is known to what is asked: one write per target that differs, under a new sequence only when something new is asked."""

from __future__ import annotations

from schemas.events import Handover, Match, Observation, Outcome, Reason
from schemas.ids import OTHER, SYSTEMS
from streams.reconcile.answer import reissues
from streams.reconcile.claim import claim
from streams.reconcile.counterpart import missed
from streams.reconcile.decision import Ask
from streams.reconcile.draft import GONE, MISSING, NOTHING, Draft
from streams.reconcile.fight import count_restores
from streams.reconcile.flows import flow_of, pointing
from streams.reconcile.payload import payload_hash, status_hash, status_key
from streams.reconcile.plan import Desired, Fields, Plan, plan
from streams.reconcile.stage import advance
from streams.reconcile.status import status_fields, untroubled
from streams.rules import DELETED

Input = Observation | Outcome | Match | Handover


def decide(draft: Draft, input_: Input) -> None:
    advance(draft)
    claim(draft)
    _validate(draft)
    again = input_.target if isinstance(input_, Outcome) and reissues(draft, input_) else ""
    names = _affected(draft) if isinstance(input_, Observation) else None
    wishes = {target: plan(draft, target, names) for target in SYSTEMS}
    ended: set[str] = {target for target, wish in wishes.items() if target in draft.rejected and _taken_back(draft, target, wish)}
    for target in ended:
        draft.drop_whole("rejected", target)
    mains: dict[str, Fields] = {target: {} if _refused(draft, target, wish) else wish.fields for target, wish in wishes.items()}
    for target in list(draft.waiting):
        if not mains[target]:
            draft.drop_whole("waiting", target)
    for target, wish in wishes.items():
        _decide(draft, target, mains[target], wish, reissue=again == target, ended=target in ended)


def _affected(draft: Draft) -> frozenset[str] | None:
    """The fields on which the decision may differ from the one before; None = any of them."""
    context, base = draft.rules.context, draft.base
    if context is None or draft.moved or draft.stage != base.stage or draft.rejected or draft.problems or base.problems:
        return None
    if not draft.names.isdisjoint(context):
        return None
    return frozenset(draft.names | draft.stirred | pointing(draft.rules))


def _validate(draft: Draft) -> None:
    target = draft.rules.validated_target
    if not target:
        return
    source = OTHER[target]
    alive = source in draft.ids and draft.standing(source) != GONE
    problems = draft.rules.validate(draft.read, draft.stage, draft.links) if alive else ()
    if alive and not problems and target in draft.ids:
        problems = draft.rules.review(draft.observed, draft.agreed.get(target, NOTHING).get, draft.stage)
    if tuple(draft.problems) != problems:
        draft.problems = problems


def _decide(draft: Draft, target: str, main: Fields, wish: Plan, *, reissue: bool, ended: bool) -> None:
    fields = _with_status(draft, target, main, wish)
    old = draft.wanted.get(target, NOTHING)
    if not (fields or old or wish.seeds or target in draft.seeds or ended):
        return
    changed: Fields = {f: v for f, v in fields.items() if old.get(f, MISSING) != v}
    withdrawn = any(name not in fields for name in old)  # confirmed fields have left `wanted` before
    draft.put_whole("seeds", target, wish.seeds)
    if not (changed or withdrawn or (reissue and fields) or ended):
        return
    count_restores(draft, target, changed)
    draft.put_whole("wanted", target, fields)
    _ask(draft, target, fields, wish)


def _refused(draft: Draft, target: str, wish: Plan) -> bool:
    """Is this the very payload that the target refused?"""
    refusal = draft.rejected.get(target)
    return refusal is not None and bool(wish.fields) and payload_hash({**wish.seeds, **wish.fields}) == refusal.hash


def _taken_back(draft: Draft, target: str, wish: Plan) -> bool:
    """Is nothing wanted any more of what was refused? No write will ever prove it: whoever took a bad edit back would read "rejected" for ever.

    A create that only waits for the matcher is still wanted. The withdrawal that follows ends what the sink kept of it.
    """
    return not wish.fields and not (wish.creating and draft.rules.creates(target, draft.read))


def _with_status(draft: Draft, target: str, main: Fields, wish: Plan) -> Fields:
    """Our status fields go along, or alone when there is trouble to tell a record that is there."""
    nowhere = target not in draft.ids and not (wish.creating and main)
    if nowhere or draft.standing(target) == GONE or DELETED in main or missed(draft, OTHER[target], target):
        return main
    travels = bool(main) and (OTHER[target] in draft.ids)  # "synced" is no word for a record that is nowhere else
    if untroubled(draft, target, travels=travels):
        return main
    status = status_fields(draft, target, travels=travels)
    if not main and status:
        refusal = draft.rejected.get(status_key(target))
        if refusal is not None and status_hash(status) == refusal.hash:
            return {}
    return {**main, **status}


def _ask(draft: Draft, target: str, fields: Fields, wish: Plan) -> None:
    sequence = draft.sequence.get(target, 0) + 1
    draft.put_whole("sequence", target, sequence)
    if not fields:
        kind = "withdraw"
    elif DELETED in fields:
        kind = "delete"
    else:
        kind = "create" if wish.creating else "update"
    plain = kind in ("create", "update")
    rules = draft.rules
    bound = plain and target == rules.stage_system and len(rules.stages) > 1 and any(f in rules.fields and rules.fields[f].staged for f in fields)
    stage = draft.stage if bound else ""
    desired = Desired(draft, target, fields) if plain else {}
    seeds = wish.seeds if kind == "create" else {}
    draft.asks.append(
        Ask(target, sequence, kind, "" if kind == "create" else draft.ids.get(target, ""), fields, seeds, stage, desired, _reasons(draft, target, fields))
    )


def _reasons(draft: Draft, target: str, fields: Fields) -> dict[str, Reason]:
    every, events = flow_of(draft.rules, draft.stage, target), draft.sources.get(OTHER[target], NOTHING)
    out = {}
    for name in fields:
        flow, rule = every.get(name), draft.rules.fields.get(name)
        if flow is not None:
            out[name] = Reason(flow.rule.rule, flow.owner, events.get(name, ""))
        else:
            out[name] = Reason(rule.rule if rule is not None and rule.status else "on_delete", "accord", "")
    return out
