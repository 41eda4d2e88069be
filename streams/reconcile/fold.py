"""Two keys of one business record become one: the key of the system that is not master always loses, whoever hears of it first."""

from __future__ import annotations

from dataclasses import replace

from schemas.events import Handover, Match, Observation, Outcome, Record, Register
from schemas.ids import SYSTEMS, parse_ref
from streams.reconcile.blank import forget_nothing
from streams.reconcile.claim import hear, withdraw_all
from streams.reconcile.decision import Ask, Decision, Forward, Note
from streams.reconcile.draft import GONE, NOTHING, Draft
from streams.reconcile.identity import is_retired, replace_dead, retire
from streams.reconcile.registers import EMPTY, merged, top


def forward(record: Record, input_: Observation | Outcome | Match | Handover) -> Decision:
    """A folded record keeps nothing: what comes goes on. An outcome keeps its key, because that key counts its own sequences."""
    to = record.alias
    if isinstance(input_, Match):
        stray = input_.other not in ("", to, record.key)
        notes = (Note("ambiguous_match", message=f"{input_.other} matches {to} too"),) if stray else ()
        return Decision(record, changed=stray, notes=notes)
    onward: Forward = (to, input_ if isinstance(input_, Outcome) else replace(input_, key=to))
    return Decision(record, changed=True, forwards=(onward,))


def match(draft: Draft, answer: Match) -> bool:
    """Take the matcher's answer. True: this key lost and has handed everything over."""
    hear(draft, answer)
    other = answer.other
    if not other or other == draft.key or len(answer.candidates) > 1:
        return False
    if sum(draft.standing(system) != GONE for system in draft.ids) > 1:
        draft.notes.append(Note("ambiguous_match", message=f"{other} matches too, but there is a counterpart already"))
        return False
    if not loses(draft.key, other, draft.rules.master):
        return False
    hand_over(draft, other, answer.lane)
    return True


def loses(key: str, other: str, master: str) -> bool:
    """The rule that both keys decide by, each in its own partition."""
    mine, theirs = parse_ref(key).system, parse_ref(other).system
    return key > other if mine == theirs else mine != master


def hand_over(draft: Draft, other: str, lane: str) -> None:
    """Everything that is known goes to the other key; what comes later is forwarded."""
    draft.alias, draft.moved = other, True
    withdraw_all(draft)
    for target in SYSTEMS:
        if draft.wanted.get(target):
            sequence = draft.sequence.get(target, 0) + 1
            draft.put_whole("sequence", target, sequence)
            draft.drop_whole("wanted", target)
            draft.asks.append(Ask(target, sequence, "withdraw", draft.ids.get(target, ""), {}, {}, "", {}, {}))
    content = Handover(other, draft.base.entity, draft.key, draft.ids, draft.objects, draft.registers, draft.presence, lane)
    draft.forwards.append((other, content))


def take_over(draft: Draft, handover: Handover) -> None:
    """The winner merges what the loser knew; of a system in which it has another record it takes nothing."""
    draft.moved = True
    if len(draft.ids) < len(SYSTEMS):
        forget_nothing(draft)
    for system, id_ in handover.ids.items():
        if is_retired(draft, system, id_):
            continue
        known = draft.ids.get(system, id_)
        if known != id_:
            dead = _is_dead(draft, handover, system)
            if dead or draft.standing(system) != GONE:
                _second(draft, system, id_, handover.loser, dead=dead)
                continue
            replace_dead(draft, system, id_, handover.objects.get(system, ""))
        draft.put_whole("ids", system, id_)
        if system in handover.objects:
            draft.put_whole("objects", system, handover.objects[system])
        if system in handover.presence:
            draft.put_whole("presence", system, merged(draft.presence.get(system, EMPTY), handover.presence[system]))
        _merge(draft, system, handover)


def _is_dead(draft: Draft, handover: Handover, system: str) -> bool:
    theirs = handover.presence.get(system)
    slot = None if theirs is None else top(theirs, draft.margin)
    return slot is not None and slot.value == GONE


def _second(draft: Draft, system: str, id_: str, loser: str, *, dead: bool) -> None:
    """The loser is another record there. A dead one needs no more than to be remembered as such."""
    if dead:
        retire(draft, system, id_)
        return
    draft.put_whole("seconds", system, id_)
    draft.notes.append(Note("ambiguous_match", system, message=f"{loser} is {id_} there, but {draft.ids[system]} is ours"))


def _merge(draft: Draft, system: str, handover: Handover) -> None:
    mine: dict[str, Register] = dict(draft.registers.get(system, NOTHING))
    for name, register in handover.registers.get(system, NOTHING).items():
        old = mine.get(name, EMPTY)
        new = merged(old, register)
        if new != old:
            mine[name] = new
            draft.touch(system, name)
    draft.put_whole("registers", system, mine)
