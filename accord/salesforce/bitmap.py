"""Bitmaps of change events: which fields a list like `["0x650004E0", "4-0x10"]` names, by their place in the event's schema.

Source: Pub/Sub API guide, "Event Deserialization Considerations". The `0x` element may be missing, empty or zero when only parts of
compound fields changed; either case of the digits is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """A field's position in the event's schema; `part` is the position inside a compound field, None for the field itself."""

    field: int
    part: int | None


def decode(elements: Sequence[str]) -> Iterator[Place]:
    """The places in ascending order of each element. Raises ValueError for what is no bitmap."""
    for element in elements:
        parent, dash, bits = element.rpartition("-")
        if dash:
            yield from (Place(int(parent), part) for part in _set_bits(bits))
        else:
            yield from (Place(field, None) for field in _set_bits(bits))


def _set_bits(text: str) -> Iterator[int]:
    value = int(text, 16) if text not in {"", "0x"} else 0
    while value:
        lowest = value & -value
        yield lowest.bit_length() - 1
        value ^= lowest
