"""How orders and lines end: requests to cancel them in Salesforce, what NetSuite has closed, and what people read then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streams.mapping.convert import KEEP, cell, cell_text, read_bool, read_text
from streams.mapping.lines import Body, Factory, Hook, Row, dumped, loaded
from streams.mapping.order_lines import is_discount, netsuite_rows, salesforce_rows
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.money import ZERO
from streams.rules import Links, Read
from streams.status import StatusTable, Step, status_table

CANCELLED = "Cancelled"
#: Letter of an order that is closed: that it was cancelled shows in its lines only, because C is set by people in NetSuite alone.
CLOSED = "H"


def ours(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.get("key") and not is_discount(row)]


def done(row: Row) -> bool:
    """Nothing of the line is left to ship."""
    return row.get("is_closed") == "true" or (decimal(row.get("shipped")) or ZERO) >= (decimal(row.get("quantity")) or ZERO)


def cancel_request(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """A request can be made and not be taken back: only "true" is a wish."""
    flag, status = columns

    def read(body: Body) -> str | None:
        ended = read_text(body.get(status)) in {"Canceled", "Cancelled", "Expired", "Superseded"}
        return "true" if ended or read_bool(body.get(flag)) == "true" else KEEP

    return read


def all_closed(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Nothing is left to cancel: the order is closed or cancelled, or every line is closed or shipped."""
    rows, statuses = netsuite_rows(table, reference), _statuses(table)

    def read(body: Body) -> str | None:
        step, lines = _step(statuses, body, columns[0]), ours(rows(body))
        ended = step is not None and step.word in {"cancelled", "closed"}
        return "true" if ended or (lines and all(map(done, lines))) else "false"

    return read


def cancelled_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Lines that a person asks to cancel. As with the whole order, no tick is no wish."""
    rows = salesforce_rows(table, reference)

    def read(body: Body) -> str | None:
        asked = [{"key": row["key"]} for row in rows(body) if row.get("cancel") == "true"]
        return dumped(asked) if asked else KEEP

    return read


def done_lines(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Lines of which nothing is left to cancel."""
    rows = netsuite_rows(table, reference)
    return lambda body: dumped([{"key": row["key"]} for row in ours(rows(body)) if done(row)])


def cancelled_normal(value: str, _links: Links, read: Read) -> str:
    """Only the lines that were asked for: what else NetSuite has closed is no difference."""
    asked = {row["key"] for row in loaded(read("salesforce", "cancel_lines"))}
    return dumped([row for row in loaded(value) if row["key"] in asked])


def order_shown(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """The status as people read it: an order that was closed before anything left is a cancelled one to them."""
    rows, statuses = netsuite_rows(table, reference), _statuses(table)

    def read(body: Body) -> str | None:
        step, lines = _step(statuses, body, columns[0]), ours(rows(body))
        if step is None:
            return read_text(cell_text(body.get(columns[0])))
        begun = any((decimal(row.get(name)) or ZERO) > 0 for row in lines for name in ("shipped", "billed"))
        return CANCELLED if step.letter == CLOSED and lines and not begun else step.shown

    return read


def _statuses(table: EntityTable) -> StatusTable:
    name, spec = next(iter(table.section("status").items()))
    return status_table(name, spec)


def _step(statuses: StatusTable, body: Body, column: str) -> Step | None:
    value = body.get(column)
    return statuses.find(read_text(cell(value)), read_text(cell_text(value)))


ENDING_HOOKS: Mapping[str, Factory] = {
    "cancel_request": cancel_request,
    "all_closed": all_closed,
    "cancelled_lines": cancelled_lines,
    "done_lines": done_lines,
    "order_shown": order_shown,
}
