"""The link of a record: which ids belong together, and what writes of other records must know of it."""

from __future__ import annotations

from schemas.events import Link, Record
from schemas.ids import SYSTEMS, to_external
from streams.reconcile.draft import GONE, Draft
from streams.rules import Links, Rules


def link_of(record: Record, rules: Rules, links: Links) -> Link:
    """The link as the record stands. Deleted in one system counts as deleted."""
    draft = Draft(record, rules, links)
    facts = {} if record.alias else rules.facts(draft.read)
    return Link(record.key, record.entity, record.ids, record.objects, to_external(record.key), _standing(draft), record.alias, facts)


def changed_link(draft: Draft, record: Record) -> Link | None:
    """The new link, when this decision changed it."""
    base = draft.base
    rules = draft.rules
    told = not (draft.names.isdisjoint(rules.fact_fields) and draft.names.isdisjoint(rules.inactive))
    if not record.ids or not (draft.moved or told):
        return None
    new = link_of(record, rules, draft.links)
    return None if base.ids and new == link_of(base, rules, draft.links) else new


def _standing(draft: Draft) -> str:
    if any(draft.standing(system) == GONE for system in SYSTEMS):
        return "deleted"
    inactive = draft.rules.inactive
    if inactive and any(all(draft.read(system, name) == value for name, value in inactive.items()) for system in draft.ids):
        return "inactive"
    return "active"
