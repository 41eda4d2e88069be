"""Whose record is this? A change of a source record becomes an observation of an entity. Pure: state in, decision out.

What keeps records apart and alive is decided here: only a whole row or a create event may mint a key (a partial event of an
unknown record would make a second one), our key written on the record wins over everything else (so all can be rebuilt from the two
systems), and the deletion of an id nobody knows yet is kept, so that an older read of it can't raise the dead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from schemas.events import Assigned, Change, Learned, Match, Observation, ReadRequest, Tombstone, Values
from schemas.ids import Ref, from_external, merged_into, parse_ref

#: (system, object, body, kind) -> (canonical fields, is it whole)
Observe = Callable[[str, str, Mapping[str, Any], str], tuple[Values, bool]]

UNKNOWN = Assigned(key="")
#: Kind of the tombstone of an id whose record was erased: not even an undelete from before may bring it back.
ERASED = "erased"
EVENT_KINDS = frozenset({"create", "update", "delete", "undelete"})
GONE_KINDS = frozenset({"delete", "gone"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one input of resolve leads to. `state` None = unchanged."""

    observation: Observation | None = None
    request: ReadRequest | None = None
    state: Assigned | None = None
    note: str = ""
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How resolve must treat one object: `document` and `hint` objects are read whole; an event only says that they changed."""

    document: bool = False
    hint: tuple[str, str] | None = None


def resolve(
    change: Change,
    body: Mapping[str, Any],
    state: Assigned | None,
    observe: Observe,
    reading: Reading,
    *,
    lane: str,
    margin_ms: int,
) -> Resolution:
    """Decide about one change. `state`: what is known of its source id. `margin_ms`: clock skew inside one system."""
    known = state or UNKNOWN
    if reading.hint:
        return hinted(change, body, reading.hint)
    if known.tombstone and known.tombstone.kind == ERASED and change.time <= known.tombstone.time:
        return Resolution(note="erased: mints nothing")
    if change.kind in GONE_KINDS:
        return gone(change, known, lane)
    if change.kind == "gap":
        return Resolution(request=again(change, "gap", change.time + margin_ms))
    if reading.document and change.kind in EVENT_KINDS:
        cleared = replace(known, tombstone=None) if change.kind == "undelete" and known.tombstone else None
        return Resolution(request=again(change, "document", 0), state=cleared)
    return present(change, body, known, observe, lane, margin_ms)


def present(change: Change, body: Mapping[str, Any], known: Assigned, observe: Observe, lane: str, margin_ms: int) -> Resolution:
    """A record that is there: named by itself, known already, or seen for the first time.

    What was deleted before it was known is alive again only by an undelete, or when it is seen after the margin (the undelete was a gap).
    """
    stone = known.tombstone
    if stone and change.kind != "undelete" and change.time <= stone.time + margin_ms:
        return Resolution(note="deleted before it was known: mints nothing")
    fields, whole = observe(change.system, change.object, body, change.kind)
    key = known.key or named(change, fields)
    if not key:
        if change.kind == "update" or not whole:
            return Resolution(request=again(change, "unknown record", change.time + margin_ms))
        key = str(Ref(change.entity, change.system, change.record_id))
    state = Assigned(key) if (key, None) != (known.key, known.tombstone) else None
    return Resolution(observation=observed(change, key, fields, lane, whole=whole), state=state)


def named(change: Change, fields: Values) -> str:
    """The key that Accord wrote onto the record, if it is one of this entity."""
    text = fields.get("key")
    if not text:
        return ""
    try:
        key = text if ":" in text else from_external(text)
        return key if parse_ref(key).entity == change.entity else ""
    except ValueError:
        return ""  # somebody else's external id


def hinted(change: Change, body: Mapping[str, Any], hint: tuple[str, str]) -> Resolution:
    """A child's event: its parent document is read. A child's delete names no parent: the parent's own roll-up event does."""
    entity, field = hint
    parent = body.get(field)
    if not parent:
        return Resolution(note=f"{change.object} without {field}: its parent's own event brings the document")
    return Resolution(request=ReadRequest(entity, change.system, "", str(parent), "document"))


def gone(change: Change, known: Assigned, lane: str) -> Resolution:
    """Deleted there. Of an id that nobody knows the tombstone is kept."""
    event = change.kind == "delete"
    if known.key:
        survivor = merged_into(change.reason)
        into = str(Ref(change.entity, change.system, survivor)) if survivor else ""
        return Resolution(observation=replace(observed(change, known.key, {}, lane, whole=False), gone=True, merged_into=into))
    stone = Tombstone("event" if event else "row", change.number, change.time)
    return Resolution(state=Assigned("", stone) if known.tombstone != stone else None)


def learn(learned: Learned, state: Assigned | None, *, lane: str) -> Resolution:
    """Reconcile says whose record an id is (we created or adopted it). A deletion that came first is told now.

    An id that has a key of its own by then was seen before its adoption: that key learns of its counterpart, and folds.
    """
    known = state or UNKNOWN
    if learned.erased_at:
        return Resolution(state=Assigned("", Tombstone(ERASED, 0, learned.erased_at)))
    if known.key == learned.key:
        return Resolution()
    if known.key:
        return Resolution(state=Assigned(learned.key), match=Match(known.key, learned.entity, "", learned.key, (), lane))
    stone = known.tombstone
    observation = None
    if stone:
        observation = Observation(
            key=learned.key, entity=learned.entity, system=learned.system, object="", source_id=learned.record_id,
            kind=stone.kind, number=stone.number, time=stone.time, gone=True, whole=False, fields={}, lane=lane,
        )  # fmt: skip
    return Resolution(observation=observation, state=Assigned(learned.key))


def observed(change: Change, key: str, fields: Values, lane: str, *, whole: bool) -> Observation:
    return Observation(
        key=key,
        entity=change.entity,
        system=change.system,
        object=change.object,
        source_id=change.record_id,
        kind="event" if change.kind in EVENT_KINDS else "row",
        number=change.number,
        time=change.time,
        gone=False,
        whole=whole,
        fields=fields,
        event_id=change.event_id,
        user=change.user,
        origin=change.origin,
        lane=lane,
    )


def again(change: Change, reason: str, not_before: int) -> ReadRequest:
    return ReadRequest(change.entity, change.system, change.object, change.record_id, reason, not_before=not_before)
