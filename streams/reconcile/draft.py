"""A record while it is being decided on: reads see the newest values, and a map is copied when it is first written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.events import Claim, Held, Learned, Problem, ReadRequest, Record, Register, Rejection, Round, Values, Waiting
from streams.reconcile.decision import Ask, Forward, Note
from streams.reconcile.registers import Slot, seen, top
from streams.rules import Links, Rules

#: Stands for an inner map that isn't there.
NOTHING: Mapping[str, Any] = {}
#: Differs from every value, None included.
MISSING: Any = object()
ABSENT, PRESENT, GONE = "absent", "present", "deleted"
_NESTED = frozenset({"registers", "wanted", "seeds", "agreed", "rounds", "restores", "held", "doubt", "claims", "sources"})


class Draft:
    """The record, the rules and the links of one decision, and what has been decided so far.

    touched: (system, field) whose value changed; names: the fields alone. stirred: fields of which something else did. moved: an id or a standing changed, so the link may have.
    """

    __slots__ = (
        "_owned", "_standings", "agreed", "alias", "asks", "base", "claimed", "claims", "doubt", "forwards", "held", "ids", "key", "lane", "learned", "links",
        "made", "margin", "merged", "moved", "names", "notes", "objects", "presence", "problems", "reads", "registers", "rejected", "restores", "retired", "rounds",
        "rules", "seconds", "seeds", "sequence", "sources", "stage", "stirred", "touched", "waiting", "wanted",
    )  # fmt: skip

    def __init__(self, base: Record, rules: Rules, links: Links, lane: str = "live") -> None:
        self.base, self.rules, self.links = base, rules, links
        self.key, self.margin, self.lane = base.key, rules.margin_ms, lane
        self._owned: dict[Any, dict[str, Any]] = {}
        self._standings: dict[str, str] = {}
        self.ids: Mapping[str, str] = base.ids
        self.objects: Mapping[str, str] = base.objects
        self.registers: Mapping[str, Mapping[str, Register]] = base.registers
        self.presence: Mapping[str, Register] = base.presence
        self.wanted: Mapping[str, Values] = base.wanted
        self.seeds: Mapping[str, Values] = base.seeds
        self.sequence: Mapping[str, int] = base.sequence
        self.agreed: Mapping[str, Values] = base.agreed
        self.rounds: Mapping[str, Mapping[str, Round]] = base.rounds
        self.restores: Mapping[str, Mapping[str, Sequence[int]]] = base.restores
        self.held: Mapping[str, Mapping[str, Held]] = base.held
        self.doubt: Mapping[str, Mapping[str, int]] = base.doubt
        self.rejected: Mapping[str, Rejection] = base.rejected
        self.waiting: Mapping[str, Waiting] = base.waiting
        self.claims: Mapping[str, Values] = base.claims
        self.sources: Mapping[str, Mapping[str, str]] = base.sources
        self.seconds: Mapping[str, str] = base.seconds
        self.merged: Mapping[str, str] = base.merged
        self.problems: Sequence[Problem] = base.problems
        self.made: Sequence[str] = base.made
        self.retired: Sequence[str] = base.retired
        self.alias, self.stage = base.alias, base.stage
        self.touched: set[tuple[str, str]] = set()
        self.names: set[str] = set()
        self.stirred: set[str] = set()
        self.moved = False
        self.asks: list[Ask] = []
        self.reads: list[ReadRequest] = []
        self.forwards: list[Forward] = []
        self.claimed: list[Claim] = []
        self.learned: list[Learned] = []
        self.notes: list[Note] = []

    # what is known

    def slot(self, system: str, field: str) -> Slot | None:
        """What counts of a field, assumptions included."""
        register = self.registers.get(system, NOTHING).get(field)
        return None if register is None else top(register, self.margin)

    def read(self, system: str, field: str) -> str | None:
        slot = self.slot(system, field)
        return None if slot is None else slot.value

    def observed(self, system: str, field: str) -> str | None:
        """As `read`, but never what we only assume."""
        register = self.registers.get(system, NOTHING).get(field)
        slot = None if register is None else seen(register, self.margin)
        return None if slot is None else slot.value

    def standing(self, system: str) -> str:
        known = self._standings.get(system)
        if known is None:
            register = self.presence.get(system)
            slot = None if register is None else top(register, self.margin)
            known = self._standings[system] = ABSENT if slot is None or slot.value is None else slot.value
        return known

    # how it changes

    def touch(self, system: str, field: str) -> None:
        """Another value counts for that field now."""
        self.touched.add((system, field))
        self.names.add(field)

    def own(self, name: str) -> dict[str, Any]:
        """The map `name` as a copy that this draft may write."""
        if name == "presence":
            self._standings.clear()
        out = self._owned.get(name)
        if out is None:
            out = self._owned[name] = dict(getattr(self, name))
            setattr(self, name, out)
        return out

    def own_of(self, name: str, system: str) -> dict[str, Any]:
        """The inner map of one system, to write."""
        out = self._owned.get((name, system))
        if out is None:
            outer = self.own(name)
            out = self._owned[name, system] = dict(outer.get(system, NOTHING))
            outer[system] = out
        return out

    def put(self, name: str, system: str, field: str, value: Any) -> None:
        if getattr(self, name).get(system, NOTHING).get(field, MISSING) != value:
            self.own_of(name, system)[field] = value

    def drop(self, name: str, system: str, field: str) -> None:
        if field in getattr(self, name).get(system, NOTHING):
            del self.own_of(name, system)[field]

    def put_whole(self, name: str, key: str, value: Any) -> None:
        """Replace what stands under `key` of the outer map; an empty map there is the same as none."""
        old = getattr(self, name).get(key, NOTHING if name in _NESTED else MISSING)
        if old != value:
            self._owned.pop((name, key), None)
            self.own(name)[key] = value

    def drop_whole(self, name: str, key: str) -> None:
        if key in getattr(self, name):
            self._owned.pop((name, key), None)
            del self.own(name)[key]

    # what comes of it

    @property
    def dirty(self) -> bool:
        """Was anything taken into the record?"""
        b = self.base
        if self._owned or self.alias != b.alias or self.stage != b.stage:
            return True
        return self.problems != b.problems or self.made != b.made or self.retired != b.retired

    def frozen(self) -> Record:
        """The record as it stands now; the very same one when nothing changed."""
        if not self.dirty:
            return self.base
        for name in _NESTED.intersection(self._owned):
            inner = self._owned[name]
            for system in [s for s, values in inner.items() if not values]:
                del inner[system]
        b = self.base
        return Record(
            self.key, b.entity, self.ids, self.objects, self.registers, self.presence, self.wanted, self.seeds, self.sequence, self.agreed,
            self.rounds, self.restores, self.held, self.doubt, self.rejected, self.waiting, self.problems, self.alias, self.claims,
            self.sources, b.marks, self.stage, self.made, self.seconds, self.retired, self.merged,
        )  # fmt: skip
