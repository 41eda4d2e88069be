"""The tree of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT(), COUNT(Id), SUM(x) and so on. `alias` is the name in the answer, "" = expr0, expr1 in turn."""

    function: str
    path: Path
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind`: string, number, moment, word (true, false, null, a date literal like LAST_N_DAYS:3)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Compare:
    """`operator`: = != < <= > >= like in not_in includes excludes. `value`: a Literal, a tuple of them, or a sub-query (semi-join)."""

    path: Path
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Logic:
    """`operator`: and, or, not."""

    operator: str
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Order:
    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT. `select` holds paths, aggregates and child queries; `fields` is ALL, STANDARD or CUSTOM for FIELDS(...)."""

    select: tuple[Any, ...]
    source: str
    alias: str = ""
    where: Any = None
    group: tuple[Path, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    fields: str = ""
    all_rows: bool = False
