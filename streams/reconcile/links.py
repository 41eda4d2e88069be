"""The link of a record: which ids belong together, and what writes of other records must know of it."""

from __future__ import annotations

from schemas.events import Link
from schemas.ids import SYSTEMS, to_external
from streams.reconcile.draft import GONE, Draft


def link_of(draft: Draft) -> Link:
    """The link as the record stands. Deleted in one system counts as deleted."""
    facts = {} if draft.alias else draft.rules.facts(draft.read)
    external = to_external(draft.key)
    merged = {system: into for system, into in draft.merged.items() if draft.standing(system) == GONE}
    return Link(draft.key, draft.base.entity, draft.ids, draft.objects, external, _standing(draft), draft.alias, facts, merged)


def changed_link(draft: Draft) -> Link | None:
    """The new link, when this decision changed it."""
    base, rules = draft.base, draft.rules
    told = not (draft.names.isdisjoint(rules.fact_fields) and draft.names.isdisjoint(rules.inactive))
    if not draft.ids or not (draft.moved or told):
        return None
    new = link_of(draft)
    return None if base.ids and new == link_of(Draft(base, rules, draft.links)) else new


def _standing(draft: Draft) -> str:
    if any(draft.standing(system) == GONE for system in SYSTEMS):
        return "deleted"
    inactive = draft.rules.inactive
    if inactive and any(all(draft.read(system, name) == value for name, value in inactive.items()) for system in draft.ids):
        return "inactive"
    return "active"
