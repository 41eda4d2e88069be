"""What the role may see, when a fault has taken a subsidiary away from it: the rest looks as if it were not there."""

from __future__ import annotations

from collections.abc import Sequence

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.metadata import RecordType


def barred(account: Account) -> tuple[str, ...]:
    """Ids of the subsidiaries that were taken away."""
    return tuple(str(f.params["subsidiary"]) for f in account.faults.active() if f.name == "subsidiary_removed")


def sees(account: Account, kind: RecordType, record_id: int) -> bool:
    """May the role see this record, as far as its subsidiary goes?"""
    away = barred(account)
    if not away or kind.name == "subsidiary":
        return str(record_id) not in away
    record = account.find(kind.name, record_id) if "subsidiary" in kind.fields else None
    return record is None or str(record.values.get("subsidiary")) not in away


def shown(account: Account, kinds: Sequence[RecordType]) -> list[str]:
    """SQL conditions on the rows `t` of a search over these kinds of record."""
    away = ",".join(f"'{id_}'" for id_ in barred(account))
    if not away or not kinds:
        return []
    if kinds[0].name == "subsidiary":
        return [f"cast(t.id as text) not in ({away})"]
    field = kinds[0].fields.get("subsidiary")
    return [f"coalesce(cast(t.\"{field.column}\" as text), '') not in ({away})"] if field is not None else []
