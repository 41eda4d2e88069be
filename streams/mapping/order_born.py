"""Orders that begin in NetSuite: their lines as order products, and the keys by which both systems know the lines from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from schemas.events import Part, Record
from schemas.ids import Ref, parse_ref, to_external
from streams.mapping.convert import KEEP, read_text
from streams.mapping.lines import Body, Factory, Hook, Row, dumped, loaded
from streams.mapping.order_lines import netsuite_rows, salesforce_rows
from streams.mapping.render import encoded
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.money import ZERO
from streams.rules import Links, Read

LINE = "order_line"
#: What the source of such an order says in Salesforce.
BORN_IN = "NetSuite"
#: The part that is written after the lines: an order can't be made active before it has some.
ITSELF = "self"


def born_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Lines of an order none of whose lines is ours, each with the discount line below folded in."""
    rows = netsuite_rows(table, reference)

    def read(body: Body) -> str | None:
        found = rows(body)
        return None if any(row.get("key") for row in found) else dumped([{**row, "key": row["line"]} for row in folded(found)])

    return read


def folded(rows: Sequence[Row]) -> list[Row]:
    """A negative amount without a quantity is a discount on the line directly above."""
    out: list[Row] = []
    for row in rows:
        amount = decimal(row.get("amount")) or ZERO
        if amount < 0 and not decimal(row.get("quantity")) and out:
            off = (decimal(out[-1].get("discount")) or ZERO) - amount
            out[-1] = {**out[-1], "discount": format(off, "f")}
        elif row.get("item") and decimal(row.get("quantity")):
            out.append({name: row.get(name) for name in ("line", "item", "quantity", "unit_price", "amount", "description")})
    return out


def born_keys(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Which order product stands for which line: told by the key that we made it with."""
    rows = salesforce_rows(table, reference)

    def read(body: Body) -> str | None:
        made = [(row["key"], row.get("born") or "") for row in rows(body)]
        return dumped([{"key": key, "line": born.rpartition("-")[2]} for key, born in made if born.startswith(f"{LINE}-")]) or None

    return read


def born_active(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """Has an order that we made got its lines? It is active only then."""
    status, source = columns

    def read(body: Body) -> str | None:
        return ("true" if read_text(body.get(status)) == "Activated" else "false") if read_text(body.get(source)) == BORN_IN else KEEP

    return read


def held_keys(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = netsuite_rows(table, reference)
    return lambda body: dumped([{"key": row["key"], "line": row.get("line")} for row in rows(body) if row.get("key")])


def keys_normal(value: str, _links: Links, read: Read) -> str:
    """Only keys of lines that were made for NetSuite's; where they stand in NetSuite is no difference."""
    asked = {row["key"] for row in loaded(read("salesforce", "line_keys"))}
    return dumped([{"key": row["key"]} for row in loaded(value) if row["key"] in asked])


def keyed(keys: Sequence[Mapping[str, str]]) -> list[Body]:
    """Lines of NetSuite by number, with the key that they get."""
    return [{"line": int(row["line"]), "custcol_accord_line_key": row["key"]} for row in keys]


def products(record: Record, rows: Sequence[Mapping[str, str]], currency: str | None, reference: Reference) -> list[Part]:
    """An order product for each line, at the standard book's entry of its item; then the order is made active."""
    page = reference.codes.get("currencies", {}).get(currency or "", "")
    order = parse_ref(record.key).id
    return [*(_product(record, row, order, page, reference) for row in rows), Part("Order", ITSELF, "", encoded({"Status": "Activated"}))]


def _product(record: Record, row: Mapping[str, str], order: str, page: str, reference: Reference) -> Part:
    item = parse_ref(row["item"]).id
    price = Decimal(row.get("unit_price") or 0) or Decimal(row.get("amount") or 0) / Decimal(row["quantity"])
    body = {"Quantity": Decimal(row["quantity"]), "UnitPrice": price, "Accord_NetSuite_Line__c": row["line"]}
    if off := decimal(row.get("discount")):
        body |= {"Accord_Discount_Amount__c": off}
    if text := row.get("description"):
        body |= {"Description": text[:255]}
    entry = str(Ref("price", "netsuite", f"{item}-{reference.base_price_level}-{page}"))
    seeds = {"OrderId": {"$ref": record.key}, "PricebookEntryId": {"$ref": entry}}
    return Part("OrderItem", "", to_external(str(Ref(LINE, "netsuite", f"{order}-{row['line']}"))), encoded(body), encoded(seeds))


BORN_HOOKS: Mapping[str, Factory] = {"born_lines": born_lines, "born_keys": born_keys, "born_active": born_active, "held_keys": held_keys}
