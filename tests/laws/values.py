"""Canonical values that a field of the shipped tables may hold, by its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from streams.mapping.lines import dumped
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable, FieldTable
from streams.mapping.types import enum_words
from tests.streams.mapping.builders import link

Values = Sequence[str | None]
PLAIN: Mapping[str, Values] = {
    "text": (None, "Alpha", "beta 2", "Größe", "x" * 5000), "email": (None, "a@x.example", "B@X.example"), "phone": (None, "+1 503 555 0142", "030 5550100", "12"),
    "url": (None, "x.example", "https://x.example/"), "bool": ("true", "false"), "not": ("true", "false"), "date": (None, "2026-11-23", "2027-01-15"),
    "datetime": (None, "2026-11-23T10:00:00Z"), "money": (None, "0", "9.99", "10.005", "1200"), "qty": (None, "1", "2.5", "7"), "pct": (None, "5", "12.5"),
    "fx": (None, "1", "1.0873"), "int": (None, "0", "14"), "country": (None, "US", "DE"), "state": (None, "OR", "CA"), "postal": (None, "97209", "10115"),
    "street": (None, "1 Main St", "1 Main St\nFloor 2"), "json": (None,), "id": (None, "12"),
}  # fmt: skip
#: Lists that have a form of their own.
LISTS: Mapping[str, Sequence[Sequence[Mapping[str, str]]]] = {
    "order": ([], [{"key": "8021", "item": "item:salesforce:1", "quantity": "2", "unit_price": "10", "discount": "0"}]),
    "facts": ([], [{"key": "8021", "line": "1", "shipped": "0"}], [{"key": "8021", "line": "1", "shipped": "2", "closed": "1"}]),
    "cancelled": ([], [{"key": "8021"}]),
    "stock": ([], [{"key": "8021", "available": "5", "short": "0"}]),
    "keys": ([], [{"key": "8021", "line": "1"}]),
}  # fmt: skip
REFERRED = ("1", "2")


def links_of(entities: Sequence[str]) -> list[Any]:
    """Two records of every entity, in both systems, for references."""
    return [link(f"{name}:salesforce:{n}", salesforce=n, netsuite=f"7{n}") for name in entities for n in REFERRED]


def values(table: EntityTable, field: FieldTable, system: str, reference: Reference) -> Values:
    """What that system may hold there. A status is never empty."""
    kind = field.type
    if any(native.hook == "status_letter" for native in field.native.values()):
        return tuple(next(iter(table.section("status").values()))["codes"])
    made: Mapping[str, Callable[[], Values]] = {
        "status": lambda: tuple(code["is"] for code in table.section("status", field.argument)["codes"].values()),
        "enum": lambda: (None, *enum_words(table, field.argument, system)),
        "map": lambda: (None, *reference.codes.get(field.argument, {})),
        "ref": lambda: (None, *(f"{field.argument}:{system}:{n if system == 'salesforce' else f'7{n}'}" for n in REFERRED)),
        "lines": lambda: tuple(dumped(found) for found in LISTS.get(field.argument) or _rows(table, field, system, reference)),
    }
    return made[kind]() if kind in made else PLAIN[kind]


def _rows(table: EntityTable, field: FieldTable, system: str, reference: Reference) -> Sequence[Sequence[Mapping[str, Any]]]:
    """None, one and two rows of the children with the field's own name."""
    both = {name: f for name, f in table.children[field.name].fields.items() if name != "key" and len(f.native) > 1}
    made = [{"key": f"k{n}", **{name: values(table, f, system, reference)[-n] for name, f in both.items()}} for n in (1, 2)]
    return [], made[:1], made
