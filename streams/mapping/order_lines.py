"""Lines of an order: what both systems say of item, quantity, price and discount, and what NetSuite says became of them.

A line discount is a line of its own in NetSuite, directly below, with the key `<line key>:d`; here it belongs to its line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from streams.mapping.convert import read_text
from streams.mapping.lines import Body, Factory, Hook, Row, dumped, loaded, once, row_reader, rows_of
from streams.mapping.normal import stripped
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.mapping.types import map_codes
from streams.money import ZERO, Line, gross, line_discount, rounded, totals

DISCOUNT_MARK = ":d"
PRICE_DECIMALS = 8
#: What both systems must agree on; nothing else of a line is compared.
AGREED = ("key", "item", "quantity", "unit_price", "discount")
#: What Salesforce alone says of a line: used in messages and when lines are written, never compared.
NOTES = (
    "key",
    "sku",
    "code",
    "name",
    "item",
    "description",
    "list_price",
    "location",
    "unit_price",
    "quantity",
    "discount_amount",
    "discount_percent",
    "tax",
    "gross",
    "net",
)
#: What became of a line in NetSuite.
FACTS = ("committed", "back_ordered", "picked", "packed", "shipped", "billed", "closed", "expected_ship")


def money_line(row: Mapping[str, str | None]) -> Line:
    """The line as numbers; absent ones count as 0. Where Salesforce says a net amount (quotes), the discount is what is missing to it."""
    gross_, net = decimal(row.get("gross")), decimal(row.get("net"))
    return Line(
        decimal(row.get("unit_price")) or ZERO,
        decimal(row.get("quantity")) or ZERO,
        gross_ - net if gross_ is not None and net is not None else decimal(row.get("discount_amount")),
        decimal(row.get("discount_percent")),
    )


def agreed(row: Mapping[str, str | None], discount: Decimal, scale: int) -> dict[str, str | None]:
    price = row.get("unit_price")
    quantity = row.get("quantity")
    return {
        "key": row.get("key"),
        "item": row.get("item"),
        "quantity": stripped(quantity, 6) if quantity else None,
        "unit_price": stripped(price, PRICE_DECIMALS) if price else None,
        "discount": format(rounded(discount, scale), "f") if discount else None,
    }


@lru_cache(maxsize=32)
def salesforce_rows(table: EntityTable, reference: Reference) -> Callable[[Body], list[Row]]:
    read, name = row_reader(table, "lines", "salesforce", reference), table.children["lines"].salesforce
    return once(lambda body: [read(row) for row in rows_of(body, name)])


def salesforce_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = salesforce_rows(table, reference)

    def read(body: Body) -> str | None:
        scale = reference.scale(read_text(body.get("CurrencyIsoCode")))
        return dumped([agreed(row, line_discount(money_line(row), scale), scale) for row in rows(body)])

    return read


def line_notes(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = salesforce_rows(table, reference)
    return lambda body: dumped([{name: row.get(name) for name in NOTES} for row in rows(body)])


def salesforce_facts(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = salesforce_rows(table, reference)
    return lambda body: dumped([{"key": row["key"], "line": row.get("line"), **{n: row.get(n) for n in FACTS}} for row in rows(body)])


def order_discount(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """The discount on the whole order as an amount: given, or the percent of the net merchandise."""
    rows = salesforce_rows(table, reference)

    def read(body: Body) -> str | None:
        amount, percent = read_text(body.get("Accord_Discount_Amount__c")), read_text(body.get("Accord_Discount_Percent__c"))
        scale = reference.scale(read_text(body.get("CurrencyIsoCode")))
        made = totals([money_line(r) for r in rows(body)], scale, discount_amount=decimal(amount), discount_percent=decimal(percent))
        return format(made.discount, "f")

    return read


# ---------------------------------------------------------------- NetSuite


@lru_cache(maxsize=32)
def netsuite_rows(table: EntityTable, reference: Reference) -> Callable[[Body], list[Row]]:
    read = row_reader(table, "lines", "netsuite", reference)
    return once(lambda body: [read(row) for row in rows_of(body, "lines")])


def is_discount(row: Row) -> bool:
    return (row.get("key") or "").endswith(DISCOUNT_MARK)


def netsuite_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Lines of ours with the discount line below folded in; also right where the line's own amount is net."""
    rows = netsuite_rows(table, reference)
    currencies = map_codes(reference, "currencies", "netsuite")

    def read(body: Body) -> str | None:
        found = rows(body)
        held = body.get("currency")
        scale = reference.scale(currencies.get(str(held["value"] if isinstance(held, dict) else held)))
        off = {(row["key"] or "")[: -len(DISCOUNT_MARK)]: -(decimal(row.get("amount")) or ZERO) for row in found if is_discount(row)}
        return dumped([agreed(row, off.get(row["key"] or "", ZERO) + _cut(row, scale), scale) for row in found if row["key"] and not is_discount(row)])

    return read


def _cut(row: Row, scale: int) -> Decimal:
    """What the line's own amount, with the tax that its price includes, is below price x quantity."""
    amount = decimal(row.get("amount"))
    if amount is None or row.get("unit_price") is None:
        return ZERO
    return gross(money_line(row), scale) - amount - (decimal(row.get("included_tax")) or ZERO)


def extra_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Numbers of lines that were added in NetSuite: ours must not delete them."""
    rows = netsuite_rows(table, reference)
    return lambda body: json.dumps([row.get("line") for row in rows(body) if not row.get("key")])


def netsuite_facts(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = netsuite_rows(table, reference)
    return lambda body: dumped([_facts(row) for row in rows(body) if row.get("key") and not is_discount(row)])


def _facts(row: Row) -> dict[str, str | None]:
    quantity, shipped = decimal(row.get("quantity")) or ZERO, decimal(row.get("shipped")) or ZERO
    closed = format(quantity - shipped, "f") if row.get("is_closed") == "true" else "0"
    return {"key": row["key"], "line": row.get("line"), **{name: row.get(name) for name in FACTS}, "closed": closed}


def facts_normal(text: str) -> str:
    """Only what is not zero: a line of which nothing was said yet equals one where nothing has happened."""
    return dumped([kept for row in loaded(text) if (kept := _telling(row))])


def _telling(row: Mapping[str, Any]) -> dict[str, str] | None:
    values = {n: stripped(v, 6) if n not in ("expected_ship", "line") else v for n, v in row.items() if n != "key" and v not in (None, "")}
    kept = {name: value for name, value in values.items() if value != "0"}
    return {"key": row["key"], **kept} if kept else None


def shipped_any(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = netsuite_rows(table, reference)
    return lambda body: "true" if any((decimal(row.get("shipped")) or ZERO) > 0 for row in rows(body)) else "false"


ORDER_HOOKS: Mapping[str, Factory] = {
    "salesforce_lines": salesforce_lines,
    "line_notes": line_notes,
    "salesforce_facts": salesforce_facts,
    "order_discount": order_discount,
    "netsuite_lines": netsuite_lines,
    "extra_lines": extra_lines,
    "netsuite_facts": netsuite_facts,
    "shipped_any": shipped_any,
}
