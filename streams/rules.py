"""What reconcile must know about one entity: its fields, and the mapping's answers as pure functions. The mapping builds it from data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from schemas.events import Link, Problem, Values
from schemas.ids import SYSTEMS, System

#: Who owns a field. `accord`: we compute it and write it to both sides, and never read it back as a fact.
Owner = Literal["salesforce", "netsuite", "accord"]
OnDelete = Literal["inactivate", "ignore", "delete", "restore"]
#: (system, canonical field) -> what that system holds by the best of event, row and assumption; None = null or never seen.
Read = Callable[[str, str], str | None]

#: (read of what was observed, what was agreed with the validated target by field, stage) -> what is to be told of it.
Review = Callable[[Read, Callable[[str], str | None], str], tuple[Problem, ...]]

#: Canonical names of our own fields, the same for every entity. `KEY` holds `ids.to_external(entity key)`, the id fields the bare native id.
KEY = "key"
SALESFORCE_ID = "salesforce_id"
NETSUITE_ID = "netsuite_id"
STATUS = "accord_status"
CODE = "accord_code"
MESSAGE = "accord_message"
STATUS_FIELDS = frozenset({STATUS, CODE, MESSAGE})
#: Values of `STATUS`.
SYNCED, WAITING, REJECTED, MISSING = "synced", "waiting", "rejected", "missing"
#: Not a field of any system: a write that asks for the deletion of the target's record carries it alone.
DELETED = "deleted"


class Links(Protocol):
    """The index over the `link` topic, as far as it has been read."""

    def key_of(self, ref: str) -> str | None:
        """Entity key of `entity:system:id` (a native address or a key), aliases followed; None = not linked yet."""
        ...

    def link(self, key: str) -> Link | None:
        """The link of an entity key."""
        ...


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One canonical field.

    kind: type of `reference/mapping` ("text", "money", "quantity", "bool", "date", "datetime", "enum", "reference", "lines" ...).
    ref: entity that a reference names. systems: where the field exists. rule: id told with every write ("customer.name").
    seed: the side that doesn't own it may propose a value when it causes a create.
    create_only: the target takes it in a create and never again (currency); a later difference is reported.
    silent: the system whose null is no wish: the other side fills in a default of its own (terms of an order).
    status: one of `STATUS_FIELDS`. staged: its owner differs by stage, so writes of it are bound to the stage.
    early: computed, and told even while the other system has no such record.
    """

    name: str
    kind: str
    rule: str
    systems: tuple[System, ...] = SYSTEMS
    ref: str | None = None
    on_conflict: Literal["restore", "report"] = "restore"
    seed: bool = False
    create_only: bool = False
    status: bool = False
    staged: bool = False
    early: bool = False
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What another record hears of this one. to: its address or key. once: an event, told once and never taken back; else it holds as long as it is told."""

    to: str
    entity: str
    fields: Values
    once: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """words: for other records. stale: addresses of records that changed with this one although nothing there says so."""

    words: tuple[Word, ...] = ()
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """One entity; compared by identity, so that what follows from it can be cached. All callables are pure and depend on nothing but their arguments.

    owner(field, stage): None = nobody, never written. `KEY` and the id fields answer accord.
    normal(system, field, value, links, read): the value as that system can hold it; equality is equality of normal forms. Must be
        idempotent. Plain references (`FieldRule.ref`) are compared by reconcile itself; references inside `lines` become entity keys here.
    stage(read): `read` gives observed values only, never assumed ones. Answers one of `stages`.
    compute(field, target, read, links): a field owned by accord other than our own names; None = nothing to write.
    creates(target, read): may this record be created there (the `when` rule).
    match_values(system, read): `entity|match key|normalised value`, best first; empty = it can only be matched by its own key.
    validate(read, stage, links): what the record itself says that is wrong; any problem stops all writes to `validated_target`.
    review(observed, agreed, stage): what is wrong with a record that stands in both systems; it is told and stops nothing.
    facts(read): `Link.facts`; may read only fields in `fact_fields`.
    on_delete(system): what a deletion in `system` means: for the record of the other one, or (`restore`) that it is made there again.
    stages: in order; a step back counts only when in `backward`, else the stage stays and is reported.
    stage_system: where the status behind the stage lives; writes of staged fields to it carry the stage.
    inactive: values that say "no longer in use", written on `inactivate` and read for `Link.standing`.
    margin_ms: how far clocks may be apart, at least 1000 because Salesforce cuts commit times to the second.
    restore_window_ms, max_restores: more restores of one field than that within the window, by the target's time, are a fight.
    context: fields that `normal` and `compute` read besides the one they are asked about; None = any, so every input decides on all fields.
    match_fields: fields that `match_values` reads; None = any.
    merges: systems in which two records can be merged, and the deleted one names the survivor when it is read.
    trace_free: systems in which a save that changes nothing leaves no event or stamp, so a value still assumed is read once.
    matched: False = its key alone says what it is, so it is created without asking the matcher (a timeline event).
    tells(key, before, now, links, gone): what other records hear of this one, by its values before and after an input; None = nothing, ever.
    roll: all that documents tell of this record -> fields of its master; None = nobody tells it anything.
    """

    entity: str
    master: System
    fields: Mapping[str, FieldRule]
    owner: Callable[[str, str], Owner | None]
    normal: Callable[[str, str, str | None, Links, Read], str | None]
    stage: Callable[[Read], str]
    compute: Callable[[str, str, Read, Links], str | None]
    creates: Callable[[str, Read], bool]
    match_values: Callable[[str, Read], tuple[str, ...]]
    validate: Callable[[Read, str, Links], tuple[Problem, ...]]
    facts: Callable[[Read], Mapping[str, str]]
    on_delete: Callable[[str], OnDelete]
    stages: tuple[str, ...] = ("",)
    backward: frozenset[tuple[str, str]] = frozenset()
    stage_system: str = ""
    validated_target: str = ""
    inactive: Mapping[str, str] = field(default_factory=dict)
    fact_fields: frozenset[str] = frozenset()
    context: frozenset[str] | None = None
    match_fields: frozenset[str] | None = None
    review: Review = lambda _observed, _agreed, _stage: ()
    margin_ms: int = 5_000
    max_restores: int = 5
    restore_window_ms: int = 3_600_000
    trace_free: frozenset[str] = frozenset({"salesforce"})
    merges: frozenset[str] = frozenset()
    matched: bool = True
    tells: Callable[[str, Read, Read, Links, bool], News] | None = None
    roll: Callable[[Sequence[str]], Values] | None = None
