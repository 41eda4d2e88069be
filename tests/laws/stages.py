"""The production stages' pure cores in the world: resolve, reconcile, the matcher. Each step is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.events import RETIRED, Observation, Record, Values
from streams.match import answer, take
from streams.reconcile import Decision, reconcile
from streams.resolve import Reading, learn, resolve
from streams.stages.reconcile import instead
from tests.laws.entity import ENTITY, N, S
from tests.laws.world import JITTER, ViolationError, World, address


def observed(system: str, _object: str, body: Mapping[str, Any], kind: str) -> tuple[Values, bool]:
    """Native body -> canonical fields: references become addresses."""
    fields = {f: address(system, v) if f == "ref" and v else v for f, v in body.items()}
    return fields, kind in ("row", "create", "undelete")


def resolve_step(w: World, k: int) -> bool:
    logs = [entry for entry in w.change.items() if entry[1].waits()]
    if w.learned.waits() and k % (len(logs) + 1) == len(logs):
        return learn_step(w)
    if not logs:
        return False
    (system, lane), log = logs[k % len(logs)]
    change = log.take()
    at = (system, change.record_id)
    got = resolve(change, change.body, w.assigned.get(at), observed, Reading(), lane=lane, margin_ms=w.rules.margin_ms + JITTER)
    if got.state is not None:
        w.assigned[at] = got.state
    if got.request is not None:
        w.ask_read(got.request, lane)
    if got.observation is not None:
        w.observe(got.observation)
    return True


def learn_step(w: World) -> bool:
    said = w.learned.take()
    at = (said.system, said.record_id)
    got = learn(said, w.assigned.get(at), lane="live")
    if got.state is not None:
        w.assigned[at] = got.state
    if got.match is not None:
        w.observation["live"].push((got.match.key, got.match))
    if got.observation is not None:
        w.observe(got.observation)
    return True


def reconcile_step(w: World, k: int) -> bool:
    logs = [log for log in (*w.observation.values(), w.outcome) if log.waits()]
    if not logs:
        return False
    key, input_ = logs[k % len(logs)].take()
    handle(w, key, input_)
    return True


def handle(w: World, key: str, input_: Any) -> None:
    before = w.records.get(key) or Record(key, ENTITY)
    decision = reconcile(before, input_, w.rules, w.streams_index)
    again = reconcile(decision.record, input_, w.rules, w.streams_index) if isinstance(input_, Observation) else None
    if again is not None and (again.changed or again.asks) and not decision.record.alias:
        raise ViolationError("e", f"the same observation twice changed {key}: {again.asks} {input_}")
    if w.careful:
        _same_as_deciding_on_all(w, before, input_, decision)
    w.records[key] = decision.record
    for ask in decision.asks:
        w.retired[key, ask.target, ask.sequence] = instead(ask, decision.record).get(RETIRED, "").split(",")
        w.write(key, ask, input_.lane)
    for request in decision.reads:
        w.ask_read(request)
    for to, what in decision.forwards:
        w.observation[what.lane].push((to, what))
    for claim in decision.claims:
        w.claim.push(claim)
    for said in decision.learned:
        w.learned.push(said)
    if decision.link is not None:
        w.link.push(decision.link)
    w.notes.update((n.code, key, n.system, n.field) for n in decision.notes)


def _same_as_deciding_on_all(w: World, before: Record, input_: Any, decision: Decision) -> None:
    """The short cut of deciding on the changed fields alone must come to the same."""
    full = reconcile(before, input_, w.slow_rules, w.streams_index)
    asks = [[(a.target, a.sequence, a.kind, dict(a.fields), dict(a.seeds)) for a in d.asks] for d in (full, decision)]
    if asks[0] != asks[1] or full.record != decision.record:
        raise ViolationError("s", f"deciding on all fields: {asks[0]} {full.record}, on the changed ones: {asks[1]} {decision.record}")


def streams_links(w: World, _k: int) -> bool:
    """Reconcile's worker follows the link topic."""
    if not w.link.waits():
        return False
    w.streams_index.take(w.link.take())
    return True


def match_step(w: World, _k: int) -> bool:
    if not w.claim.waits():
        return False
    claim = w.claim.take()
    w.claims[claim.value], matches = take(claim, w.claims.get(claim.value), opened=w.opened)
    for match in matches:
        w.observation[match.lane].push((match.key, match))
    return True


def open_creates(w: World, _k: int) -> bool:
    """The marks of both snapshots have come through everything: from now on claims are answered."""
    busy = any(w.read_wait[s] or w.read_run[s] or w.change[s, "backfill"].waits() for s in (S, N))
    if w.opened or busy or any(log.waits() for log in w.observation.values()) or w.claim.waits():
        return False
    w.opened = True
    w.say("claims are answered from now on")
    for value, state in list(w.claims.items()):
        w.claims[value], matches = answer(value, state, "backfill")
        for match in matches:
            w.observation[match.lane].push((match.key, match))
    return True
