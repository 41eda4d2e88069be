"""GROUP BY and the aggregate functions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.soql.predicate import Get
from ops.sandbox.salesforce.soql.tree import Aggregate, Path, Query
from ops.sandbox.salesforce.store import Record


class Reader(Protocol):
    def getter(self, item: SObject, path: Path) -> tuple[Field, Get]: ...
    def plain(self, query: Query, path: Path) -> Path: ...


def aggregate(reader: Reader, item: SObject, query: Query, rows: Sequence[Record]) -> list[dict[str, Any]]:
    """One AggregateResult for each group; unnamed expressions are expr0, expr1 in turn."""
    grouped = [reader.getter(item, reader.plain(query, path))[1] for path in query.group]
    names = {path[-1].lower() for path in query.group}
    for one in query.select:
        if isinstance(one, tuple) and one[-1].lower() not in names:
            raise refuse("MALFORMED_QUERY", f"Field must be grouped or aggregated: {one[-1]}")
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in rows:
        groups.setdefault(tuple(read(row) for read in grouped), []).append(row)
    if not query.group:
        groups = {(): list(rows)}
    return [_row(reader, item, query, members) for members in groups.values()]


def _row(reader: Reader, item: SObject, query: Query, members: list[Record]) -> dict[str, Any]:
    answer: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
    unnamed = 0
    for one in query.select:
        if isinstance(one, Aggregate):
            answer[one.alias or f"expr{unnamed}"] = _apply(reader, item, query, one, members)
            unnamed += not one.alias
        else:
            field, read = reader.getter(item, reader.plain(query, one))
            answer[field.name] = read(members[0]) if members else None
    return answer


def _apply(reader: Reader, item: SObject, query: Query, one: Aggregate, members: list[Record]) -> Any:
    if not one.path:
        return len(members)
    _, read = reader.getter(item, reader.plain(query, one.path))
    values = [value for value in map(read, members) if value is not None]
    if one.function == "count":
        return len(values)
    if one.function == "count_distinct":
        return len(set(values))
    if not values:
        return None
    if one.function in {"min", "max"}:
        return min(values) if one.function == "min" else max(values)
    total = sum(values, Decimal("0.0"))
    return total if one.function == "sum" else total / len(values)
