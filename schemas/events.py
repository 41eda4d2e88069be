"""One frozen slotted class for each schema in `avro/`; a test compares the two field by field.

Times are epoch milliseconds UTC. Canonical values are texts (see docs/glossary.md, "canonical text") or None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one record, as read from its system. Key in Kafka: `entity:system:record_id`."""

    event_id: str
    entity: str
    system: str
    object: str
    record_id: str
    kind: str
    number: int
    time: int
    user: str
    origin: str
    transaction: str
    position: str
    reason: str
    body: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A snapshot has ended: everything before this in the partition belongs to it."""

    entity: str
    system: str
    snapshot: str
    partition: int
    partitions: int


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Look at this record again. `record_id` '*' asks for every record changed since `since`."""

    entity: str
    system: str
    object: str
    record_id: str
    reason: str
    not_before: int = 0
    if_assumed: str = ""
    since: int = 0
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What a system was seen to hold, in canonical names and normal forms."""

    key: str
    entity: str
    system: str
    object: str
    source_id: str
    kind: str
    number: int
    time: int
    gone: bool
    whole: bool
    fields: Values
    event_id: str = ""
    user: str = ""
    origin: str = ""
    lane: str = "live"


@dataclass(frozen=True, slots=True)
class Match:
    """The matcher's answer to a claim: `other` empty = no counterpart; `candidates` of more than one = ambiguous."""

    key: str
    entity: str
    value: str
    other: str
    candidates: Sequence[str] = ()
    lane: str = "live"


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
class Handover:
    """The registers of a key that lost, on their way to the one that won."""

    key: str
    entity: str
    loser: str
    ids: Mapping[str, str]
    objects: Mapping[str, str]
    registers: Mapping[str, Mapping[str, Register]]
    presence: Mapping[str, Register]
    lane: str = "live"


@dataclass(frozen=True, slots=True)
class Claim:
    """A record says by which value (`entity|match key|value`) it can be matched."""

    value: str
    entity: str
    system: str
    key: str
    withdrawn: bool = False
    lane: str = "live"


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
class Learned:
    """Reconcile learned an id from an outcome: resolve must know whose it is."""

    entity: str
    system: str
    record_id: str
    key: str


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
    """A validation that failed. `park`: heals by itself; else a person must change the record."""

    code: str
    message: str
    park: bool


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


@dataclass(frozen=True, slots=True)
class Part:
    """One record of the target that a write touches. `body`, `seeds`: JSON in the target's own shape.

    `{"$ref": "entity:system:id"}` stands where an id of the target belongs.
    """

    object: str
    id: str
    key: str
    body: str
    seeds: str = "{}"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field has its wanted value."""

    rule: str
    owner: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Write:
    """What a target should hold: the wanted end state of everything that is unconfirmed."""

    target: str
    key: str
    entity: str
    sequence: int
    kind: str
    id: str
    values: Values
    seeds: Values
    parts: Sequence[Part]
    stage: str = ""
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    mapping: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    event_id: str = ""
    lane: str = "live"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the target answered."""

    target: str
    key: str
    entity: str
    sequence: int
    kind: str
    sent: Values = field(default_factory=dict)
    observed: Values = field(default_factory=dict)
    id: str = ""
    object: str = ""
    before: int = 0
    after: int = 0
    code: str = ""
    field: str = ""
    message: str = ""
    waits_for: str = ""
    attempts: int = 0
    calls: int = 0
    status: int = 0
    request: str = ""
    event_id: str = ""
    lane: str = "live"


@dataclass(frozen=True, slots=True)
class Link:
    """Which ids belong together, and the record's standing. `facts`: what other records' writes must know."""

    key: str
    entity: str
    ids: Mapping[str, str]
    objects: Mapping[str, str]
    external_id: str
    standing: str
    alias: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """The last sequence that the sink settled for a key, and the target's id."""

    sequence: int
    id: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A write that waits: for what, since when, until when."""

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


@dataclass(frozen=True, slots=True)
class Position:
    """Where a source stands; `position` is the source's own JSON."""

    source: str
    position: str
    at: int


@dataclass(frozen=True, slots=True)
class Audit:
    """One step of one change. `detail`: JSON."""

    correlation_id: str
    at: int
    step: str
    system: str
    entity: str
    key: str
    record_id: str
    event_id: str
    code: str
    message: str
    detail: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not be decoded or has a bug in it, whole, with the reason."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    code: str
    error: str
    stage: str
    at: int


@dataclass(frozen=True, slots=True)
class Budget:
    """Demand for API slots, and the allocation, valid until `until`."""

    system: str
    worker: str
    demand: int
    allocated: int
    until: int


@dataclass(frozen=True, slots=True)
class Break:
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """The commercial terms of one item in one store, or for one customer there."""

    store: str
    item: str
    customer: str
    currency: str
    price: Decimal | None
    level: str
    breaks: Sequence[Break]
    available: Decimal | None
    terms: str
    active: bool
    valid_from: datetime
