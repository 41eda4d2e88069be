"""How what happened in the systems becomes changes: events with gaps and repeats, polls with late commits, reads that race."""

from __future__ import annotations

from dataclasses import replace

from tests.laws.entity import N, S
from tests.laws.users import BOTH
from tests.laws.world import LAG, OVERLAP, World


def s_deliver(w: World, k: int) -> bool:
    if not w.feed:
        return False
    event = w.feed.pop(0)
    if w.faults and k % 6 == 0:
        w.say("event of S becomes a gap:", event.record_id, event.number)
        w.change[S, "live"].push(replace(event, kind="gap", body={}))
    else:
        w.say("event of S delivered", event.record_id, event.kind, event.number, event.time, event.body)
        w.change[S, "live"].push(event)
        w.delivered.append(event)
    return True


def s_repeat(w: World, k: int) -> bool:
    if not w.delivered or not w.faults:
        return False
    w.change[S, "live"].push(w.delivered[k % len(w.delivered)])
    return True


def n_poll(w: World, _k: int) -> bool:
    """Start, read at one later moment, emit: three separate actions."""
    if w.poll is None:
        w.poll = [w.clock(N), None]
    elif w.poll[1] is None:
        low, high = w.poll_cursor - OVERLAP, w.poll[0] - LAG
        w.poll[1] = [(i, r.deleted, r.stamp, dict(r.fields)) for i, r in w.rows[N].items() if low <= r.stamp <= high]
    else:
        for id_, deleted, stamp, fields in w.poll[1]:
            mark = (id_, deleted, stamp, tuple(sorted(fields.items(), key=str)))
            if mark not in w.poll_seen:
                w.poll_seen.add(mark)
                w.say("poll emits", id_, "gone" if deleted else fields, "q =", w.poll[0])
                w.change[N, "live"].push(w.changed(N, id_, "gone" if deleted else "row", 0, w.poll[0], {} if deleted else fields))
        w.poll_cursor, w.poll = max(w.poll_cursor, w.poll[0] - LAG), None
    return True


def reader(w: World, k: int) -> bool:
    system, k = BOTH[k % 2], k // 2
    running, waiting = w.read_run[system], w.read_wait[system]
    if running and (k % 2 or not waiting):
        _go_on(w, system, running[k // 2 % len(running)])
        return True
    for i in range(len(waiting)):
        request, lane = waiting[(k // 2 + i) % len(waiting)]
        start = w.clock(system)
        if start >= request.not_before:
            waiting.remove((request, lane))
            if request.if_assumed and not _still_assumed(w, system, request.if_assumed):
                return True
            w.count["reads"] += 1
            w.say("read", system, request.record_id, "starts, q =", start, request.reason)
            running.append([request.record_id, start, lane, None])
            return True
    return False


def _go_on(w: World, system: str, job: list) -> None:
    """A read under way sees the record at one moment and is delivered at a later one."""
    id_, start, lane, got = job
    if got is None:
        row = w.rows[system].get(id_)
        job[3] = ("gone", {}) if row is None or row.deleted else ("row", dict(row.fields))
        w.say("read", system, id_, "sees", job[3])
        return
    w.read_run[system].remove(job)
    w.change[system, lane].push(w.changed(system, id_, got[0], 0, start, got[1]))


def _still_assumed(w: World, system: str, key: str) -> bool:
    """Is a value of that record, as reconcile keeps it, still what we only assume?"""
    from streams.reconcile.registers import top

    record = w.records.get(key)
    registers = record.registers.get(system, {}).values() if record else ()
    return any(r.assumed is not None and top(r, w.rules.margin_ms) is r.assumed for r in registers)
