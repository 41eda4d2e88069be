"""Short words for the inputs of reconcile, on the entity of the laws: `a` is Salesforce's, `b` NetSuite's, `c` Salesforce's until accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.events import Link, Match, Observation, Outcome, Record
from streams.reconcile import Ask, Decision, reconcile
from streams.rules import Rules
from tests.laws.entity import ENTITY, Index, N, S, make_rules

KEY = f"{ENTITY}:{S}:s1"
EXTERNAL = f"{ENTITY}-{S}-s1"
RULES = make_rules()
FIELDS: dict[str, str | None] = {
    "sku": "x", "key": EXTERNAL, "accord_status": "synced", "accord_code": None,
    "a": "1", "b": "2", "c": "3", "d": None, "r": "4", "ref": None, "st": "pend", "active": "true",
}  # fmt: skip


class Book:
    """A record and its rules, fed one input after the other."""

    def __init__(self, record: Record | None = None, rules: Rules = RULES) -> None:
        self.record = record or Record(KEY, ENTITY)
        self.rules, self.index = rules, Index()
        self.last = Decision(self.record)

    def take(self, input_: Any) -> Decision:
        self.last = reconcile(self.record, input_, self.rules, self.index)
        self.record = self.last.record
        return self.last

    def ask(self, target: str) -> Ask:
        """The only ask of that target in the last decision."""
        (ask,) = [a for a in self.last.asks if a.target == target]
        return ask

    def asked(self, target: str) -> bool:
        return any(a.target == target for a in self.last.asks)

    def link(self, key: str, **ids: str) -> None:
        self.index.take(Link(key, ENTITY, ids, {}, "", "active"))


def event(number: int, time: int, fields: dict[str, str | None], **more: Any) -> Observation:
    """A change event of Salesforce."""
    return Observation(KEY, ENTITY, S, "Thing", "s1", "event", number, time, False, False, fields, f"e{number}", **more)


def row(system: str, time: int, fields: dict[str, str | None], id_: str = "", key: str = KEY) -> Observation:
    """A whole row read from either system."""
    return Observation(key, ENTITY, system, "Thing", id_ or f"{system[0]}1", "row", 0, time, False, True, fields, f"r{time}")


def gone(system: str, time: int, number: int = 0, id_: str = "") -> Observation:
    kind = "event" if number else "row"
    return Observation(KEY, ENTITY, system, "Thing", id_ or f"{system[0]}1", kind, number, time, True, False, {}, f"g{time}")


def nobody(value: str = f"{ENTITY}|sku|x") -> Match:
    return Match(KEY, ENTITY, value, "")


def applied(ask: Ask, before: int, after: int, id_: str = "", key: str = KEY, **more: Any) -> Outcome:
    sent = {**(ask.seeds if ask.kind == "create" else {}), **ask.fields}
    made = Outcome(ask.target, key, ENTITY, ask.sequence, "applied", sent, {}, id_ or ask.id, "Thing", before, after)
    return replace(made, **more)


def rejected(ask: Ask, code: str = "bad", message: str = "no") -> Outcome:
    sent = {**ask.seeds, **ask.fields}
    return Outcome(ask.target, KEY, ENTITY, ask.sequence, "rejected", sent, code=code, field="a", message=message)


def waiting(ask: Ask, ref: str) -> Outcome:
    return Outcome(ask.target, KEY, ENTITY, ask.sequence, "waiting", code="missing_ref", message="not there yet", waits_for=ref)


def released(ask: Ask, **more: Any) -> Outcome:
    return Outcome(ask.target, KEY, ENTITY, ask.sequence, "released", **more)


def in_accord(rules: Rules = RULES, **fields: str | None) -> Book:
    """A record that both systems hold alike, seen at time 100 in each."""
    book = Book(rules=rules)
    held = {**FIELDS, **fields}
    book.take(row(S, 100, {**held, "netsuite_id": "n1"}))
    book.take(row(N, 100, held))
    assert not book.record.wanted, "the record must start in accord"
    return book


def only_in_salesforce(rules: Rules = RULES, **fields: str | None) -> Book:
    """A record seen in Salesforce whose claim is not answered yet."""
    book = Book(rules=rules)
    book.take(row(S, 100, {"sku": "x", "a": "1", "b": "2", "c": None, "d": "7", "active": "true", "accord_status": None, **fields}))
    return book
