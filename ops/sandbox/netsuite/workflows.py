"""Faults inside a save: user events that set or cut a value, and workflows that alter it in a transaction of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.sandbox.netsuite import patch
from ops.sandbox.netsuite.metadata import Sublist
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account


def inside(account: Account, record: Record, fields: list[str], next_line: Callable[[Sublist], int]) -> None:
    """`trigger` sets another value in the same save, `truncate` cuts a text that was sent."""
    name = record.type.name
    fault = account.faults.strike("trigger", type=name)
    if fault:
        change = patch.parse(account, record.type, {fault.params["field"]: fault.params["value"]}, patch.STRICT)
        patch.apply(record, change, next_line)
    fault = account.faults.strike("truncate", type=name)
    if fault and fault.params["field"] in fields:
        value = record.values.get(fault.params["field"])
        if isinstance(value, str):
            record.values[fault.params["field"]] = value[: int(fault.params.get("length", 10))]


def after(account: Account, record: Record) -> None:
    """`async_flow` alters the record in a later transaction."""
    fault = account.faults.strike("async_flow", type=record.type.name)
    if fault:
        body = {fault.params["field"]: fault.params["value"]}
        name, record_id = record.type.name, record.id
        account.later(float(fault.params.get("seconds", 1)), lambda: account.update(name, record_id, body, flow=True))
