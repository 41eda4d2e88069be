from __future__ import annotations

from decimal import Decimal

import pytest

from accord.reads import Children
from accord.salesforce.rows import flat, stamp_ms, typed
from accord.salesforce.soql import After, after, among, moment, select, text


def test_a_value_can_not_leave_its_quotes() -> None:
    """A name with a quote in it must neither break a query nor widen it."""
    assert text("O'Brien\\ \n") == r"'O\'Brien\\ \n'"
    assert among("Id", ["a'b", "c"]) == r"Id IN ('a\'b','c')"


def test_a_statement_is_joined_from_its_parts() -> None:
    """Conditions are bracketed: an OR of the mapping must not swallow the keyset."""
    assert select(
        "Order",
        ("Id", "Id", "Account.Name"),
        children=(Children("OrderItems", ("Quantity",)),),
        where=["A = 1 OR B = 2", "", "C = 3"],
        limit=5,
    ) == ("SELECT Id, Account.Name, (SELECT Id, Quantity FROM OrderItems ORDER BY Id) FROM Order WHERE (A = 1 OR B = 2) AND (C = 3) LIMIT 5")


def test_the_keyset_goes_on_behind_an_id_or_at_a_stamp() -> None:
    """`>` alone loses rows of the same second, `>=` alone never gets past a full page of them."""
    assert moment(1_780_000_000_123) == "2026-05-28T20:26:40.123Z"
    assert after(After(0, "001")) == "SystemModstamp > 1970-01-01T00:00:00.000Z OR (SystemModstamp = 1970-01-01T00:00:00.000Z AND Id > '001')"
    assert after(After(0)) == "SystemModstamp >= 1970-01-01T00:00:00.000Z"


def test_rows_are_flat_with_dotted_parents_and_child_lists() -> None:
    """The mapping finds every name that it asked for, also where the parent isn't there."""
    row = {
        "Id": "1",
        "Account": {"attributes": {}, "Name": "Acme"},
        "Owner": None,
        "OrderItems": {"records": [{"Id": "9", "Product2": {"Name": "Cup"}}]},
    }
    assert flat(row, ("Id", "Account.Name", "Owner.Name"), (Children("OrderItems", ("Product2.Name",)), Children("Notes", ("Id",)))) == {
        "Id": "1", "Account.Name": "Acme", "Owner.Name": None, "OrderItems": [{"Id": "9", "Product2.Name": "Cup"}], "Notes": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "type_", "value"),
    [("", "string", None), ("true", "boolean", True), ("12.50", "currency", Decimal("12.50")), ("3.0", "int", 3), ("x", "string", "x"), ("2026-06-01T00:00:00.000Z", "datetime", "2026-06-01T00:00:00.000+0000")],
)  # fmt: skip
def test_a_bulk_cell_reads_as_the_rest_api_would_give_it(cell: str, type_: str, value: object) -> None:
    """A snapshot by Bulk and a later read by REST must not look like a change of every field."""
    assert typed(cell, type_) == value


def test_both_forms_of_a_stamp_are_the_same_moment() -> None:
    """Salesforce writes +0000 and Z; taken for two moments a cursor would skip or repeat rows."""
    assert stamp_ms("2026-06-01T00:00:00.000+0000") == stamp_ms("2026-06-01T00:00:00.000Z") == 1_780_272_000_000
