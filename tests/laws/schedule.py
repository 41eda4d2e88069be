"""Schedules: made at random, run, and cut down to the shortest that still fails."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from schemas.events import ReadRequest
from tests.laws.actions import ACTIONS, WORK
from tests.laws.check import check
from tests.laws.entity import BAD, ENTITY, OTHER, N, S
from tests.laws.world import DELETES, LANES, QUIRKS, ViolationError, World

IN_ACCORD = 1 << 8
DELETE_AT = 9


class Schedule(NamedTuple):
    """config: bits 0-3 which records exist at the start, 4-7 quirks, 8 the systems are in accord already, 9-10 what a deletion means."""

    config: int
    jitter: int
    steps: tuple[tuple[str, int], ...]


def make(seed: int) -> Schedule:
    """Swarm testing: every schedule draws its own mix of actions, so that some are hot and some absent."""
    r = Random(seed)
    config = r.choice((1, 2, 4, 1, 2, 3, 5, 10, r.randrange(1, 16)))
    config |= 1 << (4 + r.randrange(4)) if r.random() < 0.4 else 0
    config |= IN_ACCORD if r.random() < 0.5 else 0
    config |= (r.choice((0, 0, 0, 1, 2)) or 3 * (seed % 7 == 3)) << DELETE_AT
    pool: list[str] = []
    for name in ACTIONS:
        pool += [name] * r.choice((1, 2, 4, 8) if name in WORK or name == "n_poll" else (0, 0, 1, 2, 4))
    if r.random() < 0.5:
        pool = [name for name in pool if name not in ("user_delete", "user_new", "user_undelete")]
    few, numbers = r.random() < 0.4, [r.randrange(1 << 16) for _ in range(4)]  # few different values: the same field again and again
    drawn = r.choices(pool, k=r.choice((20, 50, 100, 200)))
    return Schedule(config, r.randrange(1 << 30), tuple((a, r.choice(numbers) if few and a == "user_edit" else r.randrange(1 << 16)) for a in drawn))


def begin(w: World, config: int) -> None:
    """Records that exist on both sides, and on one side, before Accord starts."""
    w.faults = False
    if config & 1:
        w.insert(S, {"sku": "both", "a": "1", "b": "1", "c": "1"}, ours=False)
        w.insert(N, {"sku": "both", "a": "2", "b": "2", "c": "2"}, ours=False)
    if config & 2:
        w.insert(S, {"sku": "onlyS", "a": "1", "b": "3", "d": "3"}, ours=False)
    if config & 4:
        w.insert(N, {"sku": "onlyN", "a": "5", "b": "6"}, ours=False)
    if config & 8:
        w.insert(S, {"sku": "child", "a": "1", "ref": "s1" if "s1" in w.rows[S] else None}, ours=False)
    w.faults = True
    w.feed.clear()
    for system in (S, N):
        for id_ in w.rows[system]:
            w.read_wait[system].append((ReadRequest(ENTITY, system, "Thing", id_, "snapshot"), "backfill"))


def drain(w: World, limit: int = 420) -> None:
    """Faults end; everything runs until nothing moves any more."""
    w.faults = False
    idle = 0
    for _ in range(limit):
        moved = False
        for name in WORK:
            for k in (0, 1, 2, 3):
                while w.act(name, k):
                    moved = True
                    if w.count["steps"] > 30000:
                        raise ViolationError("f", "livelock: no quiet")
        before = len(w.change[N, "live"].items)
        for _ in range(3):
            w.act("n_poll", 0)
        moved |= len(w.change[N, "live"].items) > before
        idle = 0 if moved or _busy(w) else idle + 1
        w.now += 3
        if idle > 8:
            return
    raise ViolationError("f", "livelock: still busy after many rounds")


def _busy(w: World) -> bool:
    under_way = any(s.flight or any(s.lane.values()) for s in w.sink.values())
    return bool(under_way or w.calls or any(w.read_wait[s] or w.read_run[s] for s in (S, N)) or any(r.late for r in w.rows[N].values()))


def play(schedule: Schedule, *, zombies: bool = False, trace: bool = False, world: list[World] | None = None) -> World:
    """Run one schedule to quiet."""
    config, jitter, steps = schedule
    quirks = frozenset(q for i, q in enumerate(QUIRKS) if config >> (4 + i) & 1)
    w = World(Random(jitter), quirks, on_delete=DELETES[(config >> DELETE_AT) % 4], zombies=zombies, trace=trace)
    w.careful = jitter % 4 == 0
    if world is not None:
        world.append(w)
    begin(w, config)
    if config & IN_ACCORD:
        drain(w)
        w.faults = True
    for name, k in steps:
        w.act(name, k)
    w.say("--- faults end")
    drain(w)
    return w


def run(schedule: Schedule, *, zombies: bool = False, trace: bool = False, world: list[World] | None = None) -> World:
    """Run one schedule to quiet, replay every input and read everything again, then mend what was refused. Raises ViolationError."""
    w = play(schedule, zombies=zombies, trace=trace, world=world)
    check(w)
    _again(w)
    mend(w, back=schedule.jitter % 2 == 0)
    return w


def _again(w: World) -> None:
    """Replay of all topics, then a full re-read: neither may cause a call."""
    calls = w.count["calls"]
    w.say("--- quiet; all inputs come again")
    for log in (*w.change.values(), *w.observation.values(), w.outcome):
        log.at = 0
    for t in (S, N):
        w.sink[t].queue_at = dict.fromkeys(LANES, 0)
    drain(w)
    for system in (S, N):
        for id_ in w.rows[system]:
            w.ask_read(ReadRequest(ENTITY, system, "Thing", id_, "drift"), "backfill")
    drain(w)
    if w.count["calls"] != calls:
        raise ViolationError("e", f"replay and re-read caused {w.count['calls'] - calls} call(s)")
    check(w)


def mend(w: World, *, back: bool) -> None:
    """Whoever owns a value that was refused gives another, or (`back`) takes the edit back: nobody need do more than that."""
    refused = [(r, t) for r in w.records.values() for t in (S, N) if t in r.rejected and not r.alias]
    for record, t in refused:
        src, field = OTHER[t], BAD[t]
        row, twin = w.rows[src][record.ids[src]], w.rows[t].get(record.ids.get(t, ""))
        if row.fields[field] == "4":
            value = twin.fields[field] if back and twin else "6"
            w.say("people mend", src, record.ids[src], field, value)
            w.save(src, record.ids[src], {field: value}, ours=False)
    if not refused:
        return
    w.say("--- what was refused is mended")
    drain(w)
    check(w)
    for record, t in refused:
        if t in w.records[record.key].rejected:
            raise ViolationError("j", f"{record.key} was mended and still counts as refused in {t}")


def verdict(schedule: Schedule, *, zombies: bool = False) -> ViolationError | None:
    try:
        run(schedule, zombies=zombies)
    except ViolationError as violation:
        return violation
    return None


def shrink(schedule: Schedule, law: str, *, zombies: bool = False, budget: int = 1500) -> Schedule:
    """Leave out what isn't needed, in ever smaller pieces; greedy, so short but not proven shortest."""
    steps, size = schedule.steps, max(1, len(schedule.steps) // 2)
    while size and budget > 0:
        i = 0
        while i < len(steps) and budget > 0:
            budget -= 1
            shorter = schedule._replace(steps=steps[:i] + steps[i + size :])
            found = verdict(shorter, zombies=zombies)
            if found and found.law == law:
                steps = shorter.steps
                schedule = shorter
            else:
                i += size
        size //= 2
    for bit in range(10, -1, -1):
        fewer = schedule._replace(config=schedule.config & ~(1 << bit))
        found = verdict(fewer, zombies=zombies) if fewer != schedule else None
        if found and found.law == law:
            schedule = fewer
    return schedule
