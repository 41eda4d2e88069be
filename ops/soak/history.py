"""The journals as the checker reads them: what each record held one after the other, who wrote it, and what a write changed. Imports nothing of Accord."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

#: Set by every save; no change of the record's own.
STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One field in both systems, and who owns it. `kind`: text, phone or money. `fought`: what only a script of the customer's own says of it."""

    name: str
    owner: str
    salesforce: str
    netsuite: str
    kind: str
    fought: Any = None

    def column(self, system: str) -> str:
        return self.salesforce if system == "salesforce" else self.netsuite


@dataclass(frozen=True, slots=True)
class Write:
    """One accepted write. `fields`: as named by it; `owned`: those among the rules' that this very system owns; `made`: the record's creation;
    `repeats`: the same writer's same write once more.
    """

    ours: bool
    made: bool
    fields: frozenset[str]
    owned: tuple[str, ...]
    changed: bool
    repeats: bool


@dataclass(slots=True)
class History:
    """One customer in one system. `told`: field -> (value, whether Accord wrote it), each change in turn. `fought`: fields that a script has altered."""

    id: str
    system: str = ""
    number: str = ""
    deleted: bool = False
    told: dict[str, list[tuple[Any, bool]]] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    holds: dict[str, Any] = field(default_factory=dict)
    fought: set[str] = field(default_factory=set)

    def values(self, name: str) -> list[Any]:
        return [value for value, _ in self.told.get(name, [])]

    def named(self, column: str, *, ours: bool) -> int:
        """How many updates, of Accord's or of people's, named this column."""
        return sum(1 for w in self.writes if w.ours == ours and not w.made and column in w.fields)

    def by_accord(self, name: str) -> list[Any]:
        return [value for value, ours in self.told.get(name, []) if ours]


def known(kind: str, value: Any) -> Any:
    """A value as both systems mean it: the last ten digits of a phone, an amount without its form; nothing is None."""
    if value is None or value == "":
        return None
    if kind == "phone":
        return "".join(c for c in str(value) if c.isdigit())[-10:]
    return Decimal(str(value)).normalize() if kind == "money" else str(value).strip()


def histories(journal: Iterable[Mapping[str, Any]], system: str, rules: Sequence[Rule]) -> dict[str, History]:
    """Customers by id. An entry: {id, op (create, update, delete), fields, held: {field: value}, number?, ours}."""
    out: dict[str, History] = {}
    for entry in journal:
        history = out.setdefault(entry["id"], History(entry["id"], system))
        history.number = entry.get("number") or history.number
        history.deleted = entry["op"] == "delete"
        if entry["op"] in {"create", "update", "flow"}:
            _add(history, entry, rules)
    return out


def _add(history: History, entry: Mapping[str, Any], rules: Sequence[Rule]) -> None:
    fields = frozenset(entry["fields"]) - STAMPS
    before = history.writes[-1] if history.writes else None
    changed = any(name not in history.holds or name not in entry["held"] or _plain(history.holds[name]) != _plain(entry["held"][name]) for name in fields)
    repeats = not changed and before is not None and before.ours == entry["ours"] and (not fields or fields <= before.fields)
    owned = tuple(r.name for r in rules if r.owner == history.system and r.column(history.system) in fields)
    history.writes.append(Write(entry["ours"], entry["op"] == "create", fields, owned, changed, repeats))
    history.holds |= entry["held"]
    for rule in rules:
        column = rule.column(history.system)
        if rule.fought is not None and known(rule.kind, entry["held"].get(column)) == rule.fought:
            history.fought.add(rule.name)
        if column in entry["held"] and (entry["op"] == "create" or column in fields):
            value, told = known(rule.kind, entry["held"][column]), history.told.setdefault(rule.name, [])
            if not told or told[-1][0] != value:
                told.append((value, bool(entry["ours"])))


def _plain(value: Any) -> Any:
    """Numbers by their value: an answer says 1000 where the body said 1000.00."""
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return value


def attributed(journal: Sequence[Mapping[str, Any]], work: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """NetSuite's entries with `ours`: whatever no person sent. Each call that a person sent stands for one entry with its values, no more."""
    sent: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for call in work:
        values = {name: _plain(value) for name, value in call["values"].items()}
        sent.setdefault(_whose(call["type"], call["id"], values), []).append(values)
    return [dict(entry) | {"ours": entry["op"] != "flow" and not _sent(entry, sent)} for entry in journal]


def _whose(type_: str, id_: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Of which record a call is: of one that it makes, the number that it gives it. A million calls can't be looked through for each entry."""
    return (type_, id_ or f"new {values.get('accountNumber')}")


def _sent(entry: Mapping[str, Any], sent: Mapping[tuple[str, str], list[dict[str, Any]]]) -> bool:
    id_ = "" if entry["op"] == "create" else str(entry["id"])
    calls = sent.get(_whose(entry["type"], id_, {"accountNumber": _plain(entry["held"].get("accountNumber"))}), [])
    for n, values in enumerate(calls):
        if values and all(name in entry["held"] and _plain(entry["held"][name]) == value for name, value in values.items()):
            del calls[n]
            return True
    return False
