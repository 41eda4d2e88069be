"""What reconcile answers: the new record and everything that follows from it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.events import Claim, Handover, Learned, Link, Observation, Outcome, ReadRequest, Reason, Record, Values

Forward = tuple[str, Observation | Outcome | Handover]


@dataclass(frozen=True, slots=True)
class Ask:
    """A write in canonical values.

    kind: create, update, delete or withdraw (nothing is wanted any more: it only supersedes). id: the target's own, empty for a create.
    fields: every wanted field that is not confirmed. seeds: go only into a create. stage: not empty = only while the target is in it.
    desired: everything the target should hold, for bodies that must carry a whole group; worked out when read. reasons: why each field has its value.
    """

    target: str
    sequence: int
    kind: str
    id: str
    fields: Values
    seeds: Values
    stage: str
    desired: Values
    reasons: Mapping[str, Reason]


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth telling in the audit trail: a code of ours, and what it concerns."""

    code: str
    system: str = ""
    field: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """changed = False: nothing to store and nothing to send. A folded record that forwards counts as changed, though it is the same.

    forwards: (key to send under, input); an outcome keeps the key of the write that it answers.
    """

    record: Record
    changed: bool = False
    asks: tuple[Ask, ...] = ()
    reads: tuple[ReadRequest, ...] = ()
    forwards: tuple[Forward, ...] = ()
    claims: tuple[Claim, ...] = ()
    learned: tuple[Learned, ...] = ()
    link: Link | None = None
    notes: tuple[Note, ...] = ()
