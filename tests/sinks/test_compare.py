from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sinks.compare import holds, lacking


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Decimal("12.50"), 12.5),
        ("12.50", Decimal("12.5")),
        ({"id": "7"}, {"id": "7", "refName": "Net 30", "links": []}),
        ({"id": 7}, "7"),
        (None, ""),
        (True, True),
        ({"city": "Ulm", "country": {"id": "DE"}}, {"city": "Ulm", "zip": "1", "country": {"id": "DE", "refName": "Germany"}}),
    ],
)
def test_equal_values_in_other_dress_are_held(wanted: Any, found: Any) -> None:
    """References by id, numbers by value, empty text as null: else every look-up after a lost answer would send all again."""
    assert holds(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("Ulm", "Bonn"), (True, False), (None, "x"), ({"id": "7"}, {"id": "8"}), ({"id": "7"}, None), ([1], [1, 2]), ("1-2", "1")],
)
def test_other_values_are_not(wanted: Any, found: Any) -> None:
    """Taking a change for done would lose it."""
    assert not holds(wanted, found)


def test_two_equal_new_lines_need_two_lines_there() -> None:
    """Of two equal lines one landed: the other must still be sent, once."""
    line = {"item": {"id": "1"}, "quantity": 1}
    body = {"item": {"items": [line, line]}, "memo": "x"}
    assert lacking(body, {"item": {"items": [{**line, "line": 1}]}, "memo": "x"}) == {"item": {"items": [line]}}
