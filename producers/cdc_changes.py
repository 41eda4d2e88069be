"""What a change event means for the topics: a change for each record, or a request to look again where the event can't tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.reads import SalesforceRead
from accord.salesforce.events import ChangeEvent, DecodedEvent, Undecodable
from producers.feed import encoded
from schemas.events import Change, ReadRequest

SYSTEM = "salesforce"
#: Kinds by changeType; a GAP_* and whatever we don't know yet (SNAPSHOT) is a gap: changed, content unknown.
KINDS = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "UNDELETE": "undelete"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """`since`: where a window that must be read again begins, epoch ms. `margin_ms`: how long after a commit a read is sure to see it."""

    reads: Mapping[str, Sequence[SalesforceRead]]
    since: int
    margin_ms: int


def by_object(reads: Iterable[SalesforceRead]) -> dict[str, list[SalesforceRead]]:
    """What is mapped, by the name of the object that events carry."""
    out: dict[str, list[SalesforceRead]] = {}
    for one in reads:
        out.setdefault(one.object, []).append(one)
    return out


def changes(event: ChangeEvent, meaning: Meaning) -> Iterator[Change]:
    """One change for each record id and each entity that the object belongs to."""
    kind = KINDS.get(event.change_type, "gap")
    for one in meaning.reads.get(event.entity, ()):
        body = encoded(_body(event, one)) if kind in {"create", "update", "undelete"} else "{}"
        for record_id in event.record_ids:
            if not record_id.endswith("*"):
                yield _change(event, one.entity, record_id, kind, body)


def requests(event: DecodedEvent, meaning: Meaning) -> Iterator[ReadRequest]:
    """What must be read because the event doesn't say it: windows for what has no ids, records for what has no values."""
    if isinstance(event, Undecodable):
        yield from windows(meaning.reads, meaning.since, f"undecodable event {event.event_id}")
        return
    for one in meaning.reads.get(event.entity, ()):
        after = event.commit_ms + meaning.margin_ms
        if _wants_window(event, one):
            yield ReadRequest(one.entity, SYSTEM, one.object, "*", event.change_type, not_before=after, since=min(meaning.since, event.commit_ms))
        elif not one.hint and set(one.fields).intersection((*event.diffed, *event.hidden)):
            reason = "difference instead of a value" if event.diffed else "value not shown"
            yield from (ReadRequest(one.entity, SYSTEM, one.object, each, reason, not_before=after) for each in event.record_ids)


def windows(reads: Mapping[str, Sequence[SalesforceRead]], since: int, reason: str, *, not_before: int = 0) -> Iterator[ReadRequest]:
    """Everything that changed since then, of every object."""
    for each in reads.values():
        for one in each:
            yield ReadRequest(one.entity, SYSTEM, one.object, "*", reason, not_before=not_before, since=since)


def deletions(event: DecodedEvent, meaning: Meaning) -> int:
    """Records that an event deletes, for the brake. Lines of a document come and go with everyday edits and don't count."""
    if not isinstance(event, ChangeEvent) or event.change_type != "DELETE":
        return 0
    return len(event.record_ids) if any(not one.hint for one in meaning.reads.get(event.entity, ())) else 0


def _wants_window(event: ChangeEvent, one: SalesforceRead) -> bool:
    """No ids, ids by wildcard, or a gap in a child: which parent it belongs to isn't known either."""
    nameless = not event.record_ids or any(each.endswith("*") for each in event.record_ids)
    return nameless or (event.change_type not in KINDS and one.hint is not None)


def _body(event: ChangeEvent, one: SalesforceRead) -> dict[str, Any]:
    """Everything that was sent of a new record; the changed fields of an update, and the parent's id where that is all we want to know.

    What a new record was left empty in is said, too, of what is mapped: nobody could tell an edit of it from what was always there. That it is empty, and
    not hidden from us, is what `producers.rights` sees to. An undelete says nothing of empty fields: what was known of the record before holds.
    """
    if event.change_type != "UPDATE":
        said = {name: value for name, value in event.values.items() if value is not None or name in one.fields}
        return {"Id": event.record_ids[0], **said} if len(event.record_ids) == 1 else said
    names = (*event.changed, one.hint[1]) if one.hint else event.changed
    return {name: event.values[name] for name in names if name in event.values}


def _change(event: ChangeEvent, entity: str, record_id: str, kind: str, body: str) -> Change:
    """The event's id is built from what stays the same when an event is delivered twice (never the replay id)."""
    return Change(
        event_id=f"{SYSTEM}:{event.transaction_key}:{event.sequence}:{event.entity}:{record_id}:{kind}",
        entity=entity,
        system=SYSTEM,
        object=event.entity,
        record_id=record_id,
        kind=kind,
        number=event.commit_number,  # one event for each record of a transaction, however many statements it had
        time=event.commit_ms,
        user=event.user,
        origin=event.origin,
        transaction=event.transaction_key,
        position=event.replay_id.hex(),
        reason=event.change_type if kind == "gap" else "",
        body=body,
    )
