"""Codes of several rows in one text: where a customer may buy, and in what."""

from __future__ import annotations

from collections.abc import Mapping

from streams.mapping.lines import Body, Factory, Hook, row_reader, rows_of
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable


def all_subsidiaries(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Codes of the subsidiaries that may sell to a customer, sorted, parted by `;`. One that the configuration doesn't know isn't told."""
    return _gathered("subsidiaries", "subsidiary", table, reference)


def all_currencies(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """Codes of the currencies that a customer may be sold in, its primary one among them, as above."""
    return _gathered("currencies", "currency", table, reference, own="currency")


def _gathered(children: str, field: str, table: EntityTable, reference: Reference, own: str = "") -> Hook:
    """`own`: column of the record itself that names one more."""
    read, rows = row_reader(table, children, "netsuite", reference), table.children[children].netsuite
    known = reference.codes.get(children, {})

    def codes(body: Body) -> str | None:
        more = [{own: body[own]}] if own and body.get(own) else []
        found = {code for row in (*rows_of(body, rows), *more) if (code := read(row)[field]) in known}
        return ";".join(sorted(code for code in found if code)) or None

    return codes


CODE_HOOKS: Mapping[str, Factory] = {"all_subsidiaries": all_subsidiaries, "all_currencies": all_currencies}
