"""The databases that Accord keeps for people: SQLite embedded, PostgreSQL beyond one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

#: An embedded database is read by people while a role writes: readers and the writer don't wait for each other with a write-ahead log.
#: What is deleted is overwritten: whoever asked to be forgotten must not be found in the file.
PRAGMAS = ("journal_mode=wal", "foreign_keys=on", "busy_timeout=10000", "secure_delete=on")


def engine(url: str, file: Path) -> AsyncEngine:
    """The database of a URL; without one, SQLite in that file."""
    if not url:
        file.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite+aiosqlite:///{file}"
    db = create_async_engine(url)
    if db.dialect.name == "sqlite":
        event.listen(db.sync_engine, "connect", _prepare)
        event.listen(db.sync_engine, "begin", _begin)
    return db


def _prepare(connection: Any, _record: Any) -> None:
    """Transactions are begun by us: sqlite3 itself begins none before DDL, so a migration could stop half-way."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    """`execution_options(writes=True)`: takes the lock on writing at once. One that reads first and writes then is refused if another wrote in between."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
