"""Which rows of the audit trail go when a record is erased: those of its key, and those of its source records that had no key yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_

from schemas.ids import Ref, parse_ref

#: The step that says so; its row stays.
STEP = "erased"
#: Names that one statement asks for.
MOST = 500


def name_of(row: Mapping[str, Any]) -> str:
    """What a row is about: an entity key, or the address of a source record that had none yet."""
    return row["key"] or str(Ref(row["entity"], row["system"], row["record_id"]))


def names(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that the record of this row was called, where the row says that it was erased."""
    if row["step"] != STEP:
        return ()
    try:
        told = [row["key"], *json.loads(row["detail"])["names"]]
    except (ValueError, KeyError, TypeError):
        told = [row["key"]]
    return tuple(dict.fromkeys(name for name in told if _is_address(name)))


def _is_address(name: object) -> bool:
    try:
        return bool(parse_ref(str(name)))
    except ValueError:
        return False


def rows_of(steps: Table, found: Mapping[str, int]) -> Iterator[ColumnElement[bool]]:
    """Conditions for all rows of these names (-> when they were erased) up to then, but the ones that say so."""
    c = steps.c
    for name, at in found.items():
        ref = parse_ref(name)
        unkeyed = and_(c.key == "", c.record_id == ref.id, c.entity == ref.entity, c.system == ref.system)
        yield and_(or_(c.key == name, unkeyed), c.step != STEP, c.at <= at)
