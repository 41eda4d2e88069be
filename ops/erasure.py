"""A person asks to be forgotten: the word to streams, and why it can't be given now."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from accord.errors import Rejected
from accord.kafka import headers
from accord.links import LinkIndex
from ops.pipeline import Act, Lag, Pipeline
from producers.backfill import unfinished
from schemas.events import Erasure
from schemas.topics import Topics
from streams.reconcile.erase import kept

#: Who carries changes from their topics to the records.
GROUP = "streams"


def erase(pipeline: Pipeline, loads: Collection[str], name: str, act: Act, margin_ms: int) -> tuple[str, ...]:
    """Let a record be forgotten that no system holds any more, and those that were merged into it. Answers their keys.

    Raises Rejected where a system still holds it, and while a first load, a backfill or a replay is under way: what these have read of the
    record before would make it anew. `loads`: name ("entity:system") of each first load that there is. Streams look again whether a system
    holds it: what comes in between is told on the audit trail as `not_erased`.
    """
    if not act.why:
        raise Rejected("say on whose request; no names of persons, for this is kept", code="no_reason")
    record = pipeline.record(name)
    why_not = kept(record, margin_ms)
    if why_not:
        raise Rejected(f"{record.key}: {why_not}", code="not_erasable")
    held = pipeline.many(["link", "position"])
    mine = {load for load in loads if load.partition(":")[0] == record.entity}
    begun = unfinished({n: p.position for n, p in held["position"].items()}, record.entity)
    why_not = under_way(mine - pipeline.loaded(), begun, pipeline.lags_of(pipeline.topics.prefix + GROUP), pipeline.topics)
    if why_not:
        raise Rejected(f"{record.key}: {why_not}", code="under_way")
    table, links = held["link"], LinkIndex()
    for key, link in table.items():
        links.put(key, link)
    keys = (record.key, *(k for k in table if k != record.key and links.key_of(k) == record.key))
    with pipeline.writer("erase") as writer:
        for each in keys:
            trail = headers.of_event(f"person:erase:{each}:{act.at}")
            event = Erasure(each, record.entity, act.at, act.by, act.why)
            writer.send(pipeline.topics.name("observation"), each.encode(), pipeline.codec.encode("observation", event), headers=trail)
    return keys


def under_way(loads: Collection[str], begun: Collection[str], lags: Iterable[Lag], topics: Topics) -> str:
    """Why nothing may be erased now; empty = it may. Pure.

    `loads`: first loads ("entity:system") that haven't passed; `begun`: backfills that haven't ended; `lags`: of streams.
    """
    if loads:
        return f"the first load of {' and '.join(sorted(loads))} has not passed: ask again when it has"
    if begun:
        return f"{' and '.join(begun)} has not ended: let it end, or start it again with the same words if it was cut off"
    waiting = sum(lag.records for lag in lags if topics.lane(lag.topic) == "backfill")
    return f"a load or a replay is under way, {waiting} of its events wait: ask again when accord topics shows none in the backfill lane" if waiting else ""
