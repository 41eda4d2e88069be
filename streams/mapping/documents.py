"""Documents that NetSuite masters, with their children: lines, packages, applications. NetSuite gives most children no key of their own:
theirs is (document, line or ordinal); a child that goes is emptied, not deleted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas.ids import Ref, to_external
from streams.mapping.convert import cell, read_bool, read_text
from streams.mapping.lines import Body, Factory, Hook, Row, dumped, loaded, row_reader, rows_of
from streams.mapping.normal import Normal, either, quantized, stripped
from streams.mapping.order_lines import DISCOUNT_MARK
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import Collection, EntityTable, FieldTable
from streams.mapping.types import KINDS, TEXT
from streams.money import ZERO

#: How the tracking numbers of a fulfilment are parted in one search column.
PARTED = re.compile(r"\s*(?:<[bB][rR]\s*/?>|[,;\n])\s*|\s+")
NUMBERS = frozenset({"qty", "money", "pct", "fx", "int"})


def child_key(kind: str, body: Body, part: object) -> str:
    """Key of a child in the form that Salesforce holds: `fulfilment_line-netsuite-<fulfilment>-<line>`."""
    return to_external(str(Ref(kind, "netsuite", f"{cell(body.get('internalid'))}-{part}")))


def document_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Goods lines with the discount lines below them folded in. Credits and what leaves the stock may be negative in searches: amounts here are >= 0."""
    read = row_reader(table, "lines", "netsuite", reference)

    def lines(body: Body) -> str | None:
        out: list[Row] = []
        for row in map(read, rows_of(body, "lines")):
            if _is_discount(row):
                if out:
                    out[-1]["discount"] = _sum(out[-1].get("discount"), row.get("amount"))
            elif row.get("item") and (decimal(row.get("quantity")) or ZERO) != 0:
                out.append({**row, "key": child_key(f"{table.entity}_line", body, row.get("line"))})
        return dumped([{name: _bare(name, row) for name in row if name not in ("line", "line_key", "kind")} for row in out])

    return lines


def _is_discount(row: Row) -> bool:
    return row.get("kind") == "Discount" or (row.get("line_key") or "").endswith(DISCOUNT_MARK)


def _sum(one: str | None, other: str | None) -> str:
    return format(abs(decimal(one) or ZERO) + abs(decimal(other) or ZERO), "f")


def _bare(name: str, row: Row) -> str | None:
    value = row[name]
    return value.lstrip("-") if value is not None and name in ("quantity", "amount", "discount") else value


def netsuite_packages(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """From the sublist where the row has it, else from the one column with all tracking numbers."""
    read, sublist = row_reader(table, "packages", "netsuite", reference), table.children["packages"].netsuite

    def packages(body: Body) -> str | None:
        rows = [read(row) for row in rows_of(body, sublist)]
        if not rows:
            text = read_text(body.get(columns[0])) or ""
            rows = [{"tracking": number} for number in PARTED.split(text) if number]
        return dumped([{**row, "key": child_key("package", body, n)} for n, row in enumerate(rows, 1)])

    return packages


def applications(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """What a payment or credit is applied to: the sublist lists every open document, so only lines that are applied count."""
    read, sublist = row_reader(table, "applications", "netsuite", reference), table.children["applications"].netsuite

    def applied(body: Body) -> str | None:
        rows = [read(row) for row in _applied(body, sublist, "CustInvc")]
        kind = f"{table.entity}_application"
        return dumped([{**row, "key": child_key(kind, body, (row.get("invoice") or "").rpartition(":")[2]), "active": "true"} for row in rows])

    return applied


def _applied(body: Body, sublist: str, kind: str) -> list[Body]:
    return [r for r in rows_of(body, sublist) if read_bool(r.get("apply")) == "true" and (read_text(r.get("trantype")) or kind) == kind]


def refunded(_columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """The credit memo that a refund pays out, the largest where there are several."""

    def credit(body: Body) -> str | None:
        rows = _applied(body, "apply", "CustCred")
        best = max(rows, key=lambda r: decimal(read_text(r.get("amount"))) or ZERO, default=None)
        doc = read_text(best.get("doc")) if best else None
        return f"credit_memo:netsuite:{doc}" if doc else None

    return credit


def source(entity: str, kind: str) -> Factory:
    """The document that this one was made from, if it is of that kind. Columns: id, type, and what must be filled besides (an order that we mirror)."""

    def factory(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
        ident, type_, *filled = columns

        def read(body: Body) -> str | None:
            id_ = read_text(body.get(ident))
            here = id_ and read_text(cell(body.get(type_))) == kind and all(read_text(body.get(name)) for name in filled)
            return f"{entity}:netsuite:{id_}" if here else None

        return read

    return factory


def less(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """The first amount less the second, both without sign: what is paid of a total."""

    def read(body: Body) -> str | None:
        whole, rest = (decimal(read_text(body.get(name))) for name in columns)
        return None if whole is None else format(abs(whole) - abs(rest or ZERO), "f")

    return read


def salesforce_rows(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Children as Salesforce holds them, by their relationship's name."""
    collection = next(c for c in table.children.values() if c.salesforce == columns[0])
    read = row_reader(table, collection.name, "salesforce", reference)
    return lambda body: dumped([read(row) for row in rows_of(body, columns[0])])


def children_form(collection: Collection, reference: Reference) -> Normal:
    """Without emptied rows; numbers without trailing zeros and at the currency's scale; texts as long as they may be; references as entity keys."""

    def normal(text: str, links: Any, read: Any) -> str:
        scale = reference.scale(either(read, "netsuite", "currency"))
        rows = []
        for row in loaded(text):
            held = {n: _held(collection.fields.get(n), str(v), scale, links) for n, v in row.items() if v not in (None, "")}
            if any(held.get(name, "0") != "0" for name in collection.lives_by):
                rows.append(held)
        return dumped(rows)

    return normal


def _held(field: FieldTable | None, value: str, scale: int, links: Any) -> str:
    if field is None:
        return value
    if field.type == "ref":
        return links.key_of(value) or value
    if field.type in NUMBERS:
        return stripped(quantized(value, scale) if field.type == "money" else value, 6)
    return value[: int(field.argument)].rstrip() if field.type == "text" and field.argument else value


def emptied(collection: Collection) -> dict[str, str]:
    """What is left of a child that is gone."""
    out = {name: "0" for name in collection.lives_by if collection.fields[name].type in NUMBERS}
    return out | {name: "false" for name, field in collection.fields.items() if field.type == "bool"}


def rows_schema(collection: Collection) -> dict[str, Any]:
    """Avro types of the golden record's rows, by name."""
    told = {n: f for n, f in collection.fields.items() if "salesforce" in f.native and n != "key"}
    refs = {n: ["null", {"type": "string", "entity": f.argument}] for n, f in told.items() if f.type == "ref"}
    return {"key": "string", **{n: refs.get(n) or KINDS[f.type].avro or TEXT for n, f in told.items()}}


DOCUMENT_HOOKS: Mapping[str, Factory] = {
    "document_lines": document_lines,
    "netsuite_packages": netsuite_packages,
    "applications": applications,
    "refunded": refunded,
    "from_order": source("order", "SalesOrd"),
    "from_invoice": source("invoice", "CustInvc"),
    "from_return": source("return", "RtnAuth"),
    "less": less,
    "salesforce_rows": salesforce_rows,
}
