"""A record that is a line of another one's sublist in NetSuite (an address of a customer): the line, and the record that holds it."""

from __future__ import annotations

from schemas.events import Record
from streams.mapping.render import Body, Options, Render, Rendered, address, compact, part_of, plain_body, ref_options, renderer, side_of
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable
from streams.reconcile.decision import Ask
from streams.rules import DELETED, Links

#: Canonical field that names the record which holds the line.
HOLDER = "customer"


def line_renderer(table: EntityTable, reference: Reference) -> Render:
    """To Salesforce as any record; to NetSuite as `{"holder": reference, "line": line}`, with the sublist in the options."""
    plain, side = renderer(table, reference), side_of(table, "netsuite", reference)
    sublist: Options = {"line_of": str(table.section("netsuite")["line_of"])}

    def render(ask: Ask, record: Record, links: Links) -> Rendered:
        if ask.target != side.system:
            return plain(ask, record, links)
        if ask.kind in ("delete", "withdraw") or DELETED in ask.fields:
            return (part_of(side, ask, record, {}, {}),), sublist
        create = ask.kind == "create"
        line: Body = plain_body(side, ask.fields, ask.desired, {})
        for group in side.groups:
            if create or any(name in ask.fields for name in group.fields):
                made = address(group, ask.desired, create=create) or {}
                line["addressBookAddress"] = compact(made) if create else made
        body = {"holder": {"$ref": ask.desired.get(HOLDER)}, "line": compact(line) if create else line}
        part = part_of(side, ask, record, body, {})
        return ((part,), {**sublist, **ref_options(body)})

    return render
