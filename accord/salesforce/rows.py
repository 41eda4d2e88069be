"""Rows of a query as flat bodies: parents dotted ("Account.Name"), children as lists under the relationship's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accord.clock import epoch_ms
from accord.reads import Children


def flat(row: Mapping[str, Any], fields: Sequence[str], children: Sequence[Children] = ()) -> dict[str, Any]:
    """The named fields of one row; a parent that isn't there gives null for each of its fields."""
    out = {name: _path(row, name) for name in fields}
    for child in children:
        found = row.get(child.name)
        names = tuple(dict.fromkeys(("Id", *child.fields)))
        out[child.name] = [{name: _path(r, name) for name in names} for r in (found["records"] if found else ())]
    return out


def _path(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def stamp_ms(text: str) -> int:
    """Epoch ms of "2026-06-01T00:00:00.000+0000" (REST) or "...Z" (Bulk)."""
    return epoch_ms(datetime.fromisoformat(text).astimezone(UTC))


def typed(cell: str, type_: str) -> Any:
    """A Bulk CSV cell as the REST API would give it. `type_`: as in describe. An empty cell is null."""
    if cell == "":
        return None
    match type_:
        case "boolean":
            return cell.lower() == "true"
        case "int":
            return int(Decimal(cell))
        case "double" | "currency" | "percent":
            return Decimal(cell)
        case "datetime":
            return cell.replace("Z", "+0000") if cell.endswith("Z") else cell
        case _:
            return cell
