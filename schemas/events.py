"""One frozen slotted class for each schema in `avro/`; a test compares the two field by field.

Times are epoch milliseconds UTC. Canonical values are texts (see docs/glossary.md, "canonical text") or None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.budget import Allotment, Demand, Share
from schemas.notice import Handling, Notice
from schemas.state import (
    Assigned,
    AssumedValue,
    Claimant,
    Claims,
    EventValue,
    Held,
    Link,
    Parked,
    Position,
    Problem,
    Record,
    Register,
    Rejection,
    Round,
    RowValue,
    Settled,
    Tombstone,
    Values,
    Waiting,
)
from schemas.terms import Break, CustomerOffers, CustomerTerms, ItemTerms, Offer, Stock

__all__ = [
    "Allotment", "Assigned", "AssumedValue", "Audit", "Break", "Change", "Claim", "Claimant", "Claims", "CustomerOffers", "CustomerTerms",
    "DeadLetter", "Demand", "Erasure", "EventValue", "Handling", "Handover", "Held", "ItemTerms", "Learned", "Link", "Mark", "Match", "Notice", "Observation", "Offer", "Outcome",
    "Parked", "Part", "Position", "Problem", "ReadRequest", "Reason", "Record", "Register", "Rejection", "Round", "RowValue", "Settled", "Share",
    "Stock", "Tombstone", "Values", "Waiting", "Write",
]  # fmt: skip


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
    """What a system was seen to hold, in canonical names and normal forms. `merged_into`: where a record that is gone went (an address)."""

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
    merged_into: str = ""


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
class Learned:
    """Reconcile learned an id from an outcome: resolve must know whose it is. `erased_at` (epoch ms): nobody's any more, nothing older brings it back."""

    entity: str
    system: str
    record_id: str
    key: str
    erased_at: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person wants a record to be forgotten that no system holds any more. `at`: epoch ms."""

    key: str
    entity: str
    at: int
    by: str
    why: str
    lane: str = "live"


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


#: Option of a create: ids of deleted records (parted by commas) in whose place a new one is made.
RETIRED = "retired"


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
