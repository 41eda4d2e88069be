"""When two systems hold the same value: equality of normal forms, and of what references point at."""

from __future__ import annotations

from accord.links import survivor
from schemas.ids import OTHER, parse_ref
from streams.reconcile.draft import Draft
from streams.rules import FieldRule, Links


def normal(draft: Draft, system: str, rule: FieldRule, value: str | None) -> str | None:
    """The value as that system can hold it. A reference stays as its owner wrote it: it must not change when its link appears."""
    if value is None or rule.ref is not None:
        return value
    return draft.rules.normal(system, rule.name, value, draft.links, draft.read)


def same(draft: Draft, target: str, rule: FieldRule, wanted: str | None, held: str | None) -> bool | None:
    """Does the target hold what is wanted? None = two references that nothing is known of yet. `wanted` is in normal form."""
    if wanted == held:
        return True
    if rule.ref is None:
        return held is not None and normal(draft, target, rule, held) == wanted
    if wanted is None or held is None:
        return False
    return _same_record(draft.links, target, wanted, held)


def _same_record(links: Links, target: str, wanted: str, held: str) -> bool | None:
    ours, theirs = (survivor(links, links.key_of(ref), target) for ref in (wanted, held))
    if ours is None and theirs is None:
        return None
    if ours is not None and theirs is not None:
        return ours == theirs
    if theirs is None:
        return _names(links, ours, target, held)
    return _names(links, theirs, OTHER[target], wanted)


def _names(links: Links, key: str | None, system: str, ref: str) -> bool:
    """Is `ref`, of which no link is known, the record that the key has in that system?"""
    link = links.link(key) if key is not None else None
    there = parse_ref(ref)
    return link is not None and there.system == system and link.ids.get(system) == there.id
