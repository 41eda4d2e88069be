"""Where the records are: in memory to read, in SQLite to outlive a restart, written together with the journal in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from ops.sandbox.salesforce import ids
from ops.sandbox.salesforce.journal import Entry, SqliteJournal
from ops.sandbox.salesforce.metadata import Catalogue, Field, SObject

Record = dict[str, Any]

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, object TEXT NOT NULL, stamp TEXT NOT NULL, deleted INTEGER NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_by_stamp ON records (object, stamp);
CREATE TABLE IF NOT EXISTS serials (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def dump(record: Record) -> str:
    return json.dumps(record, default=_decimal, ensure_ascii=False, separators=(",", ":"))


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"$n": str(value)}
    raise TypeError(f"cannot store {type(value).__name__}")


def _restore(value: dict[str, Any]) -> Any:
    return Decimal(value["$n"]) if len(value) == 1 and "$n" in value else value


def folded(field: Field, value: Any) -> Any:
    """The form that an index compares: text without case unless the field minds it."""
    return value.lower() if isinstance(value, str) and field.type != "reference" and not field.case_sensitive else value


class Store:
    """All records. A record is a flat dictionary of set values: a missing name is null. Records are replaced, never edited in place."""

    def __init__(self, path: Path | None, objects: Catalogue) -> None:
        self.objects = objects
        self.db = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None)
        self.db.executescript(SCHEMA)
        self.journal = SqliteJournal(self.db)
        self.rows: dict[str, dict[str, Record]] = {name: {} for name in objects}
        self._index: dict[tuple[str, str], dict[Any, dict[str, None]]] = {
            (item.name, field.name): {} for item in objects.values() for field in item.fields.values() if field.indexed
        }
        self._serials: dict[str, int] = dict(self.db.execute("SELECT name, last FROM serials"))
        self._new_serials: set[str] = set()
        for name, body in self.db.execute("SELECT object, body FROM records ORDER BY stamp, id"):
            if name in self.rows:
                record = json.loads(body, object_hook=_restore)
                self._place(objects[name], record["Id"], record)

    def get(self, name: str, record_id: str | None) -> Record | None:
        """A record by 18-character id, deleted ones too."""
        return self.rows[name].get(record_id) if record_id and name in self.rows else None

    def live(self, name: str, record_id: str | None) -> Record | None:
        record = self.get(name, record_id)
        return record if record is not None and not record.get("IsDeleted") else None

    def matching(self, name: str, field: Field, value: Any) -> list[Record]:
        """Records (deleted ones too) whose indexed field has this value."""
        found = self._index[name, field.name].get(folded(field, value), ())
        return [self.rows[name][record_id] for record_id in found]

    def children(self, record_id: str, child: str, field: str) -> list[Record]:
        """Live children of one parent, in the order of their making."""
        rows = self.matching(child, self.objects[child].fields[field], record_id)
        return sorted((row for row in rows if not row.get("IsDeleted")), key=lambda row: str(row["Id"]))

    def since(self, name: str, moment: str) -> Iterator[Record]:
        """Records whose SystemModstamp is not before `moment` (REST form), by the index of SQLite."""
        for (record_id,) in self.db.execute("SELECT id FROM records WHERE object = ? AND stamp >= ?", (name, moment)):
            yield self.rows[name][record_id]

    def next_serial(self, name: str) -> int:
        self._serials[name] = self._serials.get(name, 0) + 1
        self._new_serials.add(name)
        return self._serials[name]

    def new_id(self, item: SObject) -> str:
        return ids.make(item.prefix, self.next_serial(item.prefix))

    def place(self, name: str, record_id: str, record: Record | None) -> None:
        """Put (or, with None, take away) a record in memory; `write` makes it last."""
        self._place(self.objects[name], record_id, record)

    def _place(self, item: SObject, record_id: str, record: Record | None) -> None:
        rows = self.rows[item.name]
        old = rows.pop(record_id, None)
        for field in item.fields.values():
            if not field.indexed:
                continue
            before = old.get(field.name) if old else None
            after = record.get(field.name) if record else None
            if before == after and old is not None:
                continue
            index = self._index[item.name, field.name]
            if before is not None:
                index[folded(field, before)].pop(record_id, None)
            if after is not None:
                index.setdefault(folded(field, after), {})[record_id] = None
        if record is not None:
            rows[record_id] = record

    def write(self, changed: Iterable[tuple[str, str]], entries: list[Entry]) -> None:
        """Make (object, id) pairs and journal entries last, all or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            rows, gone = [], []
            for name, record_id in changed:
                record = self.rows[name].get(record_id)
                if record is None:
                    gone.append((record_id,))
                else:
                    rows.append((record_id, name, record.get("SystemModstamp", ""), int(bool(record.get("IsDeleted"))), dump(record)))
            self.db.executemany("INSERT OR REPLACE INTO records VALUES (?,?,?,?,?)", rows)
            self.db.executemany("DELETE FROM records WHERE id = ?", gone)
            serials = [(name, self._serials[name]) for name in self._new_serials]
            self.db.executemany("INSERT OR REPLACE INTO serials VALUES (?,?)", serials)
            self.journal.append(entries)
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        self._new_serials.clear()

    def fact(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_fact(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, value))

    def close(self) -> None:
        self.db.close()
