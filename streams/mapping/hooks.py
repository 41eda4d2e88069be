"""Named readers for fields that are made of several columns. Each is a factory: (columns, table, reference) -> body -> canonical text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from streams.address import street_lines
from streams.mapping.codes import CODE_HOOKS
from streams.mapping.convert import KEEP, cell, cell_text, read_bool, read_number, read_text
from streams.mapping.documents import DOCUMENT_HOOKS
from streams.mapping.lines import Body, Factory, Hook
from streams.mapping.order_born import BORN_HOOKS
from streams.mapping.order_ends import ENDING_HOOKS
from streams.mapping.order_lines import ORDER_HOOKS
from streams.mapping.oversell import OVERSELL_HOOKS
from streams.mapping.price import PRICE_HOOKS
from streams.mapping.stock import STOCK_HOOKS
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.mapping.tells import TOLD
from streams.money import ZERO
from streams.status import StatusTable, status_table

#: REST record types of items, by search type and by its sub-type where NetSuite has several.
ITEM_RECORDS: Mapping[str, str] = {
    "inventoryitem": "inventoryItem", "kititem": "kitItem", "assemblyitem": "assemblyItem", "itemgroup": "itemGroup",
    "noninventoryitem": "nonInventorySaleItem", "noninventoryitem.resale": "nonInventoryResaleItem",
    "noninventoryitem.purchase": "nonInventoryPurchaseItem", "serviceitem": "serviceSaleItem", "serviceitem.resale": "serviceResaleItem",
    "serviceitem.purchase": "servicePurchaseItem", "othercharge": "otherChargeSaleItem", "downloaditem": "downloadItem",
    "giftcertificateitem": "giftCertificateItem", "serializedinventoryitem": "serializedInventoryItem",
    "lotnumberedinventoryitem": "lotNumberedInventoryItem",
}  # fmt: skip


#: What `sinks.netsuite_name` puts behind a name that is another record's.
NUMBERED = re.compile(r" \(\d\)$")


def street(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """Three address lines to one text."""
    a, b, c = columns

    def read(body: Body) -> str | None:
        found = [text for text in (read_text(body.get(a)), read_text(body.get(b)), read_text(body.get(c))) if text]
        return "\n".join(street_lines("\n".join(found))) or None

    return read


def first(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """The first column that isn't empty."""

    def read(body: Body) -> str | None:
        return next((text for column in columns if (text := read_text(body.get(column)))), None)

    return read


def person(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """Who this is, where no e-mail says it: number of the company, first and last name. A body without one of the columns (an event's) says nothing."""
    email, number, first_name, last_name = columns

    def read(body: Body) -> str | None:
        if any(column not in body for column in columns):
            unsaid: str | None = KEEP
            return unsaid
        company, last = read_text(body[number]), read_text(body[last_name])
        return f"{company}|{read_text(body[first_name]) or ''}|{last}" if company and last and not read_text(body[email]) else None

    return read


def unnumbered(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """A unique name without the number that the sink may have put behind it (`Ann Lee (2)`)."""

    def read(body: Body) -> str | None:
        text = read_text(body.get(columns[0]))
        return NUMBERED.sub("", text) if text else None

    return read


def shown(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """A selection as people read it."""
    return lambda body: read_text(cell_text(body.get(columns[0])))


def sku(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """The item's name without the matrix parent's in front (`PARENT : CHILD`)."""

    def read(body: Body) -> str | None:
        text = read_text(body.get(columns[0]))
        return text.rpartition(" : ")[2] if text else None

    return read


def item_record(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """REST record type of a search row."""

    def read(body: Body) -> str | None:
        kind, subtype = str(body.get("_type", "")).lower(), str(read_text(body.get(columns[1])) or "").lower()
        return ITEM_RECORDS.get(f"{kind}.{subtype}") or ITEM_RECORDS.get(kind, KEEP)

    return read


def item_active(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """Active, and sold by the subsidiary of some store."""
    sold = frozenset(reference.codes.get("subsidiaries", {}).get(store.subsidiary, "") for store in reference.stores.values()) - {""}

    def read(body: Body) -> str | None:
        if read_bool(body.get(columns[0])) == "true":
            return "false"
        at = str(cell(body.get(columns[1])) or "")
        everywhere = not sold or not at or not reference.one_world
        return "true" if everywhere or not sold.isdisjoint(at.replace(" ", "").split(",")) else "false"

    return read


def subsidiaries(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """Ids of a multi-select to codes, sorted, parted by `;`. Nothing = all: with its children (second column) a parent names more than it lists."""
    codes = {id_: code for code, id_ in reference.codes.get("subsidiaries", {}).items()}

    def read(body: Body) -> str | None:
        if len(columns) > 1 and read_bool(body.get(columns[1])) == "true":
            return None
        at = str(cell(body.get(columns[0])) or "").replace(" ", "")
        return ";".join(sorted(codes[i] for i in at.split(",") if i in codes)) or None

    return read


def _statuses(table: EntityTable) -> StatusTable:
    name, spec = next(iter(table.section("status").items()))
    return status_table(name, spec)


def status_word(columns: tuple[str, ...], table: EntityTable, _reference: Reference) -> Hook:
    """Canonical status; a custom one says nothing (the status stays as it was)."""
    statuses = _statuses(table)

    def read(body: Body) -> str | None:
        value = body.get(columns[0])
        return statuses.word(read_text(cell(value)), read_text(cell_text(value))) or KEEP

    return read


def status_shown(columns: tuple[str, ...], table: EntityTable, _reference: Reference) -> Hook:
    """What people read; a custom status as it is."""
    statuses = _statuses(table)

    def read(body: Body) -> str | None:
        value = body.get(columns[0])
        found = statuses.find(read_text(cell(value)), read_text(cell_text(value)))
        return found.shown if found else read_text(cell_text(value))

    return read


def paid_word(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """The status of what is paid bit by bit: NetSuite calls it open until nothing remains."""
    return _paid(columns, status_word(columns, table, reference), "part_paid")


def paid_shown(columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    """The same as people read it."""
    return _paid(columns, status_shown(columns, table, reference), "Part paid")


def _paid(columns: tuple[str, ...], status: Hook, part: str) -> Hook:
    _, whole, rest = columns

    def read(body: Body) -> str | None:
        total, remaining = (decimal(read_number(body.get(name))) or ZERO for name in (whole, rest))
        found = status(body)
        return part if found in ("open", "Open") and 0 < remaining < total else found

    return read


def status_letter(columns: tuple[str, ...], table: EntityTable, _reference: Reference) -> Hook:
    """The letter, as a sink reads it in REST; a custom status says nothing."""
    statuses = _statuses(table)

    def read(body: Body) -> str | None:
        value = body.get(columns[0])
        found = statuses.find(read_text(cell(value)), read_text(cell_text(value)))
        return found.letter if found else KEEP

    return read


def present(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """Whether the column holds anything."""
    return lambda body: "false" if read_text(body.get(columns[0])) is None else "true"


def label(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """An address as people read it, line by line."""

    def read(body: Body) -> str | None:
        return "\n".join(text for column in columns if (text := read_text(body.get(column)))) or None

    return read


def absolute(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """NetSuite's header discount is negative; ours is an amount >= 0."""

    def read(body: Body) -> str | None:
        text = read_text(body.get(columns[0]))
        return text.lstrip("-") if text else None

    return read


def with_included(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """A cost as the customer was told it: NetSuite's, and the tax that our field says was taken out of it."""

    def read(body: Body) -> str | None:
        found = [Decimal(text) for column in columns if (text := read_number(body.get(column))) is not None]
        return format(sum(found), "f") if found else None

    return read


def given_tax(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """The tax, where the order's store says it itself."""
    return _tax(columns, reference, given=True)


def computed_tax(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """The tax, where NetSuite computes it."""
    return _tax(columns, reference, given=False)


def _tax(columns: tuple[str, ...], reference: Reference, *, given: bool) -> Hook:
    tax, store = columns

    def read(body: Body) -> str | None:
        found = reference.store(read_text(body.get(store)))
        return read_number(body.get(tax)) if (found is not None and found.tax_given) is given else KEEP

    return read


def told(_columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """Nothing of a body: documents tell this field (`streams.reconcile.tell`)."""
    return lambda _body: KEEP


HOOKS: Mapping[str, Factory] = {
    TOLD: told,
    "street": street,
    "first": first,
    "unnumbered": unnumbered,
    "person": person,
    "shown": shown,
    "sku": sku,
    "item_record": item_record,
    "item_active": item_active,
    "subsidiaries": subsidiaries,
    "status_word": status_word,
    "status_shown": status_shown,
    "status_letter": status_letter,
    "paid_word": paid_word,
    "paid_shown": paid_shown,
    "present": present,
    "label": label,
    "absolute": absolute,
    "with_included": with_included,
    "given_tax": given_tax,
    "computed_tax": computed_tax,
    **CODE_HOOKS,
    **ORDER_HOOKS,
    **ENDING_HOOKS,
    **BORN_HOOKS,
    **DOCUMENT_HOOKS,
    **OVERSELL_HOOKS,
    **PRICE_HOOKS,
    **STOCK_HOOKS,
}
