"""Stock by location, what comes next, and what a kit is made of: rows of further searches that go along with an item's row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from streams.mapping.convert import DATE_ORDERS, cell, date_reader, read_number, read_text
from streams.mapping.documents import child_key
from streams.mapping.lines import Body, Factory, Hook, dumped, row_reader, rows_of
from streams.mapping.normal import stripped
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.money import ZERO


def default_store(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """The sum over the default store's locations; nothing where it was never stocked in one of them."""
    store, ids = reference.store(None), reference.codes.get("locations", {})
    mine = frozenset(ids.get(code, "") for code in (store.locations if store else ()))

    def read(body: Body) -> str | None:
        found = [Decimal(text) for place, text in _available(body, columns[0]) if place in mine]
        return stripped(format(sum(found, ZERO), "f"), 6) if found else None

    return read


def _available(body: Body, rows: str) -> Iterator[tuple[str, str]]:
    for row in rows_of(body, rows):
        text = read_number(row.get("locationquantityavailable"))
        if text is not None:
            yield str(cell(row.get("inventorylocation"))), text


def receipt_date(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """When goods come next to the row's location. Columns: rows of open purchase order lines, location."""
    open_lines = _coming(columns, reference)
    return lambda body: min((day for day, _ in open_lines(body)), default=None)


def receipt_quantity(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """How much comes on that day."""
    open_lines = _coming(columns, reference)

    def read(body: Body) -> str | None:
        found = open_lines(body)
        first = min((day for day, _ in found), default=None)
        return stripped(format(sum((left for day, left in found if day == first), ZERO), "f"), 6) if found else None

    return read


def _coming(columns: tuple[str, ...], reference: Reference) -> Callable[[Body], list[tuple[str, Decimal]]]:
    rows, location = columns
    read_date = date_reader(DATE_ORDERS[reference.date_format])

    def lines(body: Body) -> list[tuple[str, Decimal]]:
        """(expected day, what is open) of each line for this location that has a day."""
        here, out = str(cell(body.get(location))), []
        for row in rows_of(body, rows):
            day = read_date(row.get("expectedreceiptdate"))
            left = (decimal(read_number(row.get("quantity"))) or ZERO) - (decimal(read_number(row.get("quantityshiprecv"))) or ZERO)
            if day and left > 0 and str(cell(row.get("location"))) == here:
                out.append((day, left))
        return out

    return lines


def members(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Components of a kit or assembly, keyed by (item, component)."""
    read = row_reader(table, "members", "netsuite", reference)

    def rows(body: Body) -> str | None:
        found = [read(row) for row in rows_of(body, columns[0])]
        return dumped([{**row, "key": child_key("kit_member", body, str(row["item"]).rpartition(":")[2])} for row in found if row.get("item")])

    return rows


def options(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """What tells a variant from its siblings: `Color=Black;Size=M`, from the item option fields that an overlay names."""

    def read(body: Body) -> str | None:
        found = ((column.rpartition("_")[2].capitalize(), _shown(body.get(column))) for column in columns)
        return ";".join(f"{name}={text}" for name, text in found if text) or None

    return read


def _shown(value: object) -> str | None:
    return read_text(value.get("text") or value.get("value")) if isinstance(value, Mapping) else read_text(value)


STOCK_HOOKS: Mapping[str, Factory] = {
    "default_store": default_store,
    "receipt_date": receipt_date,
    "receipt_quantity": receipt_quantity,
    "members": members,
    "options": options,
}
