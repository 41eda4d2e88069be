"""What compacted topics hold: the state of resolve, match and reconcile, links, what is settled and parked, positions.

Written like the events (see `schemas.events`, which names them all).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class EventValue:
    number: int
    time: int
    value: str | None


@dataclass(frozen=True, slots=True)
class RowValue:
    time: int
    value: str | None


@dataclass(frozen=True, slots=True)
class AssumedValue:
    before: int
    after: int
    value: str | None


@dataclass(frozen=True, slots=True)
class Register:
    """The best event, row and assumption of one field, kept apart; which of them counts is decided when it is read."""

    event: EventValue | None = None
    row: RowValue | None = None
    assumed: AssumedValue | None = None


@dataclass(frozen=True, slots=True)
class Claimant:
    system: str
    key: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """State of the matcher: who claims one value."""

    entity: str
    claims: Sequence[Claimant] = ()
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tombstone:
    kind: str
    number: int
    time: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """State of resolve: whose record a source id is; the deletion of an id nobody knows yet is kept."""

    key: str
    tombstone: Tombstone | None = None
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Round:
    value: str | None
    count: int
    answered: int | None


@dataclass(frozen=True, slots=True)
class Held:
    why: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Rejection:
    hash: str
    code: str
    field: str
    message: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Waiting:
    ref: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A validation that failed. `park`: heals by itself; else a person must change the record. `stops`: nothing is written meanwhile."""

    code: str
    message: str
    park: bool
    stops: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """State of reconcile for one business record. Outer key of every map is the system (or target)."""

    key: str
    entity: str
    ids: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    registers: Mapping[str, Mapping[str, Register]] = field(default_factory=dict)
    presence: Mapping[str, Register] = field(default_factory=dict)
    wanted: Mapping[str, Values] = field(default_factory=dict)
    seeds: Mapping[str, Values] = field(default_factory=dict)
    sequence: Mapping[str, int] = field(default_factory=dict)
    agreed: Mapping[str, Values] = field(default_factory=dict)
    rounds: Mapping[str, Mapping[str, Round]] = field(default_factory=dict)
    restores: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    held: Mapping[str, Mapping[str, Held]] = field(default_factory=dict)
    doubt: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rejected: Mapping[str, Rejection] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    alias: str = ""
    claims: Mapping[str, Values] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    marks: Sequence[str] = ()
    stage: str = ""
    made: Sequence[str] = ()
    seconds: Mapping[str, str] = field(default_factory=dict)
    retired: Sequence[str] = ()
    merged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """Which ids belong together, and the record's standing. `facts`: what other records' writes must know.

    merged: system -> address of the record that stands for this one there, since the two were merged.
    """

    key: str
    entity: str
    ids: Mapping[str, str]
    objects: Mapping[str, str]
    external_id: str
    standing: str
    alias: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """The last sequence that the sink settled for a key, and the target's id."""

    sequence: int
    id: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A write that waits: for what, since when, until when. `check`: what of that record must hold, where being there isn't enough."""

    target: str
    key: str
    entity: str
    sequence: int
    code: str
    message: str
    waits_for: str
    since: int
    until: int
    values: Values
    event_id: str
    check: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a source stands; `position` is the source's own JSON."""

    source: str
    position: str
    at: int
