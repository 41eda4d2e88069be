"""Bitmaps as the vendor writes them: which fields of an event changed, by their place in its schema.

Source: Pub/Sub API guide, "Event Deserialization Considerations". Hex digits are upper case and padded to whole bytes; the top-level
element comes first and is missing when only parts of compound fields changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """Where a field sits: position in the event's schema and, for a part of a compound field, position in that record."""

    field: int
    part: int | None = None


def encode(places: Iterable[Place]) -> list[str]:
    """`[Place(22), Place(5, 0)]` becomes `["0x400000", "5-0x01"]`."""
    top = 0
    nested: dict[int, int] = {}
    for place in places:
        if place.part is None:
            top |= 1 << place.field
        else:
            nested[place.field] = nested.get(place.field, 0) | 1 << place.part
    elements = [_hex(top)] if top else []
    return elements + [f"{field}-{_hex(bits)}" for field, bits in sorted(nested.items())]


def _hex(bits: int) -> str:
    return f"0x{bits:0{(bits.bit_length() + 7) // 8 * 2}X}"
