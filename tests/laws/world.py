"""A small world around resolve and reconcile: two systems, feeds, readers, a matcher, sinks, crashes. One action = one tick of true time.

A schedule is a list of (action, number); an action that isn't possible does nothing. The stages' steps are atomic, as they are in
production (state, outputs and input offsets are one transaction); sinks crash between call and commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from schemas.events import Assigned, Change, Claims, Observation, Outcome, ReadRequest, Record
from schemas.ids import Ref
from streams.reconcile import Ask
from streams.rules import CODE, KEY, NETSUITE_ID, STATUS, OnDelete
from tests.laws.entity import ENTITY, Index, N, S, make_rules

CALL_MAX, LAG, OVERLAP, LATE, SECOND, JITTER = 14, 3, 14, 8, 3, 2
LANES = ("live", "backfill")
QUIRKS = ("N.a.sync", "S.b.revert", "S.b.async", "N.r.async")
DELETES: tuple[OnDelete, ...] = ("ignore", "inactivate", "delete", "restore")


class ViolationError(Exception):
    def __init__(self, law: str, text: str) -> None:
        super().__init__(f"({law}) {text}")
        self.law = law


class Row:
    """A record of one of the systems. `late`: a save under way that commits later than its stamp says."""

    def __init__(self, fields: dict[str, Any], stamp: int = 0) -> None:
        self.fields, self.deleted, self.stamp = fields, False, stamp
        self.late: tuple[int, dict[str, Any], int] | None = None


class Log:
    """A topic of one partition with its only consumer's committed offset."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.at = 0

    def push(self, item: Any) -> None:
        self.items.append(item)

    def waits(self) -> bool:
        return self.at < len(self.items)

    def take(self) -> Any:
        self.at += 1
        return self.items[self.at - 1]


class Sink:
    """Memory of one sink process: all of it is lost in a crash."""

    def __init__(self) -> None:
        self.lane: dict[str, list[Any]] = {}
        self.flight: dict[str, dict[str, Any]] = {}
        self.hold: dict[str, int] = {}
        self.look: set[str] = set()
        self.queue_at = dict.fromkeys(LANES, 0)


class World:
    def __init__(
        self,
        rng: Random,
        quirks: frozenset[str] = frozenset(),
        *,
        on_delete: OnDelete = "ignore",
        zombies: bool = False,
        trace: bool = False,
    ) -> None:
        self.rules, self.rng, self.quirks, self.zombies, self.on_delete = make_rules(on_delete), rng, quirks, zombies, on_delete
        self.slow_rules = replace(self.rules, context=None)
        self.careful = False  # decide everything twice, on the changed fields and on all
        self.trace: list[str] | None = [] if trace else None
        self.now, self.number, self.faults, self.lates = 100, 0, True, 0
        self.rows: dict[str, dict[str, Row]] = {S: {}, N: {}}
        self.feed: list[Any] = []  # events of S not delivered yet
        self.delivered: list[Any] = []
        self.change = {(s, lane): Log() for s in (S, N) for lane in LANES}
        self.observation = {lane: Log() for lane in LANES}
        self.outcome, self.claim, self.learned, self.link = Log(), Log(), Log(), Log()
        self.writes = {(t, lane): Log() for t in (S, N) for lane in LANES}
        self.read_wait: dict[str, list[Any]] = {S: [], N: []}
        self.read_run: dict[str, list[Any]] = {S: [], N: []}
        self.assigned: dict[tuple[str, str], Assigned] = {}
        self.records: dict[str, Record] = {}
        self.claims: dict[str, Claims] = {}
        self.opened = False
        self.streams_index, self.sink_index, self.sinks_link_at = Index(), Index(), 0
        self.sink = {S: Sink(), N: Sink()}
        self.settled: dict[str, dict[str, tuple[int, str]]] = {S: {}, N: {}}
        self.parked: dict[str, dict[str, tuple[str, int]]] = {S: {}, N: {}}
        self.done: dict[str, set[Any]] = {S: set(), N: set()}
        self.calls: list[dict[str, Any]] = []
        self.triggers: list[Any] = []
        self.poll: list[Any] | None = None
        self.poll_cursor, self.poll_seen = 0, set()
        self.notes: set[Any] = set()
        self.user_set: set[tuple[str, str, str]] = set()
        self.switched_off: set[tuple[str, str, str]] = set()  # an owner's fields that a farewell of ours set and nobody has changed since
        self.ours: set[tuple[str, str]] = set()  # records that our creates made
        self.retired: dict[tuple[str, str, int], list[str]] = {}  # the option `retired` of writes
        self.remade: set[str] = set()  # made anew after a deletion, once: made on both sides at once they would be two
        self.count = dict.fromkeys(("calls", "reads", "window", "steps"), 0)

    # clocks

    def clock(self, system: str) -> int:
        """NetSuite has one clock, seven ticks ahead; Salesforce's servers differ a little."""
        if system == N:
            return self.now + 7
        return self.now + (self.rng.randint(-JITTER, JITTER) if self.faults else 0)

    def say(self, *words: object) -> None:
        if self.trace is not None:
            self.trace.append(f"t={self.now} " + " ".join(str(w) for w in words))

    # the two systems

    def owner_now(self, field: str, sku: str) -> str | None:
        """Who truly owns the field at this moment."""
        accepted = any(r.fields["sku"] == sku and r.fields["st"] == "acc" and not r.deleted for r in self.rows[N].values())
        return self.rules.owner(field, "accepted" if accepted else "submitted")

    def save(self, system: str, id_: str, changes: dict[str, Any], *, ours: bool, stamp: int | None = None) -> None:
        row, changes = self.rows[system][id_], dict(changes)
        if ours:
            if system == N and "N.a.sync" in self.quirks:
                made_even(changes)
            if system == S and "S.b.revert" in self.quirks:
                changes.pop("b", None)
        if system == S and "S.b.async" in self.quirks and changes.get("b", "9") != "9":
            self.triggers.append((system, id_, {"b": "9"}))
        if system == N and "N.r.async" in self.quirks and changes.get("r", "9") != "9":
            self.triggers.append((system, id_, {"r": "9"}))
        diff = {f: v for f, v in changes.items() if row.fields.get(f) != v}
        row.fields.update(diff)
        self.switched_off.difference_update((system, id_, f) for f in diff)
        if system == N:
            row.stamp = max(row.stamp, (stamp if stamp is not None else self.clock(N)) // SECOND * SECOND)
        elif diff:
            self.event(id_, diff, "update")

    def event(self, id_: str, fields: dict[str, Any], kind: str) -> None:
        self.number += 1
        self.feed.append(self.changed(S, id_, kind, self.number, self.clock(S), fields))

    def changed(self, system: str, id_: str, kind: str, number: int, time: int, fields: dict[str, Any]) -> Change:
        """The body is kept as it is: a dict stands for its JSON."""
        return Change(f"{system}-{id_}-{number}-{time}", ENTITY, system, "Thing", id_, kind, number, time, "", "", "", "", "", dict(fields))  # type: ignore[arg-type]

    def insert(self, system: str, fields: dict[str, Any], *, ours: bool) -> str:
        id_ = f"{system[0]}{len(self.rows[system]) + 1}"
        base: dict[str, Any] = dict.fromkeys(("sku", KEY, STATUS, CODE, "a", "b", "c", "d", "r", "ref", "st"))
        base.update({"active": "true"}, **({NETSUITE_ID: None} if system == S else {"st": "pend"}))
        base.update(fields)
        if ours and system == N and "N.a.sync" in self.quirks:
            made_even(base)
        if ours:
            self.ours.add((system, id_))
        self.rows[system][id_] = Row(base, self.clock(N) // SECOND * SECOND)
        if system == S:
            self.event(id_, base, "create")
        return id_

    # pipes

    def ask_read(self, request: ReadRequest, lane: str = "live") -> None:
        """Read once, as late as the latest asks."""
        waiting = self.read_wait[request.system]
        for i, (other, other_lane) in enumerate(waiting):
            if (other.record_id, other.if_assumed, other_lane) == (request.record_id, request.if_assumed, lane):
                waiting[i] = (request if request.not_before > other.not_before else other, lane)
                return
        waiting.append((request, lane))

    def observe(self, observation: Observation) -> None:
        self.observation[observation.lane].push((observation.key, observation))

    def write(self, key: str, ask: Ask, lane: str) -> None:
        self.say("reconcile", key, "asks", ask.target, "seq", ask.sequence, ask.kind, dict(ask.fields), "seeds", dict(ask.seeds), ask.id, lane)
        self.writes[ask.target, lane].push((key, ask, lane))

    def answer(self, key: str, outcome: Outcome) -> None:
        self.outcome.push((key, outcome))

    def act(self, name: str, k: int) -> bool:
        from tests.laws.actions import ACTIONS

        self.now += 1
        self.count["steps"] += 1
        if self.lates:
            ACTIONS["late_commit"](self, 0)  # never later than LATE: the overlap is wider than that
        return ACTIONS[name](self, k)


def made_even(fields: dict[str, Any]) -> None:
    """A script in NetSuite that runs within the save."""
    if fields.get("a") and int(fields["a"]) % 2:
        fields["a"] = str(int(fields["a"]) - 1)


def address(system: str, id_: str) -> str:
    return str(Ref(ENTITY, system, id_))


Action = Callable[[World, int], bool]
