"""Documents to Salesforce: the head, its children by our key; children that are gone in NetSuite are emptied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.events import Part, Record
from schemas.ids import System
from streams.mapping.convert import Writer
from streams.mapping.documents import emptied
from streams.mapping.lines import loaded
from streams.mapping.render import Body, Render, Rendered, adoption, encoded, part_of, plain_body, ref_options, side_of
from streams.mapping.render_order import row_value
from streams.mapping.stores import Reference
from streams.mapping.table import Collection, EntityTable
from streams.mapping.types import writer
from streams.reconcile.decision import Ask
from streams.rules import DELETED, Links

SALESFORCE: System = "salesforce"


def document_renderer(table: EntityTable, reference: Reference) -> Render:
    sides = {"salesforce": side_of(table, "salesforce", reference), "netsuite": side_of(table, "netsuite", reference)}
    writers = {name: _writers(table, collection, reference) for name, collection in table.children.items()}
    adopts = adoption(table, sides["salesforce"])

    def render(ask: Ask, record: Record, _links: Links) -> Rendered:
        side = sides[ask.target]
        if ask.kind in ("delete", "withdraw") or DELETED in ask.fields:
            return (part_of(side, ask, record, {}, {}), *left_behind(table, record)), {}
        body = plain_body(side, ask.fields, ask.desired, {})
        parts = [part_of(side, ask, record, body, {})]
        bodies: list[Any] = [body]
        for name, collection in table.children.items():
            if name in ask.fields and ask.target == SALESFORCE:
                made = children(collection, writers[name], record, ask.fields[name], row_value(record, name))
                parts += made[0]
                bodies += made[1]
        return tuple(parts), {**(adopts(ask, body) if ask.target == SALESFORCE else {}), **ref_options(*bodies)}

    return render


def left_behind(table: EntityTable, record: Record) -> list[Part]:
    """Children that Salesforce doesn't delete together with the document, by their keys."""
    out = []
    for collection in table.children.values():
        if collection.loose:
            rows = [row for system in ("netsuite", "salesforce") for row in loaded(row_value(record, collection.name, system))]
            out += [Part(collection.object, "", key, "{}") for key in dict.fromkeys(row["key"] for row in rows)]
    return out


def _writers(table: EntityTable, collection: Collection, reference: Reference) -> Mapping[str, tuple[str, Writer]]:
    return {
        name: (native.name, writer(field, SALESFORCE, table, reference))
        for name, field in collection.fields.items()
        if name != "key" and (native := field.native.get(SALESFORCE)) is not None and native.name
    }


def children(
    collection: Collection, writers: Mapping[str, tuple[str, Writer]], record: Record, wanted: str | None, held: str | None
) -> tuple[list[Part], list[Body]]:
    """One part for each child. A master is named in the seeds, because it can't be changed later; a loose child outlives the document, so each write names it."""
    rows = {row["key"]: row for row in loaded(wanted)}
    gone = {row["key"]: emptied(collection) for row in loaded(held) if row["key"] not in rows}
    parts, bodies = [], []
    for key, row in {**rows, **gone}.items():
        body = {name: write(row.get(field)) for field, (name, write) in writers.items()}
        named = {collection.head: {"$ref": record.key}, **collection.constants}
        body, seeds = ({**body, **named}, {}) if collection.loose else (body, named)
        parts.append(Part(collection.object, "", key, encoded(body), encoded(seeds)))
        bodies.append(body)
    return parts, bodies
