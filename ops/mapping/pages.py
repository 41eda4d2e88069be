"""The mapping as pages for people who run the business: who owns what, what a status means, when something is made or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.ids import OTHER, SYSTEMS
from streams.mapping.table import EntityTable, FieldTable
from streams.mapping.targets import stages_of, written_to
from streams.ownership import owners

NAMES: Mapping[str, str] = {"salesforce": "Salesforce", "netsuite": "NetSuite", "accord": "Accord", "none": "nobody"}
TYPES: Mapping[str, str] = {
    "text": "text", "phone": "phone number", "email": "e-mail", "url": "web address", "bool": "yes or no", "not": "yes or no (inverted in NetSuite)",
    "date": "date", "datetime": "date and time", "money": "amount of money", "qty": "quantity", "pct": "percent", "fx": "exchange rate", "int": "whole number",
    "enum": "one of a list", "map": "one of the configuration's", "status": "status", "ref": "another record", "country": "country", "state": "state",
    "postal": "postal code", "street": "street", "key": "Accord's key", "id": "id", "json": "worked out", "lines": "list",
}  # fmt: skip
DELETED: Mapping[str, str] = {
    "ignore": "is left alone", "inactivate": "is marked as no longer in use", "delete": "is deleted", "restore": "is made again",
}  # fmt: skip


def pages(tables: Mapping[str, EntityTable], hashes: Mapping[str, str]) -> dict[str, str]:
    """File name -> Markdown: one page for each entity, and `index.md`."""
    out = {f"{name}.md": "\n".join(page(table, hashes[name])) + "\n" for name, table in tables.items()}
    rows = [(f"[{n}]({n}.md)", NAMES[t.master], _native_object(t, "salesforce"), _native_object(t, "netsuite"), str(len(t.fields))) for n, t in tables.items()]
    head = ["# The mapping", "", "What Accord keeps the same in Salesforce and NetSuite. Made by `accord mapping docs` from the files that are in force.", ""]
    return {"index.md": "\n".join([*head, *grid(("record", "first master", "in Salesforce", "in NetSuite", "fields"), rows)]) + "\n", **out}


def page(table: EntityTable, hash_: str) -> Iterator[str]:
    """One entity."""
    yield from (f"# {table.entity.replace('_', ' ').capitalize()}", "")
    yield f"`{_native_object(table, 'salesforce')}` in Salesforce, `{_native_object(table, 'netsuite')}` in NetSuite. Mapping `{hash_}`."
    yield from ("", "## What happens to whole records", "")
    yield from (f"- {sentence}" for sentence in _sentences(table))
    yield from ("", "## Who owns which field", "")
    yield from _ownership(table)
    for name, spec in table.section("status").items():
        yield from ("", f"## What NetSuite's statuses mean ({name.replace('_', ' ')})", "")
        yield from _statuses(spec)
    for name, spec in table.section("tables").items():
        yield from ("", f"## Words of {name.replace('_', ' ')}", "")
        rows = [(word, *(_words(entry.get(s, ())) for s in SYSTEMS)) for word, entry in spec.items()]
        yield from grid(("our word", "Salesforce", "NetSuite"), rows)


def _native_object(table: EntityTable, system: str) -> str:
    spec = table.section(system)
    return str(spec.get("object") or spec.get("record") or spec.get("type") or "-")


def _sentences(table: EntityTable) -> Iterator[str]:
    yield f"Of two records that turn out to be the same, the one of {NAMES[table.master]} stays."
    for target in SYSTEMS:
        spec = table.section("create", target)
        if spec:
            told = "; ".join(condition(part) for part in spec.get("when", ())) or "always"
            yield f"A record of {NAMES[OTHER[target]]} is made in {NAMES[target]} when all of this holds: {told}."
        else:
            yield f"Nothing is made in {NAMES[target]}."
    matches = [f"{m.get('name')} ({_words(m.get('salesforce', ()))} = {_words(m.get('netsuite', ()))})" for m in table.document.table.get("match", ())]
    yield f"Records that exist on both sides are joined by: {', then '.join(matches)}." if matches else "Records are never joined by what they hold."
    for system, action in table.section("on_delete").items():
        yield f"When it is deleted in {NAMES[system]}, the record in {NAMES[OTHER[system]]} {DELETED.get(action, action)}."
    stages = stages_of(table)
    if len(stages) > 1:
        yield (
            f"It goes through the stages {', '.join(stages)}; a step back is followed from "
            + ("; from ".join(f"{was} to {now}" for was, now in table.section("stages").get("backward", ())) or "none")
            + "."
        )


def condition(part: Mapping[str, Any]) -> str:
    """A condition as a sentence's part."""
    field = str(part.get("field", "")).replace("_", " ")
    if "expr" in part:
        return f"`{part['expr']}`"
    if "is" in part:
        return f"{field} is {' or '.join(map(str, part['is']))}"
    if "not" in part:
        return f"{field} is not {' or '.join(map(str, part['not']))}"
    if "present" in part:
        return f"{field} is {'filled' if part['present'] else 'empty'}"
    return f"{field} is among the {str(part.get('within', part.get('contains_any'))).replace('.', ' ')}"


def _ownership(table: EntityTable) -> Iterator[str]:
    rows = [
        (name.replace("_", " "), _type(field), owner(table, field), _native(field, "salesforce"), _native(field, "netsuite"), _other_side(table, field))
        for name, field in table.fields.items()
    ]
    yield from grid(("field", "kind", "owner", "in Salesforce", "in NetSuite", "an edit by the other side"), rows)


def _type(field: FieldTable) -> str:
    told = TYPES.get(field.type, field.type)
    if field.type == "text" and field.argument:
        return f"{told}, up to {field.argument}"
    return f"{told} ({field.argument.replace('_', ' ')})" if field.argument else told


def owner(table: EntityTable, field: FieldTable) -> str:
    """Who owns it, stage by stage where that differs."""
    by_stage = owners(field.owner, stages_of(table), table.section("owners"))
    found = list(dict.fromkeys(by_stage.values()))
    told = (
        NAMES[found[0]]
        if len(found) == 1
        else "; ".join(f"{NAMES[each]} while {' or '.join(stage for stage, o in by_stage.items() if o == each)}" for each in found)
    )
    return f"{told} (the other side may propose it for a new record)" if field.seed and len(field.native) > 1 else told


def _native(field: FieldTable, system: str) -> str:
    native = field.native.get(system)  # type: ignore[call-overload]
    if native is None:
        return ""
    return f"`{native.name}`" if native.name else "reads " + ", ".join(f"`{column}`" for column in native.columns)


def _other_side(table: EntityTable, field: FieldTable) -> str:
    if not written_to(table, field):
        return ""
    if field.create_only:
        return "is left: it is written once, when the record is made"
    return "is reported" if field.on_conflict == "report" else "is put back"


def _statuses(spec: Mapping[str, Any]) -> Iterator[str]:
    codes = spec.get("codes", {})

    def words(letters: Iterable[str]) -> str:
        return ", ".join(str(codes[letter]["is"]).replace("_", " ") for letter in letters if letter in codes)

    rows = [
        (f"{letter} {' / '.join(e.get('names', ())[:1])}".strip(), str(e.get("shown", e["is"].replace("_", " ").capitalize())),
         words(e.get("next", ())), words(e.get("back", ())))
        for letter, e in codes.items()
    ]  # fmt: skip
    rows.append(("any other (a custom status)", "its own text", "", f"counts as {spec['default']}" if spec.get("default") else "the status stays as it was"))
    yield from grid(("NetSuite says", "people in Salesforce read", "may go on to", "may go back to"), rows)


def _words(value: Any) -> str:
    return ", ".join([value] if isinstance(value, str) else map(str, value))


def grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A Markdown table; a bar in a cell is escaped."""
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
