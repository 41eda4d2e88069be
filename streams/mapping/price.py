"""What price levels are called on both sides, and which price must stand in Salesforce before another one can."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.ids import Ref
from streams.mapping.convert import cell, read_bool, read_text
from streams.mapping.lines import Body, Factory, Hook
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable
from streams.mapping.types import map_codes

#: Our code of the base level where the configuration names no levels.
BASE = "base"


def base_code(reference: Reference) -> str:
    """Our code of the level that Salesforce's standard price book holds."""
    codes = reference.codes.get("price_levels", {})
    return next((code for code, id_ in codes.items() if id_ == reference.base_price_level), BASE)


def netsuite_level(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """The level's code; one that the configuration lacks is called as NetSuite calls it."""
    codes = {reference.base_price_level: base_code(reference), **map_codes(reference, "price_levels", "netsuite")}

    def read(body: Body) -> str | None:
        value = body.get(columns[0])
        return codes.get(str(cell(value))) or read_text(value.get("text") if isinstance(value, Mapping) else value)

    return read


def salesforce_level(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """The level of the book that an entry stands in; columns: is it the standard book, and what we wrote on any other."""
    base, (standard, level) = base_code(reference), columns
    codes = map_codes(reference, "price_levels", "salesforce")

    def read(body: Body) -> str | None:
        if read_bool(body.get(standard)) == "true":
            return base
        text = read_text(body.get(level))
        return codes.get(text, text) if text else None

    return read


def is_base(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """`true` for the level that the standard book holds, else nothing: by nothing no two books are matched."""
    return lambda body: "true" if str(cell(body.get(columns[0]))) == reference.base_price_level else None


def is_true(columns: tuple[str, ...], _table: EntityTable, _reference: Reference) -> Hook:
    """`true` or nothing."""
    return lambda body: "true" if read_bool(body.get(columns[0])) == "true" else None


def standard_price(columns: tuple[str, ...], _table: EntityTable, reference: Reference) -> Hook:
    """The base price of the same item and currency: Salesforce takes no other before it. Columns: item, level, currency."""
    item, level, currency = columns

    def read(body: Body) -> str | None:
        if str(cell(body.get(level))) == reference.base_price_level:
            return None
        parts = (cell(body.get(item)), reference.base_price_level, cell(body.get(currency)))
        return str(Ref("price", "netsuite", "-".join(str(p if p is not None else "") for p in parts)))

    return read


PRICE_HOOKS: Mapping[str, Factory] = {
    "netsuite_level": netsuite_level,
    "salesforce_level": salesforce_level,
    "is_base": is_base,
    "is_true": is_true,
    "standard_price": standard_price,
}
