"""An answer becomes events: outcome, what is settled, what waits, the audit trail. Pure; they leave in one Kafka transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from accord.kafka import headers
from accord.kafka.records import Headers
from schemas.events import Audit, DeadLetter, Outcome, Parked, Settled, Values, Write
from sinks.lanes import Item
from sinks.refs import Missing
from sinks.target import Verdict

#: How long a write waits for another record before that is reported.
WAIT_MS = 7 * 24 * 60 * 60 * 1000


class Out(NamedTuple):
    """An event on its way. `topic` without prefix; `event` None = a tombstone; `partition` None = by the key."""

    topic: str
    key: str
    event: Any
    along: Headers = ()
    lane: str = "live"
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows from one answer. `id`: the target's id as it is known now, empty = none. `parked`: None = it waits no more."""

    outs: tuple[Out, ...]
    id: str
    parked: Parked | None = None


def answered(item: Item, verdict: Verdict, *, known: str, attempt: int, was_parked: bool, now_ms: int) -> Settlement:
    """The target has spoken: applied, unchanged, rejected, gone or stage_changed."""
    write = item.write
    id_ = "" if verdict.kind == "gone" else verdict.id or known
    kind = verdict.kind if verdict.kind != "retry" else "rejected"
    outcome = Outcome(
        write.target, write.key, write.entity, write.sequence, kind, sent=_sent(write, verdict), observed=verdict.observed, id=verdict.id or known,
        object=verdict.object, before=verdict.before, after=verdict.after, code=verdict.code, field=verdict.field, message=verdict.message,
        attempts=attempt, calls=verdict.calls, status=verdict.status, request=verdict.request, event_id=write.event_id, lane=write.lane,
    )  # fmt: skip
    detail = {
        "lane": write.lane, "sequence": write.sequence, "request": verdict.request, "attempts": attempt, "calls": verdict.calls,
        "field": verdict.field, "values": dict(outcome.sent or write.values), "mapping": write.mapping,
    }  # fmt: skip
    took = max(verdict.after - verdict.before, 0)
    trail = [_audit(item, now_ms, "sent", record=outcome.id, detail=detail, took=took)] if verdict.calls else []
    trail.append(_audit(item, now_ms, verdict.kind, record=outcome.id, code=verdict.code, message=verdict.message, took=took))
    outs = (_outcome(item, outcome), _settled(item, id_), *_unparked(item, was_parked), *trail)
    return Settlement(outs, id_)


def waiting(item: Item, missing: Sequence[Missing], *, known: str, ring: Sequence[str], since: int, now_ms: int) -> Settlement:
    """Another record must come or change first: the write is parked and the record says for what."""
    write, first = item.write, missing[0]
    final = any(m.final for m in missing)
    first = next((m for m in missing if m.final), first)
    message = " · ".join(dict.fromkeys(m.message for m in missing if m.final == final))
    if ring:
        message += f" It waits for a ring of records that wait for each other: {' → '.join((*ring, ring[0]))}."
    kind = "rejected" if final else "waiting"
    outcome = Outcome(
        write.target, write.key, write.entity, write.sequence, kind, sent=write.values if final else {}, id=known, code=first.code, message=message, waits_for=first.ref,
        event_id=write.event_id, lane=write.lane,
    )  # fmt: skip
    parked = _parked(write, first.code, message, first.ref, since, since + WAIT_MS, first.check)
    step = _audit(item, now_ms, kind, code="cycle" if ring else first.code, message=message, detail={"waits_for": [m.ref for m in missing]})
    return Settlement((_outcome(item, outcome), _settled(item, known), _park(item, parked), step), known, parked)


def postponed(item: Item, verdict: Verdict, *, known: str, attempt: int, until_ms: int, now_ms: int) -> Settlement:
    """Tried for too long in its lane: parked until then, so that the partition goes on."""
    write = item.write
    parked = _parked(write, "retrying", verdict.message, "", now_ms, until_ms)
    outcome = Outcome(
        write.target, write.key, write.entity, write.sequence, "waiting", id=verdict.id or known, object=verdict.object, code="retrying", message=verdict.message,
        attempts=attempt, calls=verdict.calls, status=verdict.status, request=verdict.request, event_id=write.event_id, lane=write.lane,
    )  # fmt: skip
    step = _audit(item, now_ms, "parked", code=verdict.code, message=verdict.message, detail={"attempts": attempt, "until": until_ms})
    return Settlement((_outcome(item, outcome), _settled(item, outcome.id), _park(item, parked), step), outcome.id, parked)


def withdrawn(item: Item, *, known: str, was_parked: bool, now_ms: int) -> Settlement:
    """Nothing is wanted any more: there is nothing to send, only what was asked before is superseded."""
    step = _audit(item, now_ms, "withdrawn")
    return Settlement((_settled(item, known), *_unparked(item, was_parked), step), known)


def released(parked: Parked, partition: int, now_ms: int) -> tuple[Out, ...]:
    """What it waited for is there: reconcile is asked what is wanted now; the stored payload is never sent."""
    outcome = Outcome(
        parked.target, parked.key, parked.entity, parked.sequence, "released", code=parked.code, waits_for=parked.waits_for, event_id=parked.event_id,
    )  # fmt: skip
    step = _step(parked, now_ms, "released", f"waited {max(now_ms - parked.since, 0) // 1000} s for {parked.waits_for or 'another attempt'}")
    along = headers.of_event(parked.event_id or parked.key)
    return (
        Out("outcome", parked.key, outcome, along, partition=partition),
        Out(f"parked.{parked.target}", parked.key, None, partition=partition),
        Out("audit", step.correlation_id, step, along),
    )


def overdue(parked: Parked, now_ms: int) -> tuple[Out, ...]:
    """It waits longer than it should; it stays parked and is told once."""
    step = _step(parked, now_ms, "parked", f"overdue: {parked.message}")
    return (Out("audit", step.correlation_id, step),)


def erased(target: str, key: str, partition: int, parked: Parked | None, now_ms: int) -> tuple[Out, ...]:
    """Nothing of the record is kept; a write of it that waits ends, with a word on the audit trail."""
    settled = Out(f"settled.{target}", key, None, partition=partition)
    if parked is None:
        return (settled,)
    step = _step(parked, now_ms, "withdrawn", "its record was erased")
    return settled, Out(f"parked.{target}", key, None, partition=partition), Out("audit", step.correlation_id, step)


def dead(topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, code: str, error: str, now_ms: int) -> Out:
    """A record that can't be read, whole, with the reason."""
    letter = DeadLetter(topic, partition, offset, key, value, code, error, "sink", now_ms)
    return Out("deadletter", (key or b"").decode(errors="replace"), letter)


def _sent(write: Write, verdict: Verdict) -> Values:
    if verdict.kind not in {"applied", "unchanged", "rejected"}:
        return {}
    return {**write.seeds, **write.values} if verdict.created else write.values


def _parked(write: Write, code: str, message: str, ref: str, since: int, until: int, check: str = "") -> Parked:
    return Parked(write.target, write.key, write.entity, write.sequence, code, message, ref, since, until, write.values, write.event_id, check)


def _outcome(item: Item, outcome: Outcome) -> Out:
    return Out("outcome", item.key, outcome, item.headers, item.write.lane, item.place.partition)


def _settled(item: Item, id_: str) -> Out:
    return Out(f"settled.{item.write.target}", item.key, Settled(item.write.sequence, id_), partition=item.place.partition)


def _park(item: Item, parked: Parked) -> Out:
    return Out(f"parked.{item.write.target}", item.key, parked, partition=item.place.partition)


def _unparked(item: Item, was_parked: bool) -> tuple[Out, ...]:
    return (Out(f"parked.{item.write.target}", item.key, None, partition=item.place.partition),) if was_parked else ()


def correlation(item: Item) -> str:
    """Id under which everything about a change is found: handed on in the headers, else made from the event that caused the write."""
    return headers.correlation_of(item.headers) or _trail(item.write.event_id or item.key)


def _trail(event_id: str) -> str:
    return headers.correlation_of(headers.of_event(event_id))


def superseded(item: Item, now_ms: int) -> tuple[Out, ...]:
    """A newer write holds all that this one asked for."""
    return (_audit(item, now_ms, "superseded"),)


def retried(item: Item, verdict: Verdict, attempt: int, wait_s: float, now_ms: int) -> tuple[Out, ...]:
    """It stays in its lane and is tried again."""
    detail = {"attempts": attempt, "wait_s": round(wait_s, 3), "request": verdict.request, "ambiguous": verdict.ambiguous}
    return (_audit(item, now_ms, "retrying", code=verdict.code, message=verdict.message, detail=detail),)


def _audit(
    item: Item, now_ms: int, step: str, *, record: str = "", code: str = "", message: str = "", detail: Mapping[str, Any] | None = None, took: int = 0
) -> Out:  # fmt: skip
    write = item.write
    trail = correlation(item)
    text = json.dumps(detail, ensure_ascii=False) if detail else ""
    event = Audit(trail, now_ms, step, write.target, write.entity, write.key, record or write.id, write.event_id, code, message, text, took)
    return Out("audit", trail, event, item.headers)


def _step(parked: Parked, now_ms: int, step: str, message: str) -> Audit:
    trail, event = _trail(parked.event_id or parked.key), parked.event_id
    return Audit(trail, now_ms, step, parked.target, parked.entity, parked.key, "", event, parked.code, message, "", 0)
