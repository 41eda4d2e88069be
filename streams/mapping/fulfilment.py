"""Lines and packages of a fulfilment. NetSuite gives packages no key: theirs is (fulfilment, ordinal); a carton that goes leaves an empty one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from schemas.ids import Ref, to_external
from streams.mapping.convert import cell, read_text
from streams.mapping.lines import Body, Factory, Hook, dumped, loaded, row_reader, rows_of
from streams.mapping.normal import stripped
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.money import ZERO

#: How the tracking numbers of a fulfilment are parted in one search column.
PARTED = re.compile(r"\s*(?:<[bB][rR]\s*/?>|[,;\n])\s*|\s+")


def child_key(kind: str, body: Body, part: object) -> str:
    """Key of a child in the form that Salesforce holds: `fulfilment_line-netsuite-<fulfilment>-<line>`."""
    return to_external(str(Ref(kind, "netsuite", f"{cell(body.get('internalid'))}-{part}")))


def netsuite_fulfilled(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    read = row_reader(table, "lines", "netsuite", reference)

    def lines(body: Body) -> str | None:
        rows = [read(row) for row in rows_of(body, "lines")]
        return dumped([
            {**row, "key": child_key("fulfilment_line", body, row.get("line")), "quantity": _amount(row.get("quantity")), "line": None}
            for row in rows
            if row.get("item") and (decimal(row.get("quantity")) or ZERO) != 0
        ])  # fmt: skip

    return lines


def _amount(text: str | None) -> str | None:
    """Searches may show what leaves the stock as negative."""
    return None if text is None else stripped(text.lstrip("-"), 6)


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


def salesforce_children(collection: str) -> Factory:
    """Children as Salesforce holds them."""

    def factory(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
        read, name = row_reader(table, collection, "salesforce", reference), table.children[collection].salesforce
        return lambda body: dumped([read(row) for row in rows_of(body, name)])

    return factory


def children_normal(text: str) -> str:
    """Without emptied rows; numbers without trailing zeros."""
    rows = []
    for row in loaded(text):
        values = {n: stripped(v, 6) if n in ("quantity", "weight") else v for n, v in row.items() if v not in (None, "")}
        if values.get("quantity") == "0" or ("quantity" not in row and not values.get("tracking") and not values.get("weight")):
            continue
        rows.append(values)
    return dumped(rows)


FULFILMENT_HOOKS: Mapping[str, Factory] = {
    "netsuite_fulfilled": netsuite_fulfilled,
    "netsuite_packages": netsuite_packages,
    "salesforce_fulfilled": salesforce_children("lines"),
    "salesforce_packages": salesforce_children("packages"),
}
