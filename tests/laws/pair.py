"""One record of a shipped entity in two systems that keep what they are given: people edit, changes come late and twice, writes land.

Crashes, lost answers, deletions and two keys for one record are searched on an entity of the laws' own (world.py); here the rules are the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.events import Match, Observation, Outcome, Record
from schemas.ids import OTHER, SYSTEMS
from streams.mapping import Entity, Reference
from streams.mapping.table import EntityTable
from streams.reconcile import Ask, Draft, reconcile
from streams.reconcile.flows import OWN
from streams.rules import STATUS_FIELDS
from tests.laws.values import values
from tests.streams.mapping.builders import Links

IDS = {"salesforce": "S9", "netsuite": "9"}
Held = dict[str, str | None]


class BrokenError(Exception):
    """A law does not hold."""


class Pair:
    """`held`: what each system truly holds, None = it has no such record. `made`: calls that landed."""

    def __init__(self, table: EntityTable, entity: Entity, reference: Reference, links: Links) -> None:
        self.table, self.rules, self.reference, self.links = table, entity.rules, reference, links
        self.key = ""
        self.record = Record("", entity.name)
        self.held: dict[str, Held | None] = {"salesforce": None, "netsuite": None}
        self.coming: list[Observation] = []
        self.taken: list[Any] = []
        self.asked: dict[str, Ask] = {}
        self.answers: dict[str, Outcome] = {}
        self.notes: set[tuple[str, str, str]] = set()
        self.now, self.number, self.made = 1_000_000, 0, 0

    # the two systems

    def fields(self, system: str) -> list[str]:
        """What can be seen there of a record; what documents tell, where there is no such record."""
        told = not self.table.section(system)
        return [name for name, f in self.table.fields.items() if system in f.native and (told or f.native[system].columns)]

    def peoples(self, system: str) -> list[str]:
        """What people can change there; keys and our status are ours."""
        return [name for name in self.fields(system) if name not in OWN | STATUS_FIELDS]

    def options(self, system: str, name: str) -> Any:
        return values(self.table, self.table.fields[name], system, self.reference)

    def begin(self, system: str, fields: Mapping[str, str | None]) -> None:
        self.key = f"{self.record.entity}:{system}:{IDS[system]}"
        self.record = Record(self.key, self.record.entity)
        self.held[system] = dict.fromkeys(self.fields(system))
        self.save(system, fields)

    def save(self, system: str, changes: Mapping[str, str | None], *, event: bool = False) -> None:
        """A system keeps a value as it can hold it."""
        self.now += 3 * self.rules.margin_ms
        held = self.held[system]
        assert held is not None
        held |= changes
        for name, value in changes.items():
            held[name] = value if value is None or self.rules.fields[name].ref else self.rules.normal(system, name, value, self.links, self.read)
        seen = {name: held.get(name) for name in (changes if event else self.fields(system)) if name in self.fields(system)}
        self.number += 1
        self.coming.append(
            Observation(
                self.key, self.record.entity, system, "X", IDS[system], "event" if event else "row", self.number if event else 0, self.now, gone=False,
                whole=not event, fields=seen,
            )
        )  # fmt: skip

    def read(self, system: str, name: str) -> str | None:
        return (self.held[system] or {}).get(name)

    # what goes on

    def take(self, input_: Any) -> None:
        decision = reconcile(self.record, input_, self.rules, self.links)
        self.record = decision.record
        self.notes.update((n.code, n.system, n.field) for n in decision.notes)
        self.asked.update({ask.target: ask for ask in decision.asks})
        self.taken.append(input_)
        for request in decision.reads:
            if request.entity == self.record.entity and self.held[request.system] is not None:
                self.now = max(self.now, request.not_before)
                self.save(request.system, {})
        for claim in decision.claims:
            if not claim.withdrawn:
                self.take(Match(self.key, self.record.entity, claim.value, ""))

    def deliver(self, n: int) -> bool:
        if self.coming:
            self.take(self.coming.pop(n % len(self.coming)))
            return True
        return False

    def again(self, n: int) -> None:
        if self.taken:
            self.take(self.taken[n % len(self.taken)])

    def write(self, target: str) -> bool:
        """The newest write lands; its answer comes later. One call of a record at a time."""
        if target in self.answers:
            self.take(self.answers.pop(target))
            return True
        ask = self.asked.pop(target, None)
        if ask is None or ask.kind == "withdraw":
            return ask is not None
        self.now += 3 * self.rules.margin_ms
        before = self.now
        letters = self.table.section("stages", "letters").get(ask.stage, ()) if ask.stage and self.held[target] is not None else ()
        if letters and self.read(target, "status_letter") not in letters:
            seen = {"status_letter": self.read(target, "status_letter")}
            self.answers[target] = Outcome(target, self.key, self.record.entity, ask.sequence, "stage_changed", {}, seen, IDS[target], "X", before, before)
            return True
        sent = dict(ask.fields) if self.held[target] is not None else {**ask.seeds, **ask.fields}  # what is only proposed goes into a new record
        self._lands(target, ask, sent)
        self.answers[target] = Outcome(target, self.key, self.record.entity, ask.sequence, "applied", sent, {}, IDS[target], "X", before, self.now)
        return True

    def _lands(self, target: str, ask: Ask, sent: Mapping[str, str | None]) -> None:
        self.made += 1
        held = self.held[target]
        if held is None:
            self.held[target] = dict.fromkeys(self.fields(target))
            self.save(target, self._letter(target) | dict(sent))
            return
        for name, value in sent.items():
            rule = self.rules.fields[name]
            mine = not rule.staged and self.rules.owner(name, self.record.stage) == target
            if mine and held.get(name) != value and name not in OWN | STATUS_FIELDS:
                raise BrokenError(f"{target}.{name} = {value} over its owner's {held.get(name)}")
        self.save(target, sent, event=ask.target == "salesforce")

    def _letter(self, target: str) -> Held:
        """A new document has its first status."""
        return {name: self.options(target, name)[0] for name in self.fields(target) if name == "status_letter"}

    def quiet(self) -> None:
        for _ in range(400):
            moved = self.deliver(0)
            moved |= any([self.write(target) for target in SYSTEMS])  # noqa: C419 (both, not up to the first)
            if not moved:
                return
        raise BrokenError("no quiet: it writes for ever")

    # what must hold then

    def check(self) -> None:
        if any(held is None for held in self.held.values()):
            return
        draft = Draft(self.record, self.rules, self.links)
        for target in SYSTEMS:
            if self.record.wanted.get(target):
                raise BrokenError(f"still wants {self.record.wanted[target]} in {target}")
            stopped = target == self.rules.validated_target and any(p.stops for p in self.record.problems)
            for name in () if stopped else self.rules.fields:
                self._field(draft, target, name)

    def _field(self, draft: Draft, target: str, name: str) -> None:
        rule, source = self.rules.fields[name], OTHER[target]
        if name in OWN | STATUS_FIELDS or rule.systems != SYSTEMS or self.rules.owner(name, self.record.stage) != source:
            return
        owners, held = (self._known(side, name) for side in (source, target))
        said = owners is not None or (rule.silent != source and not (source in self.record.made and name not in self.record.agreed.get(target, {})))
        if said and owners != held and not any((code, target, name) in self.notes for code in ("reported", "contested", "refused")):
            raise BrokenError(f"{target}.{name} = {held}, its owner {source} has {owners} (stage {draft.stage})")

    def _known(self, system: str, name: str) -> str | None:
        value, rule = self.read(system, name), self.rules.fields[name]
        if value is None or rule.ref:
            return self.links.key_of(value) if value else None
        return self.rules.normal("netsuite", name, self.rules.normal("salesforce", name, value, self.links, self.read) or "", self.links, self.read) or None
