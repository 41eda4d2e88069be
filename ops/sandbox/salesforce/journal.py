"""The journal: every record change that the org accepted, in commit order. Change events are made from it and checkers read it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

FIRST_COMMIT = 12_000_000_000_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    commit_number INTEGER NOT NULL, sequence INTEGER NOT NULL, transaction_key TEXT NOT NULL, commit_ms INTEGER NOT NULL,
    object TEXT NOT NULL, record_id TEXT NOT NULL, change TEXT NOT NULL, changed TEXT NOT NULL, nulled TEXT NOT NULL,
    record TEXT NOT NULL, user TEXT NOT NULL, origin TEXT NOT NULL,
    PRIMARY KEY (commit_number, sequence)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record changed by one transaction.

    `commit_number` rises by transaction. `sequence` counts 1.. inside it. `commit_ms` is epoch milliseconds (whole seconds in
    practice). `change` is CREATE, UPDATE, DELETE or UNDELETE. `changed` and `nulled` are flat API names ("BillingStreet"), filled for
    UPDATE only, with the system stamps. `values` is the record after the change: JSON types, decimals as Decimal, dates as ISO text.
    `origin` is `com/salesforce/api/rest/67.0;client=NAME` (NAME from Sforce-Call-Options).
    """

    commit_number: int
    transaction_key: str
    sequence: int
    commit_ms: int
    object: str
    record_id: str
    change: str
    changed: tuple[str, ...]
    nulled: tuple[str, ...]
    values: Mapping[str, Any]
    user: str
    origin: str


class Journal(Protocol):
    def since(self, commit_number: int, limit: int) -> list[Entry]:
        """Entries with a greater commit number, in commit order, whole transactions: about `limit`, more when the last one is longer."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """`callback` runs in the loop's thread after each commit; the answer unsubscribes it."""
        ...


class SqliteJournal:
    """The journal beside the records, written in the same SQLite transaction as they are."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._callbacks: list[Callable[[], None]] = []
        db.executescript(SCHEMA)
        self._last: int = db.execute("SELECT max(commit_number) FROM journal").fetchone()[0] or FIRST_COMMIT

    @property
    def last(self) -> int:
        """The newest commit number given out."""
        return self._last

    def next_number(self) -> int:
        """A number for a new transaction; gaps are normal (a transaction may roll back)."""
        self._last += 1
        return self._last

    def append(self, entries: Sequence[Entry]) -> None:
        """Inside the caller's SQLite transaction."""
        self._db.executemany("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", [_row(entry) for entry in entries])

    def announce(self) -> None:
        """After the caller's commit."""
        for callback in list(self._callbacks):
            callback()

    def since(self, commit_number: int, limit: int) -> list[Entry]:
        sql = "SELECT * FROM journal WHERE commit_number > ? ORDER BY commit_number, sequence LIMIT ?"
        rows = self._db.execute(sql, (commit_number, limit)).fetchall()
        if len(rows) == limit:
            number, sequence = rows[-1][0], rows[-1][1]
            rest = "SELECT * FROM journal WHERE commit_number = ? AND sequence > ? ORDER BY sequence"
            rows += self._db.execute(rest, (number, sequence)).fetchall()
        return [_entry(row) for row in rows]

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return unsubscribe


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"$n": str(value)}
    raise TypeError(f"cannot journal {type(value).__name__}")


def _decode(value: dict[str, Any]) -> Any:
    return Decimal(value["$n"]) if len(value) == 1 and "$n" in value else value


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.commit_number,
        entry.sequence,
        entry.transaction_key,
        entry.commit_ms,
        entry.object,
        entry.record_id,
        entry.change,
        ",".join(entry.changed),
        ",".join(entry.nulled),
        json.dumps(dict(entry.values), default=_encode, ensure_ascii=False),
        entry.user,
        entry.origin,
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        commit_number=row[0],
        sequence=row[1],
        transaction_key=row[2],
        commit_ms=row[3],
        object=row[4],
        record_id=row[5],
        change=row[6],
        changed=tuple(row[7].split(",")) if row[7] else (),
        nulled=tuple(row[8].split(",")) if row[8] else (),
        values=json.loads(row[9], object_hook=_decode),
        user=row[10],
        origin=row[11],
    )
