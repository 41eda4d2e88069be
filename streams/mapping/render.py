"""Canonical values to bodies in the target's own shape, with `{"$ref": ...}` where an id of the target belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.events import Part, Record, Values
from schemas.ids import OTHER, SYSTEMS, System, to_external
from streams.address import netsuite_state, postal_shown, street_lines
from streams.mapping.convert import Writer
from streams.mapping.reads import filled
from streams.mapping.stores import Reference
from streams.mapping.table import AddressGroup, EntityTable
from streams.mapping.types import writer
from streams.reconcile.decision import Ask
from streams.rules import DELETED, Links

Body = dict[str, Any]
Options = dict[str, str]
Rendered = tuple[tuple[Part, ...], Options]
Render = Callable[[Ask, Record, Links], Rendered]
ENCODER = msgspec.json.Encoder(decimal_format="number")
#: Code of a write that waits for a record of this entity.
REF_CODES: Mapping[str, str] = {"item": "missing_sku", "price": "price_missing"}


@dataclass(frozen=True, slots=True)
class Side:
    """How one system's bodies are made. `plain`: canonical field -> (name, writer). `record`: its object or record type.

    unique_name: a property that the sink may put a number behind, where the name is another's.
    attach: (canonical field, field of the record that it is told by attaching to, that record's type), or nothing.
    objects: names that NetSuite takes as `{"id": ...}`; null clears them only with `replaceSelectedFields`.
    """

    system: System
    record: str
    plain: Mapping[str, tuple[str, Writer]]
    groups: Sequence[AddressGroup]
    objects: frozenset[str]
    constants: Mapping[str, Any]
    unique_name: str = ""
    attach: tuple[str, str, str] | None = None


def side_of(table: EntityTable, system: System, reference: Reference) -> Side:
    plain: dict[str, tuple[str, Writer]] = {}
    objects: set[str] = set()
    for name, field in table.fields.items():
        native = field.native.get(system)
        if native is None or not native.name:
            continue
        if field.type == "lines" or (field.group and system == "netsuite"):
            continue
        plain[name] = (native.name, writer(field, system, table, reference))
        if system == "netsuite" and field.type in ("ref", "map", "enum"):
            objects.add(native.name)
    section = table.section(system)
    record = section.get("record") or section.get("object") or section.get("type", "")
    constants = filled({**section.get("create", {}), **table.section("create", system).get("constants", {})}, reference)
    said = section.get("attach")
    attach = (str(said["field"]), str(said["to"]), str(said["type"])) if said and said["field"] in plain else None
    return Side(system, str(record), plain, tuple(table.groups.values()), frozenset(objects), constants, str(section.get("unique_name", "")), attach)


def renderer(table: EntityTable, reference: Reference) -> Render:
    """For entities whose fields stand on their own."""
    sides = {system: side_of(table, system, reference) for system in SYSTEMS}
    countries = {name: field.country for name, field in table.fields.items() if field.country}
    adopts, waits = adoption(table, sides["salesforce"]), precedence(table)
    notes = case_note(table, sides["salesforce"])

    def render(ask: Ask, record: Record, _links: Links) -> Rendered:
        side = sides[ask.target]  # type: ignore[index]
        if ask.kind in ("delete", "withdraw") or DELETED in ask.fields:
            return (part_of(side, ask, record, {}, {}),), {}
        body = plain_body(side, ask.fields, ask.desired, countries)
        seeds = plain_body(side, ask.seeds, {**ask.desired, **ask.seeds}, countries) if ask.seeds else {}
        attached = attachment(side, ask, body, seeds)
        options = (
            {**attached, **address_book(side, ask, body), **clearing(side, ask, body), **unique(side, body)}
            if side.system == "netsuite"
            else {**adopts(ask, body), **(notes if ask.kind == "create" else {})}
        )
        return (part_of(side, ask, record, body, seeds),), {**options, **waits(ask, record), **ref_options(body, seeds)}

    return render


def precedence(table: EntityTable) -> Callable[[Ask, Record], Options]:
    """`after` of a create: the field that names a record which must be in the target before, though the body doesn't say it."""
    fields = {target: str(spec["after"]) for target, spec in table.section("create").items() if "after" in spec}

    def waits(ask: Ask, record: Record) -> Options:
        field = fields.get(ask.target)
        register = record.registers.get(OTHER[ask.target], {}).get(field) if field and ask.kind == "create" else None
        slot = None if register is None else register.row or register.event
        return {"after": slot.value} if slot is not None and slot.value else {}

    return waits


def adoption(table: EntityTable, side: Side) -> Callable[[Ask, Body], Options]:
    """Which record of a polled object a create must adopt instead: one that a person made since the last poll has sent no claim yet."""
    polled = table.section("salesforce").get("mode") == "poll"
    found = [spec.get("salesforce") for spec in table.document.table.get("match", ())] if polled else []
    names = [side.plain[field][0] for field in found if isinstance(field, str) and field in side.plain]

    def adopts(ask: Ask, body: Body) -> Options:
        if ask.kind != "create":
            return {}
        given = next(({name: body[name]} for name in names if isinstance(body.get(name), str)), None)
        return {"adopt": encoded(given)} if given else {}

    return adopts


def case_note(table: EntityTable, side: Side) -> Options:
    """Asks the sink to tell open Cases of what is created: `[salesforce] case_match`."""
    match = table.section("salesforce").get("case_match")
    return {"case_note": encoded({"match": match, "order": side.plain["order"][0], "text": side.plain["text"][0]})} if match else {}


def plain_body(side: Side, fields: Values, desired: Values, countries: Mapping[str, str]) -> Body:
    """Fields with a name of their own. Salesforce takes a state only together with its country."""
    body: Body = {}
    for field, value in fields.items():
        found = side.plain.get(field)
        if found is None:
            continue
        name, write = found
        if field.endswith("_postal"):
            value = postal_shown(desired.get(countries.get(field, "")), value) if value else value  # noqa: PLW2901
        body[name] = write(value)
        if field.endswith("_state") and (country := side.plain.get(countries.get(field, ""))):
            body[country[0]] = country[1](desired.get(countries[field]))
    return body


def part_of(side: Side, ask: Ask, record: Record, body: Body, seeds: Body) -> Part:
    """A create gets no nulls: nothing is what a new record holds."""
    create = ask.kind == "create"
    if create:
        body = {name: value for name, value in body.items() if value is not None}
        seeds = {**side.constants, **{name: value for name, value in seeds.items() if value is not None}}
    object_ = ask.desired.get("record_type") or side.record
    return Part(object_, ask.id, to_external(record.key), encoded(body), encoded(seeds if create else {}))


def encoded(body: Any) -> str:
    return ENCODER.encode(body).decode()


def address(group: AddressGroup, desired: Values, *, create: bool) -> Body | None:
    """NetSuite's sub-record, whole; None = there is no address to create."""
    get = {name.removeprefix(f"{group.name}_"): desired.get(name) for name in group.fields}
    if create and not any(get.values()):
        return None
    lines = [*street_lines(get.get("street")), None, None, None][:3]
    country = get.get("country")
    out: Body = {f"addr{n}": line for n, line in enumerate(lines, 1)}
    out["city"] = get.get("city")
    out["state"] = netsuite_state(country, get.get("state"))
    out["zip"] = postal_shown(country, postal) if (postal := get.get("postal")) else None
    if country:
        out["country"] = {"id": country}
    names = {"addressee": "addressee", "attention": "attention", "phone": "addrPhone"}
    out |= {native: get[part] for part, native in names.items() if part in get}
    return out


def address_book(side: Side, ask: Ask, body: Body) -> Options:
    """Address groups of a customer are lines of its address book; equal ones are one line.

    `lines` asks the sink to give each line the id of the one that has exactly these default flags before it updates: without an id a line is added.
    """
    asked = [g for g in side.groups if any(name in ask.fields for name in g.fields)]
    create = ask.kind == "create"
    found = [(group, made) for group in asked if (made := address(group, ask.desired, create=create)) is not None]
    lines: list[tuple[Body, Body]] = []
    for group, made in found:
        if not group.flag:
            body[group.record] = compact(made) if create else made
            continue
        same = next((item for address_, item in lines if address_ == made), None)
        if same is not None:
            same[group.flag] = True
        else:
            lines.append((made, {group.flag: True, "addressBookAddress": compact(made) if create else made}))
    items = [item for _, item in lines]
    if not items:
        return {}
    body["addressBook"] = {"items": items}
    return {} if create else {"lines": "addressBook"}


def attachment(side: Side, ask: Ask, *bodies: Body) -> Options:
    """What is told by attaching the record to another one names that one in its body, and the sink parts the two. Nothing can't be told so."""
    if side.attach is None:
        return {}
    field, to, type_ = side.attach
    name, holder = side.plain[field][0], ask.desired.get(to)
    told = False
    for body in bodies:
        value = body.pop(name, None)
        if value is not None and holder:
            body[name], told = {"to": {"$ref": holder}, "role": value}, True
    return {"attach": f"{type_}/{name}"} if told else {}


def clearing(side: Side, ask: Ask, body: Body, replaced: Sequence[str] = ()) -> Options:
    """Query parameters of a PATCH: sublists that are replaced whole, and references that are cleared."""
    empty = [name for name, value in body.items() if value is None and name in side.objects] if ask.kind != "create" else []
    if not empty:
        return {"replace": ",".join(replaced)} if replaced else {}
    return {"replace": ",".join([*replaced, *empty]), "replaceSelectedFields": "true"}


def unique(side: Side, body: Body) -> Options:
    """The sink may put a number behind this name."""
    return {"unique_name": side.unique_name} if side.unique_name in body else {}


def compact(body: Body) -> Body:
    return {name: value for name, value in body.items() if value is not None}


def ref_options(*bodies: Any) -> Options:
    """Codes by which a write says what it waits for."""
    entities = sorted({ref.partition(":")[0] for body in bodies for ref in refs(body)})
    return {"ref_codes": encoded({e: REF_CODES.get(e, f"missing_{e}") for e in entities})} if entities else {}


def refs(body: Any) -> list[str]:
    """Every reference in a body."""
    if isinstance(body, Mapping):
        own = body.get("$ref")
        return [own] if isinstance(own, str) else [ref for value in body.values() for ref in refs(value)]
    return [ref for value in body for ref in refs(value)] if isinstance(body, list) else []
