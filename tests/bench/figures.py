"""What a measurement is in `bench.json`, and how people see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Column, Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `peer`: what it was measured beside, in the same run, in the same unit; or the bound that the project set itself."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None

    def as_json(self) -> dict[str, Any]:
        """`ratio`: value by peer_value."""
        ratio = round(self.value / self.peer_value, 3) if self.peer_value else None
        return {**asdict(self), "ratio": ratio}


def at_most(name: str, value: float, unit: str, bound: float) -> Figure:
    """A value that shall stay below a bound."""
    return Figure(name, value, unit, "bound: at most", bound)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(rows: Sequence[dict[str, Any]]) -> Table:
    out = Table(Column("name", no_wrap=True), "value", "unit", "beside", "its value", "ratio", title="measurements")
    for row in rows:
        out.add_row(row["name"], _number(row["value"]), row["unit"], row["peer"] or "", _number(row["peer_value"]), _number(row["ratio"]))
    return out


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"
