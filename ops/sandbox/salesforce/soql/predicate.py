"""WHERE: types are checked once, then each record is asked. Text compares without case, as the org's does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from ops.sandbox.salesforce import ids
from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.soql.dates import span
from ops.sandbox.salesforce.soql.tree import Compare, Literal, Logic, Path, Query
from ops.sandbox.salesforce.store import Record
from ops.sandbox.salesforce.values import instant, stamp

Test = Callable[[Record], bool]
Get = Callable[[Record], Any]


class Scope(Protocol):
    """What a predicate needs of the query that it stands in."""

    now: datetime

    def getter(self, item: SObject, path: Path) -> tuple[Field, Get]: ...
    def semi_join(self, query: Query) -> frozenset[Any]: ...


def compile_where(scope: Scope, item: SObject, node: Any) -> Test:
    """A function of a record. Raises Refused for unknown fields and values of a wrong type."""
    if node is None:
        return lambda _record: True
    if isinstance(node, Logic):
        parts = [compile_where(scope, item, part) for part in node.parts]
        if node.operator == "not":
            return lambda record: not parts[0](record)
        if node.operator == "and":
            return lambda record: all(part(record) for part in parts)
        return lambda record: any(part(record) for part in parts)
    return _compare(scope, item, node)


def _compare(scope: Scope, item: SObject, node: Compare) -> Test:
    field, get = scope.getter(item, node.path)
    if field.type == "address" or (field.type == "textarea" and field.length > 255):
        raise refuse("INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
    if node.operator in {"in", "not_in"}:
        wanted = scope.semi_join(node.value) if isinstance(node.value, Query) else frozenset(_value(field, one) for one in node.value)
        inside = node.operator == "in"
        return lambda record: (_fold(field, get(record)) in wanted) == inside
    if node.operator in {"includes", "excludes"}:
        picked = [str(one.value).split(";") for one in node.value]
        included = node.operator == "includes"
        return lambda record: any(all(p in str(get(record) or "").split(";") for p in combo) for combo in picked) == included
    if node.operator == "like":
        return _like(field, get, node.value)
    if node.value.kind == "word" and field.type in {"date", "datetime"} and node.value.value.lower() != "null":
        return _in_span(field, get, node, scope.now)
    return _ordered(node.operator, field, get, _value(field, node.value))


def _ordered(operator: str, field: Field, get: Get, wanted: Any) -> Test:
    if operator == "=":
        return lambda record: _fold(field, get(record)) == wanted
    if operator == "!=":
        return lambda record: _fold(field, get(record)) != wanted
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    test = compare[operator]

    def ask(record: Record) -> bool:
        value = _fold(field, get(record))
        return value is not None and wanted is not None and test(value, wanted)

    return ask


def _like(field: Field, get: Get, literal: Literal) -> Test:
    if literal.kind != "string" or not field.is_text:
        raise refuse("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field")
    pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in literal.value)
    test = re.compile(pattern + r"\Z", re.IGNORECASE | re.DOTALL)
    return lambda record: test.match(str(get(record) or "")) is not None and get(record) is not None


def _in_span(field: Field, get: Get, node: Compare, now: datetime) -> Test:
    start, end = (_moment_text(field, moment) for moment in span(node.value.value, now))
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda v: start <= v < end,
        "!=": lambda v: not start <= v < end,
        "<": lambda v: v < start,
        "<=": lambda v: v < end,
        ">": lambda v: v >= end,
        ">=": lambda v: v >= start,
    }
    test = tests[node.operator]
    return lambda record: get(record) is not None and test(get(record))


def _moment_text(field: Field, moment: datetime) -> str:
    return moment.date().isoformat() if field.type == "date" else stamp(moment)


def _fold(field: Field, value: Any) -> Any:
    return value.lower() if isinstance(value, str) and (field.is_text and not field.case_sensitive) else value


def _value(field: Field, literal: Literal) -> Any:
    """The literal in the field's stored form, folded; INVALID_FIELD when its type doesn't fit."""
    kind, value = literal.kind, literal.value
    lower = str(value).lower()
    if kind == "word" and lower == "null":
        return False if field.type == "boolean" else None
    if field.type == "boolean" and kind == "word" and lower in {"true", "false"}:
        return lower == "true"
    if (field.is_number or field.type == "int") and kind in {"number", "word"}:
        return Decimal(value if kind == "number" else value[3:])
    if field.type in {"date", "datetime"} and kind == "moment" and (("T" in value) == (field.type == "datetime")):
        return value if field.type == "date" else _sharp(value)
    if kind == "string" and field.type in {"reference", "id"}:
        return ids.normal(value) or _bad_id(field, value)
    if kind == "string" and (field.is_text or field.type == "time"):
        return _fold(field, value)
    needed = (
        "string and should be enclosed in quotes"
        if field.is_text or field.type in {"id", "reference"}
        else f"{field.type} and should not be enclosed in quotes"
    )
    raise refuse("INVALID_FIELD", f"value of filter criterion for field '{field.name}' must be of type {needed}")


def _sharp(text: str) -> str:
    """A date-time in stored form that keeps its milliseconds, so that < and >= stay exact."""
    moment = instant(text)
    return moment.astimezone(instant("2000-01-01").tzinfo).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def _bad_id(field: Field, value: str) -> str:
    if value == "":
        return ""
    raise refuse("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}", field.name)
