"""One entity, compiled: everything that the pipeline asks of a mapping, as functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.reads import NetSuiteRead, SalesforceRead
from schemas.events import Problem, Record
from schemas.ids import OTHER, SYSTEMS
from streams.mapping.compute import COMPUTES, worked_out
from streams.mapping.documents import children_form
from streams.mapping.golden import golden_of, whole_schema
from streams.mapping.lines import translated
from streams.mapping.normal import Normal, normal_form
from streams.mapping.observe import Observe, observer
from streams.mapping.order_born import keys_normal
from streams.mapping.order_ends import cancelled_normal
from streams.mapping.order_lines import facts_normal
from streams.mapping.oversell import stock_normal
from streams.mapping.personal import Personal, personal_of
from streams.mapping.reads import reads_of
from streams.mapping.render import Render, renderer
from streams.mapping.render_document import document_renderer
from streams.mapping.render_line import line_renderer
from streams.mapping.render_order import order_renderer
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable, FieldTable, there
from streams.mapping.targets import stages_of
from streams.mapping.tells import TOLD, rolled, teller
from streams.mapping.types import KINDS
from streams.mapping.when import condition
from streams.ownership import owner_of, owners
from streams.rules import STATUS_FIELDS, FieldRule, Links, OnDelete, Read, Review, Rules

Validate = Callable[[Read, str, Links], tuple[Problem, ...]]
RENDERERS: Mapping[str, Callable[[EntityTable, Reference], Render]] = {
    "order": order_renderer,
    "document": document_renderer,
    "line": line_renderer,
}
#: Names that `[validate] rules` may say.
VALIDATORS = ("order", "quote")
#: Normal forms of child lists, by the name that stands in `lines(...)`.
LIST_FORMS: Mapping[str, Normal] = {
    "order": lambda value, links, _read: translated(value, links),
    "facts": lambda value, _links, _read: facts_normal(value),
    "cancelled": cancelled_normal,
    "stock": lambda value, _links, _read: stock_normal(value),
    "keys": keys_normal,
}


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """A compiled mapping. `hash`: of the effective tables and reference data; told with every write. `schema`: Avro, of its golden records."""

    name: str
    rules: Rules
    hash: str
    reads: tuple[SalesforceRead | NetSuiteRead, ...]
    observe: Observe
    render: Render
    golden: Callable[[Record, Read], dict[str, Any]]
    schema: Mapping[str, Any]
    personal: Personal


def compiled(table: EntityTable, reference: Reference, hash_: str, margin_ms: int) -> Entity:
    """An entity from a table that `check` found faultless."""
    rules = rules_of(table, reference, margin_ms)
    return Entity(
        table.entity,
        rules,
        hash_,
        reads_of(table, reference),
        observer(table, reference),
        RENDERERS.get(table.section("render") or "", renderer)(table, reference),
        golden_of(table, rules),
        whole_schema(table.document),
        personal_of(table),
    )


def rules_of(table: EntityTable, reference: Reference, margin_ms: int) -> Rules:
    stages = stages_of(table)
    validated = table.section("validate")
    facts = {fact: field for fact, field in table.section("facts").items() if field in table.fields}
    return Rules(
        entity=table.entity,
        master=table.master,  # type: ignore[arg-type]
        fields={name: _rule(table, field, stages) for name, field in table.fields.items()},
        owner=owner_of(_owner_table(table, stages)),
        normal=_normal(table, reference),
        stage=_stage(table, stages, reference),
        compute=_compute(table, reference),
        creates=_creates(table, reference),
        match_values=_match_values(table),
        validate=_validate(validated, reference),
        review=_review(validated, reference),
        facts=_facts(table, facts),
        on_delete=_on_delete(table),
        stages=stages,
        backward=frozenset((was, now) for was, now in table.section("stages").get("backward", ())),
        stage_system=table.section("stages").get("system", ""),
        validated_target=validated.get("target", "") if validated else "",
        inactive=dict(table.section("inactive")),
        fact_fields=frozenset(facts.values()),
        context=_context(table),
        match_fields=_match_fields(table),
        margin_ms=margin_ms,
        merges=frozenset(system for system in SYSTEMS if table.section(system).get("merges")),
        matched=table.document.table.get("matched", True),
        tells=teller(table, reference),
        roll=rolled if any(native.hook == TOLD for f in table.fields.values() for native in f.native.values()) else None,
    )


def _context(table: EntityTable) -> frozenset[str] | None:
    """What normal forms read beside their own field: the record's currency and countries. A computed field may read anything."""
    if any(field.compute or field.expr for field in table.fields.values()):
        return None
    return frozenset({"currency"} | {field.country for field in table.fields.values() if field.country})


def _match_fields(table: EntityTable) -> frozenset[str]:
    return frozenset(name for spec in table.document.table.get("match", ()) for system in SYSTEMS for name in _names(spec.get(system, ())))


def _validate(spec: Mapping[str, Any], reference: Reference) -> Validate:
    """Validation stands above the mapping and reads its lines, so it is fetched here, not imported above."""
    if not spec:
        return lambda _read, _stage, _links: ()
    from streams.validation import order_validator

    return order_validator(reference, spec["rules"])


def _review(spec: Mapping[str, Any], reference: Reference) -> Review:
    """As above."""
    if not spec:
        return lambda _observed, _agreed, _stage: ()
    from streams.tie import order_review

    return order_review(reference, spec["rules"])


def _rule(table: EntityTable, field: FieldTable, stages: Sequence[str]) -> FieldRule:
    by_stage = owners(field.owner, stages, table.section("owners"))
    return FieldRule(
        name=field.name,
        kind=KINDS[field.type].rule,
        rule=f"{table.entity}.{field.name}",
        systems=tuple(system for system in SYSTEMS if system in field.native),
        ref=field.argument if field.type == "ref" else None,
        on_conflict="report" if field.on_conflict == "report" else "restore",
        seed=field.seed,
        create_only=field.create_only,
        status=field.name in STATUS_FIELDS,
        staged=len(set(by_stage.values())) > 1,
        early=field.early,
        silent=field.empty_unknown,
    )


def _owner_table(table: EntityTable, stages: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """`none` becomes None."""
    shared = table.section("owners")
    written = {name: owners(field.owner, stages, shared) for name, field in table.fields.items()}
    return {name: {stage: None if owner == "none" else owner for stage, owner in by.items()} for name, by in written.items()}


def list_form(table: EntityTable, field: FieldTable, reference: Reference) -> Normal | None:
    """A named form, or that of the children with the field's own name."""
    return LIST_FORMS.get(field.argument) or (children_form(table.children[field.name], reference) if field.name in table.children else None)


def _normal(table: EntityTable, reference: Reference) -> Callable[[str, str, str | None, Links, Read], str | None]:
    forms: dict[tuple[str, str], Normal] = {}
    for name, field in table.fields.items():
        for system in SYSTEMS:
            form = list_form(table, field, reference) if field.type == "lines" else normal_form(field.type, field.argument, system, field.country, reference)
            if form is not None:
                forms[system, name] = form

    def normal(system: str, name: str, value: str | None, links: Links, read: Read) -> str | None:
        form = forms.get((system, name))
        return value if form is None or value is None else form(value, links, read)

    return normal


def _stage(table: EntityTable, stages: Sequence[str], reference: Reference) -> Callable[[Read], str]:
    steps = [(spec["stage"], condition(_present(table, spec["when"]), "netsuite", reference)) for spec in table.section("stages").get("rules", ())]
    first = stages[0]

    def stage(read: Read) -> str:
        return next((name for name, holds in steps if holds(read)), first)

    return stage


def _compute(table: EntityTable, reference: Reference) -> Callable[[str, str, Read, Links], str | None]:
    made = {name: COMPUTES[field.compute](reference) for name, field in table.fields.items() if field.compute}
    normal = _normal(table, reference)
    made |= {name: worked_out(field, str(table.document.place(*field.place)), normal) for name, field in table.fields.items() if field.expr}

    def compute(field: str, target: str, read: Read, links: Links) -> str | None:
        found = made.get(field)
        return found(target, read, links) if found else None

    return compute


def _creates(table: EntityTable, reference: Reference) -> Callable[[str, Read], bool]:
    """No `[create.<target>]`: never created there."""
    features = reference.features()
    wanted = {target: spec for target, spec in table.section("create").items() if there(spec, features)}
    tests = {target: condition(_present(table, spec["when"]), OTHER[target], reference) for target, spec in wanted.items()}

    def creates(target: str, read: Read) -> bool:
        found = tests.get(target)
        return found is not None and found(read)

    return creates


def _match_values(table: EntityTable) -> Callable[[str, Read], tuple[str, ...]]:
    keys: list[tuple[str, Mapping[str, tuple[str, ...]]]] = [
        (spec["name"], {system: tuple(n for n in _names(spec.get(system, ())) if n in table.fields) for system in SYSTEMS})
        for spec in table.document.table.get("match", ())
    ]
    entity = table.entity

    def match_values(system: str, read: Read) -> tuple[str, ...]:
        out = []
        for name, fields in keys:
            values = [read(system, field) for field in fields[system]]
            if values and all(values):
                out.append(f"{entity}|{name}|" + "|".join(" ".join((value or "").upper().split()) for value in values))
        return tuple(dict.fromkeys(out))

    return match_values


def _present(table: EntityTable, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Conditions on fields that these accounts have."""
    return [part for part in parts if "expr" in part or part["field"] in table.fields]


def _names(spec: Any) -> tuple[str, ...]:
    return (spec,) if isinstance(spec, str) else tuple(spec)


def _facts(table: EntityTable, names: Mapping[str, str]) -> Callable[[Read], Mapping[str, str]]:
    """The master's word, else the other side's."""
    master, other = table.master, OTHER.get(table.master, "netsuite")

    def facts(read: Read) -> Mapping[str, str]:
        found = {fact: read(master, field) or read(other, field) for fact, field in names.items()}
        return {fact: value for fact, value in found.items() if value is not None}

    return facts


def _on_delete(table: EntityTable) -> Callable[[str], OnDelete]:
    by_system: Mapping[str, OnDelete] = table.section("on_delete")

    def on_delete(system: str) -> OnDelete:
        return by_system.get(system, "ignore")

    return on_delete
