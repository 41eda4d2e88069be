"""Judges a mapping at load: every fault of every file at once, each with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from schemas.ids import SYSTEMS
from streams.mapping.compute import COMPUTES
from streams.mapping.entity import LIST_FORMS, RENDERERS, VALIDATORS
from streams.mapping.expression import faults as expression_faults
from streams.mapping.hooks import HOOKS
from streams.mapping.lattice import lattice_faults
from streams.mapping.searches import search_faults
from streams.mapping.source import Place
from streams.mapping.stores import TABLES, Store
from streams.mapping.table import EntityTable, FieldTable
from streams.mapping.targets import stages_of, written_to
from streams.mapping.tells import EVENT_KEYS, PLACE
from streams.mapping.tells import KEYS as TELLS
from streams.mapping.types import KINDS
from streams.mapping.when import KEYS, TESTS
from streams.ownership import OWNERS, owners
from streams.rules import KEY, STATUS_FIELDS
from streams.status import status_faults

SECTIONS = frozenset({
    "entity", "master", "seeded", "on_delete", "inactive", "facts", "salesforce", "netsuite", "fields", "addresses", "match", "create", "tables", "status",
    "stages", "owners", "children", "render", "validate", "tells", "matched", "needs",
})  # fmt: skip
ON_DELETE = ("inactivate", "ignore", "delete", "restore")
#: Hooks whose reading is undone by writing the field by name.
UNDONE_HOOKS = frozenset({"street"})


class Fault(NamedTuple):
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def faults(table: EntityTable, entities: frozenset[str]) -> list[Fault]:
    """Everything that is wrong, in the order of the files."""
    document = table.document
    found = [Fault(document.place(*path), message) for path, message in _all(table, entities)]
    return sorted(set(found))


Found = Iterator[tuple[tuple[str, ...], str]]


def _all(table: EntityTable, entities: frozenset[str]) -> Found:
    yield from _head(table)
    for field in table.fields.values():
        yield from _field(table, field, entities)
    for collection in table.children.values():
        for field in collection.fields.values():
            yield from _typed(table, field, entities)
    yield from _collisions(table)
    yield from _conditions(table)
    yield from _stages(table)
    for name, spec in table.section("status").items():
        yield from status_faults(name, spec)
    yield from _tells(table)
    yield from lattice_faults(table)
    yield from search_faults(table, entities)


def _head(table: EntityTable) -> Found:
    raw = table.document.table
    if raw.get("entity") != table.entity:
        yield ("entity",), f"entity is {raw.get('entity')!r}; this file is {table.entity}.toml"
    if table.master not in SYSTEMS:
        yield ("master",), f"master {table.master!r} is not one of {', '.join(SYSTEMS)}"
    for name in raw:
        if name not in SECTIONS:
            yield (name,), f"unknown name {name!r}; known are {', '.join(sorted(SECTIONS))}"
    for system, action in table.section("on_delete").items():
        if system not in SYSTEMS or action not in ON_DELETE:
            yield ("on_delete",), f"on_delete {system} = {action!r} is not one of {', '.join(ON_DELETE)}"
        if action == "inactivate" and not table.section("inactive"):
            yield ("on_delete",), "inactivate needs to know how: write inactive = { field = value }"
    yield from _named(table)


def _named(table: EntityTable) -> Found:
    """Names of functions and fields in the head of the file."""
    raw = table.document.table
    for name, known in (("render", RENDERERS), ("validate", VALIDATORS)):
        said = raw.get(name)
        said = said.get("rules") if isinstance(said, Mapping) else said
        if said and said not in known:
            yield (name,), f"{name} {said!r} is not one of {', '.join(known)}"
    if KEY not in table.fields and table.section("netsuite").get("mode") != "snapshot":
        yield ("fields",), "no field named key: without it the two systems can't name the record"
    for name in [*table.section("facts").values(), *table.section("inactive")]:
        if not table.known(name):
            yield ("facts",), f"{name!r} is no field of this entity"


def _field(table: EntityTable, field: FieldTable, entities: frozenset[str]) -> Found:
    yield from _typed(table, field, entities)
    if not field.native:
        yield field.place, f"{field.name}: stands in neither system"
    stages = stages_of(table)
    if field.owner is None:
        yield field.place, f"{field.name}: has no owner"
    elif isinstance(field.owner, str) and field.owner not in {*OWNERS, *table.section("owners")}:
        yield field.place, f"{field.name}: owner {field.owner!r} is not one of {', '.join(OWNERS)}, nor a table under [owners]"
    else:
        yield from _owned(table, field, owners(field.owner, stages, table.section("owners")), stages)
    if field.compute and field.compute not in COMPUTES:
        yield field.place, f"{field.name}: unknown compute {field.compute!r}; known are {', '.join(COMPUTES)}"
    if field.expr and (field.owner != "accord" or field.compute):
        yield field.place, f'{field.name}: a field with an expression is worked out by accord alone: owner = "accord", and no compute'
    yield from ((field.place, f"{field.name}: {fault}") for fault in (expression_faults(field.expr, _both_sides(table)) if field.expr else ()))
    for other in (field.country,):
        if other and not table.known(other):
            yield field.place, f"{field.name}: country {other!r} is no field of this entity"
    if field.name in STATUS_FIELDS and field.owner != "accord":
        yield field.place, f"{field.name}: is written by accord alone, so its owner is accord"


def _both_sides(table: EntityTable) -> Mapping[str, frozenset[str]]:
    """What an expression may read: fields of either system."""
    return {system: frozenset(name for name, field in table.fields.items() if system in field.native) for system in SYSTEMS}


def _owned(table: EntityTable, field: FieldTable, by_stage: Mapping[str, Any], stages: tuple[str, ...]) -> Found:
    for stage in stages:
        owner = by_stage.get(stage)
        where = f" in stage {stage}" if stage else ""
        if owner is None:
            yield field.place, f"{field.name}: has no owner{where}"
        elif owner not in OWNERS:
            yield field.place, f"{field.name}: owner {owner!r}{where} is not one of {', '.join(OWNERS)}, nor a table under [owners]"
        elif owner in SYSTEMS and owner not in field.native:
            yield field.place, f"{field.name}: {owner} owns it{where} but has no such field"
    targets = written_to(table, field)
    for system in sorted(targets):
        native = field.native[system]
        if not native.name and field.type != "lines" and not table.section("render"):
            yield field.place, f"{field.name}: is written to {system} but has no name there to write"
    two_way = len(targets) == len(SYSTEMS) and "accord" not in by_stage.values()
    if two_way and not KINDS.get(field.type, KINDS["text"]).undo and field.argument and not field.seed:
        yield (
            field.place,
            f"{field.name}: {field.type}({field.argument}) cuts and can't be undone, but both systems own the field at some stage",
        )
    for system, native in field.native.items():
        if two_way and (native.expr or native.hook) and native.hook not in UNDONE_HOOKS and not table.section("render"):
            yield (
                field.place,
                f"{field.name}: {f'hook {native.hook!r}' if native.hook else 'the expression'} of {system} can't be undone, but both systems own the field at some stage",
            )


def _typed(table: EntityTable, field: FieldTable, entities: frozenset[str]) -> Found:
    kind = KINDS.get(field.type)
    if kind is None:
        yield field.place, f"{field.name}: unknown converter {field.type!r}; known are {', '.join(KINDS)}"
        return
    for name in field.unknown:
        yield (*field.place, name), f"{field.name}: unknown name {name!r}"
    if kind.argument and kind.argument != "length" and not field.argument:
        yield field.place, f"{field.name}: {field.type}(...) needs a {kind.argument}"
    known: Mapping[str, Any] = {
        "ref": entities, "map": TABLES, "enum": table.section("tables"), "lines": (*LIST_FORMS, *((field.argument,) if field.name in table.children else ())), "status": table.section("status"),
    }  # fmt: skip
    if field.argument and field.type in known and field.argument not in known[field.type]:
        yield (
            field.place,
            f"{field.name}: {field.type}({field.argument}): no such {kind.argument or 'list'}; known are {', '.join(known[field.type])}",
        )
    for native in field.native.values():
        if native.expr:
            columns = frozenset(native.columns)
            yield from ((field.place, f"{field.name}: {fault}") for fault in expression_faults(native.expr, {"row": columns, "shown": columns}))
        if native.hook and native.expr:
            yield field.place, f"{field.name}: has a hook and an expression"
        if native.hook and native.hook not in HOOKS:
            yield field.place, f"{field.name}: unknown hook {native.hook!r}; known are {', '.join(HOOKS)}"
    if field.on_conflict not in ("restore", "report"):
        yield field.place, f"{field.name}: on_conflict {field.on_conflict!r} is not restore or report"


def _collisions(table: EntityTable) -> Found:
    """Two canonical fields may read one native field, but not write it."""
    for system in SYSTEMS:
        seen: dict[str, str] = {}
        for field in table.fields.values():
            native = field.native.get(system)
            if native is None or not native.name or field.group:
                continue
            if native.name in seen:
                yield field.place, f"{field.name}: writes {system} {native.name}, which {seen[native.name]} writes already"
            seen[native.name] = field.name
    for name in table.groups:
        for field_name in table.groups[name].fields:
            said = table.section("fields").get(field_name)
            if isinstance(said, Mapping) and "type" in said and "owner" in said:
                yield ("fields", field_name), f"{field_name}: stands under [fields] and is made by [addresses.{name}] too"


def _conditions(table: EntityTable) -> Found:
    for target, spec in table.section("create").items():
        for part in spec.get("when", ()):
            yield from _condition(table, ("create", target, "when"), part)
        if "after" in spec and not table.known(str(spec["after"])):
            yield ("create", target, "after"), f"create after {spec['after']!r}: no such field"
    for number, spec in enumerate(table.section("stages").get("rules", ())):
        for part in spec.get("when", ()):
            yield from _condition(table, ("stages", "rules", str(number), "when"), part)
    for number, spec in enumerate(table.document.table.get("match", ())):
        for system in SYSTEMS:
            names = spec.get(system, ())
            for name in [names] if isinstance(names, str) else names:
                if not table.known(name):
                    yield ("match", str(number), system), f"match by {name!r}: no such field"


def _tells(table: EntityTable) -> Found:
    """Names of keys and fields in what the document tells others."""
    spec = table.section("tells")
    named = [*spec.get("amounts", {}).values(), *spec.get("refresh", ()), spec.get("amount", "")]
    yield from ((("tells",), f"unknown name {name!r}; known are {', '.join(sorted(TELLS))}") for name in spec if name not in TELLS)
    for number, event in enumerate(spec.get("events", ())):
        path = ("tells", "events", str(number))
        yield from ((path, f"unknown name {name!r}; known are {', '.join(sorted(EVENT_KEYS))}") for name in event if name not in EVENT_KEYS)
        yield from ((path, f"an event needs {name!r}") for name in ("type", "text") if not event.get(name))
        named += [*(event.get(key, "") for key in ("suffix", "amount", "quantity", "tracking")), *PLACE.findall(event.get("text", ""))]
        for part in (*event.get("when", ()), *event.get("was", ())):
            yield from _condition(table, path, part)
    for part in spec.get("when", ()):
        yield from _condition(table, ("tells", "when"), part)
    for path_ in named:
        name, _, child = path_.partition(".")
        if name and not (table.known(name) and (not child or child in getattr(table.children.get(name), "fields", ()))):
            yield ("tells",), f"{path_!r} is no field of this entity"


def _condition(table: EntityTable, path: tuple[str, ...], part: Mapping[str, Any]) -> Found:
    if set(part) == {"expr"}:
        yield from ((path, fault) for fault in expression_faults(str(part["expr"]), _both_sides(table)))
        return
    if not table.known(str(part.get("field"))):
        yield path, f"condition on {part.get('field')!r}: no such field"
    if unknown := sorted(set(part) - KEYS):
        yield path, f"condition with unknown name {', '.join(unknown)}; known are {', '.join(sorted(KEYS))}"
    if not set(part) & set(TESTS):
        yield path, f"condition on {part.get('field')!r} tests nothing; write one of {', '.join(TESTS)}"
    attribute = str(part.get("within", part.get("contains_any", "stores.subsidiary"))).removeprefix("stores.")
    if attribute not in Store.__slots__:
        yield path, f"condition within stores.{attribute}: a store has no {attribute}"


def _stages(table: EntityTable) -> Found:
    stages, spec = stages_of(table), table.section("stages")
    for number, rule in enumerate(spec.get("rules", ())):
        if rule.get("stage") not in stages:
            yield ("stages", "rules", str(number)), f"stage {rule.get('stage')!r} is not one of {', '.join(stages)}"
    for was, now in spec.get("backward", ()):
        if was not in stages or now not in stages:
            yield ("stages", "backward"), f"backward step {was} -> {now} names an unknown stage"
