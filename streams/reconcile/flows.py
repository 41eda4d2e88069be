"""Which fields may flow to a target, by stage: worked out once for each entity, because every observation asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from schemas.ids import OTHER
from streams.rules import KEY, NETSUITE_ID, SALESFORCE_ID, FieldRule, Owner, Rules

OWN = frozenset({KEY, SALESFORCE_ID, NETSUITE_ID})


class Flow(NamedTuple):
    """One field of a target and who owns it there."""

    name: str
    rule: FieldRule
    owner: Owner


@lru_cache(maxsize=1024)
def flows(rules: Rules, stage: str, target: str) -> tuple[Flow, ...]:
    """Fields whose value comes from the other side or from us. Our status fields go their own way."""
    out = []
    for name, rule in rules.fields.items():
        owner = rules.owner(name, stage)
        if rule.status or owner is None or owner == target or target not in rule.systems:
            continue
        if owner == "accord" or owner in rule.systems:
            out.append(Flow(name, rule, owner))
    return tuple(out)


@lru_cache(maxsize=1024)
def flow_of(rules: Rules, stage: str, target: str) -> Mapping[str, Flow]:
    """The same by name."""
    return {flow.name: flow for flow in flows(rules, stage, target)}


@lru_cache(maxsize=1024)
def pointing(rules: Rules) -> frozenset[str]:
    """Fields whose meaning changes with other records' links."""
    return frozenset(name for name, rule in rules.fields.items() if rule.ref is not None or rule.kind == "lines")


@lru_cache(maxsize=1024)
def seedable(rules: Rules, stage: str, target: str) -> tuple[Flow, ...]:
    """Fields that the target owns, or nobody any more, and the other side may propose when it causes a create."""
    out = []
    for name, rule in rules.fields.items():
        if rule.seed and not rule.status and rules.owner(name, stage) in (target, None) and target in rule.systems and OTHER[target] in rule.systems:
            out.append(Flow(name, rule, "accord"))
    return tuple(out)
