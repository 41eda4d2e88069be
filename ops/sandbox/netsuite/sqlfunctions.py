"""The SQL functions of formulas and SuiteQL: TO_CHAR, TO_DATE, TO_TIMESTAMP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from ops.sandbox.netsuite import dates

TOKENS = (("yyyy", "%Y"), ("hh24", "%H"), ("mi", "%M"), ("ss", "%S"), ("mm", "%m"), ("dd", "%d"))


def install(db: sqlite3.Connection, formula_zone: Callable[[], str]) -> None:
    """`formula_zone()`: the zone in which TO_CHAR shows a stamp."""
    db.create_function("ns_to_char", 2, lambda value, form: to_char(value, form, formula_zone()))
    db.create_function("ns_to_time", 2, to_time, deterministic=True)


def pattern(form: str) -> str:
    """Oracle's format as Python's; one that is Python's already passes."""
    if "%" in form:
        return form
    low = form.lower().replace(".ff1", "").replace(".ff3", "")
    for token, code in TOKENS:
        low = low.replace(token, code)
    return low


def to_char(value: str | None, form: str, time_zone: str) -> str | None:
    if value is None:
        return None
    if len(value) == 10:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).strftime(pattern(form))  # a date has no zone
    local = dates.local_stamp(value, time_zone)
    return dates.parse_stamp(local).strftime(pattern(form)) if local else None


def to_time(text: str | None, form: str) -> str | None:
    if text is None:
        return None
    wanted = pattern(form)
    moment = datetime.strptime(text.split(".")[0] if "%S" in wanted else text, wanted).replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
