"""What a deletion on one side does to the other, and what is undone when the deleted record comes back."""

from __future__ import annotations

from schemas.ids import OTHER
from streams.reconcile.draft import GONE, MISSING, NOTHING, PRESENT, Draft
from streams.rules import DELETED

Fields = dict[str, str | None]
#: "No longer in use" is said by yes-or-no fields.
OPPOSITE = {"true": "false", "false": "true"}


def farewell(draft: Draft, target: str, source: str) -> Fields:
    """The other side deleted its record. What is inactive may be made active again by hand: that is not fought over.

    `agreed` keeps it: the value = we wrote it, None = the target's owner had said so already, which is not ours to undo.
    """
    action = draft.rules.on_delete(source)
    if action in ("ignore", "restore") or target not in draft.ids:
        return {}
    if action == "delete":
        return {DELETED: "true"}
    old, agreed, owned = draft.wanted.get(target, NOTHING), draft.agreed.get(target, NOTHING), _owned(draft, target)
    out: Fields = {}
    for name, value in draft.rules.inactive.items():
        before = None if name in owned else value
        if name in old:
            out[name] = value
        elif agreed.get(name, MISSING) in (value, before):
            continue
        elif draft.read(target, name) == value:
            draft.put("agreed", target, name, before)
        else:
            out[name] = value
    return out


def _owned(draft: Draft, target: str) -> list[str]:
    """Of the fields that say "no longer in use" those whose value is the target's own."""
    return [name for name in draft.rules.inactive if draft.rules.owner(name, draft.stage) == target]


def restoring(draft: Draft, target: str) -> bool:
    """Was it deleted in the target, where the mapping says that it must be there? Then it is made anew, under another id."""
    if draft.standing(target) != GONE or draft.rules.on_delete(target) != "restore":
        return False
    return draft.standing(OTHER[target]) == PRESENT and draft.rules.creates(target, draft.read)


def welcome(draft: Draft, target: str) -> Fields:
    """The other side's record is back (undeleted): what only we had switched off in the target is switched on again.

    Only of fields that the target owns: a value of the other side's comes back by itself. That we did it is known by `agreed`, which
    nothing else sets for such a field, and by the record that came back, which still says that it is in use.
    """
    other, agreed = OTHER[target], draft.agreed.get(target, NOTHING)
    if not agreed or other not in draft.ids or draft.standing(target) != PRESENT or draft.standing(other) != PRESENT:
        return {}
    mine = _owned(draft, target)
    for name in mine:
        if agreed.get(name, MISSING) is None:
            draft.drop("agreed", target, name)  # the next deletion is another farewell
    return {
        name: OPPOSITE[value]
        for name in mine
        if agreed.get(name, MISSING) == (value := draft.rules.inactive[name]) == draft.read(target, name) != draft.read(other, name)
    }
