"""Two mappings beside each other: which lines one says and the other doesn't, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ops.mapping.show import Line, lines
from streams.mapping.table import EntityTable


class Change(NamedTuple):
    """One line that differs. `old`, `new`: as TOML, empty where it isn't said. `place`: where the newer one stands, else the older."""

    entity: str
    name: str
    old: str
    new: str
    place: str


def changes(old: Mapping[str, EntityTable], new: Mapping[str, EntityTable]) -> Iterator[Change]:
    """In the order of the entities and their lines."""
    for entity in sorted({*old, *new}):
        before, after = _by_name(old.get(entity)), _by_name(new.get(entity))
        for name in dict.fromkeys([*before, *after]):
            a, b = before.get(name), after.get(name)
            if (a and a.value) != (b and b.value):
                yield Change(entity, name, a.value if a else "", b.value if b else "", str((b or a).place if (b or a) else ""))  # type: ignore[union-attr]


def _by_name(table: EntityTable | None) -> dict[str, Line]:
    return {f"{line.section}.{line.name}".lstrip("."): line for line in lines(table.document)} if table else {}
