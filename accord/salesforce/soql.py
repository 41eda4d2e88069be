"""SOQL text from parts, values escaped. Source: SOQL and SOSL Reference, "Quoted String Escape Sequences", "Date Formats"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from accord.reads import Children

_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f", '"': r"\""})


@dataclass(frozen=True, slots=True)
class After:
    """A keyset position: strictly after this stamp, or at it with a greater id."""

    stamp_ms: int
    id: str = ""


def text(value: str) -> str:
    """A quoted text literal."""
    return f"'{value.translate(_ESCAPES)}'"


def moment(epoch_ms: int) -> str:
    """A date-time literal (unquoted, UTC, to the millisecond)."""
    at = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def among(field: str, values: Iterable[str]) -> str:
    """`field IN ('a','b')`."""
    return f"{field} IN ({','.join(text(v) for v in values)})"


def select(object_: str, fields: Sequence[str], *, children: Sequence[Children] = (), where: Sequence[str] = (), order: str = "", limit: int = 0) -> str:
    """One statement. `where`: conditions joined by AND, each bracketed; empty ones are left out."""
    inner = [f"({select(c.name, ('Id', *c.fields), where=[str(f) for f in c.filters], order='Id')})" for c in children]
    parts = ["SELECT", ", ".join([*dict.fromkeys(fields), *inner]), "FROM", object_]
    given = [f"({condition})" for condition in where if condition]
    parts += ["WHERE", " AND ".join(given)] if given else []
    parts += ["ORDER BY", order] if order else []
    parts += ["LIMIT", str(limit)] if limit else []
    return " ".join(parts)


def after(position: After, stamp: str = "SystemModstamp") -> str:
    """The keyset condition for `ORDER BY SystemModstamp, Id`."""
    at = moment(position.stamp_ms)
    if not position.id:
        return f"{stamp} >= {at}"
    return f"{stamp} > {at} OR ({stamp} = {at} AND Id > {text(position.id)})"
