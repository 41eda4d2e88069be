"""What of a body a record doesn't hold yet: after a call whose end is unknown, only that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

#: Keys by which a sublist line is addressed: a line with one of them is updated in place and can't be doubled.
LINE_KEYS = ("id", "line", "lineUniqueKey")


def lacking(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The top-level fields of `wanted` that `found` doesn't hold; of a sublist the lines that aren't there.

    A new line (without a key of its own) counts as there when an existing line holds all of its fields and no other new line has claimed it.
    """
    out: dict[str, Any] = {}
    for name, value in wanted.items():
        if _lines(value) is None:
            if not holds(value, found.get(name)):
                out[name] = value
            continue
        rest = _missing_lines(_lines(value) or [], _lines(found.get(name)) or [])
        if rest:
            out[name] = {**value, "items": rest}
    return out


def holds(wanted: Any, found: Any) -> bool:
    """Is everything of `wanted` in `found`? References compare by id, numbers by value, empty text is null."""
    if isinstance(wanted, Mapping):
        if isinstance(found, Mapping):
            return all(holds(v, found.get(k)) for k, v in wanted.items())
        return set(wanted) == {"id"} and holds(wanted["id"], found)
    if isinstance(found, Mapping) and "id" in found:
        return holds(wanted, found["id"])
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(holds, wanted, found))
    return bool(_scalar(wanted) == _scalar(found))


def _lines(value: Any) -> list[Any] | None:
    items = value.get("items") if isinstance(value, Mapping) else None
    return items if isinstance(items, list) else None


def _missing_lines(wanted: list[Any], found: list[Any]) -> list[Any]:
    free = list(found)
    rest = []
    for line in wanted:
        there = next((f for f in free if holds(line, f)), None)
        if there is None:
            rest.append(line)
        elif not any(k in line for k in LINE_KEYS):
            free.remove(there)
    return rest


def _scalar(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    text = str(value)
    try:
        return Decimal(text).normalize() if text.strip("+-.0123456789") == "" else text
    except InvalidOperation:
        return text
