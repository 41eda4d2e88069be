"""One transaction of the org: what it touched, how to take back a part of it, and the journal entries that it leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ops.sandbox.salesforce.journal import Entry
from ops.sandbox.salesforce.store import Record, Store
from ops.sandbox.salesforce.values import stamp

UNJOURNALED = frozenset({"SystemModstamp", "IsDeleted"})


@dataclass(slots=True)
class Caller:
    """Who does it and through which door. `origin` becomes changeOrigin."""

    user: str
    origin: str = ""
    batch: bool = False  # several records in one call


@dataclass(slots=True)
class Transaction:
    """Everything between the start of a call and its commit."""

    store: Store
    caller: Caller
    moment: datetime
    key: UUID
    before: dict[tuple[str, str], Record | None] = field(default_factory=dict)
    quiet: set[tuple[str, str]] = field(default_factory=set)
    _undo: list[tuple[str, str, Record | None, bool]] = field(default_factory=list)

    @property
    def stamp(self) -> str:
        return stamp(self.moment)

    def put(self, name: str, record: Record, *, quiet: bool = False) -> None:
        """Replace a record. `quiet`: derived without a trace, neither stamped nor told to anybody."""
        place = (name, str(record["Id"]))
        old = self.store.get(*place)
        first = place not in self.before
        self._undo.append((*place, old, first))
        if first:
            self.before[place] = old
            if quiet:
                self.quiet.add(place)
        elif not quiet:
            self.quiet.discard(place)
        if not quiet:
            record = record | {"SystemModstamp": self.stamp}
            if "LastModifiedDate" in self.store.objects[name].fields:
                record |= {"LastModifiedDate": self.stamp, "LastModifiedById": self.caller.user}
        self.store.place(name, place[1], {key: value for key, value in record.items() if value is not None})

    def mark(self) -> int:
        return len(self._undo)

    def undo(self, mark: int = 0) -> None:
        """Take back everything since the mark."""
        while len(self._undo) > mark:
            name, record_id, old, first = self._undo.pop()
            self.store.place(name, record_id, old)
            if first:
                del self.before[name, record_id]
                self.quiet.discard((name, record_id))

    def commit(self) -> list[Entry]:
        """Write all of it and tell the journal's readers. Nothing touched: nothing written."""
        if not self.before:
            return []
        loud = [place for place in self.before if place not in self.quiet]
        number = self.store.journal.next_number() if loud else 0
        entries = [entry for entry in (self._entry(place, number) for place in loud) if entry is not None]
        entries = [_numbered(entry, sequence) for sequence, entry in enumerate(entries, 1)]
        self.store.write(list(self.before), entries)
        if entries:
            self.store.journal.announce()
        return entries

    def _entry(self, place: tuple[str, str], number: int) -> Entry | None:
        name, record_id = place
        before, after = self.before[place], self.store.get(name, record_id)
        was, is_ = _alive(before), _alive(after)
        if not was and not is_:
            return None
        change = "UPDATE" if was and is_ else "DELETE" if was else "UNDELETE" if before else "CREATE"
        changed, nulled = _difference(before or {}, after or {}) if change == "UPDATE" else ((), ())
        return Entry(
            commit_number=number,
            transaction_key=str(self.key),
            sequence=0,
            commit_ms=int(self.moment.timestamp()) * 1000,
            object=name,
            record_id=record_id,
            change=change,
            changed=changed,
            nulled=nulled,
            values=dict(after or {}),
            user=self.caller.user,
            origin=self.caller.origin,
        )


def _alive(record: Record | None) -> bool:
    return record is not None and not record.get("IsDeleted")


def _difference(before: Record, after: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Changed and nulled names. LastModifiedDate always counts as changed: an update sets it, even to the same second."""
    names = [name for name in (*after, *(name for name in before if name not in after)) if before.get(name) != after.get(name)]
    changed = [name for name in names if name not in UNJOURNALED]
    if "LastModifiedDate" in after and "LastModifiedDate" not in changed:
        changed.append("LastModifiedDate")
    return tuple(changed), tuple(name for name in changed if after.get(name) is None)


def _numbered(entry: Entry, sequence: int) -> Entry:
    values: dict[str, Any] = {name: getattr(entry, name) for name in entry.__slots__}
    return Entry(**(values | {"sequence": sequence}))
