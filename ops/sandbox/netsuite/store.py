"""The account's state in SQLite: a table for each record table, real columns for each field, so that searches are SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ops.sandbox.netsuite.metadata import ADDRESS_PARTS, Field, Metadata, RecordType

NUMBERS = frozenset({"number", "money", "percent", "rate", "break"})
AFFINITY = {"int": "INTEGER", "ref": "INTEGER"} | dict.fromkeys(NUMBERS, "NUMERIC")
LINE_FLAGS = ("mainline", "taxline", "shipping", "cogs")
OWN_TABLES = """
create table if not exists external (grp text, externalid text collate nocase, rectype text, id integer, primary key (grp, externalid));
create table if not exists sequence (name text primary key, value integer);
create table if not exists setting (name text primary key, value text);
create table if not exists journal (number integer primary key, id text, type text, op text, fields text, at text, late integer,
  accepted_ms integer, held text);
create table if not exists deletedrecord (number integer primary key, recordid integer, rectype text, type text, name text,
  externalid text, deleteddate text, deletedby integer);
create index if not exists deletedrecord_stamp on deletedrecord (deleteddate, recordid);
create table if not exists savedsearch (id text primary key, definition text);
create table if not exists job (id integer primary key, idempotency text unique, document text);
"""
INDEXES = """
create index if not exists transactionline_item on transactionline (item, location);
create index if not exists transactionline_from on transactionline (createdfrom);
create index if not exists transaction_from on "transaction" (createdfrom);
create index if not exists transaction_entity on "transaction" (entity, type);
create index if not exists application_doc on application (doc);
"""
HEAD_COLUMNS = {"id": "integer primary key", "rectype": "text", "externalid": "text", "createddate": "text", "lastmodifieddate": "text"}
HEAD_NAMES = ("externalid", "createddate", "lastmodifieddate")
LINE_COLUMNS = {"parent": "integer", "line": "integer", "seq": "integer"}


@dataclass(slots=True)
class Record:
    """One record in memory. `values` and `lines` by REST name: str, int (references), Decimal, 'T'/'F', ISO dates, address dicts."""

    type: RecordType
    id: int
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    external_id: str | None = None
    created: str = ""
    modified: str = ""

    def number(self, name: str) -> Decimal:
        """A numeric field, 0 when empty."""
        return self.values.get(name) or Decimal(0)


class Store:
    """Reads and writes records. Whoever changes several records does so inside `with store.db:`."""

    def __init__(self, path: Path | str, metadata: Metadata) -> None:
        self.db = sqlite3.connect(path, check_same_thread=False, cached_statements=512)
        self.db.executescript("pragma journal_mode=wal; pragma synchronous=normal;")
        self.metadata = metadata
        self._create()

    def _create(self) -> None:
        """Tables and columns that are missing (all in a new file, new fields' in an old one), in one transaction."""
        wanted = dict(_tables(self.metadata))
        script = [OWN_TABLES]
        for table, columns in wanted.items():
            have = {row[1].lower() for row in self.db.execute(f'pragma table_info("{table}")')}
            if not have:
                script.append(f'create table "{table}" ({", ".join(f"{_quoted(n)} {kind}" for n, kind in columns.items())});')
            else:
                script += [f'alter table "{table}" add column {_quoted(n)} {kind};' for n, kind in columns.items() if n not in have]
            key = "lastmodifieddate, id" if "id" in columns else "parent, seq"
            script.append(f'create index if not exists "{table}_order" on "{table}" ({key});')
        have = {row[1] for row in self.db.execute("pragma table_info(journal)")}
        script += ["alter table journal add column held text;"] if have and "held" not in have else []
        self.db.executescript(f"begin; {' '.join(script)} {INDEXES} commit;")

    # -- records
    def get(self, kind: RecordType, record_id: int) -> Record | None:
        """The record with all its lines; None where there is none of exactly this type."""
        fields = list(kind.fields.values())
        names = [*HEAD_NAMES, *(c for f in fields for c in f.columns)]
        select = ",".join(f'"{n}"' for n in names)
        row = self.db.execute(f'select {select} from "{kind.table}" where id=? and rectype=?', (record_id, kind.name)).fetchone()
        if row is None:
            return None
        record = Record(kind, record_id, external_id=row[0], created=row[1], modified=row[2])
        record.values = _unpack(fields, row[3:])
        for sub in kind.sublists.values():
            record.lines[sub.name] = self._lines(sub.table, list(sub.fields.values()), record_id)
        return record

    def _lines(self, table: str, fields: list[Field], parent: int) -> list[dict[str, Any]]:
        select = ",".join(f'"{c}"' for f in fields for c in f.columns)
        real = " and mainline='F' and taxline='F' and shipping='F' and cogs='F'" if table == "transactionline" else ""
        rows = self.db.execute(f'select line,{select} from "{table}" where parent=?{real} order by seq', (parent,))
        return [{"line": row[0], **_unpack(fields, row[1:])} for row in rows]

    def put(self, record: Record) -> None:
        """Write the record whole."""
        kind = record.type
        values = {"id": record.id, "rectype": kind.name, "externalid": record.external_id}
        values |= {"createddate": record.created, "lastmodifieddate": record.modified}
        values |= {name.lower(): value for name, value in kind.const.items() if name not in ("search", "name")}
        values |= _pack(kind.fields.values(), record.values)
        names = ",".join(f'"{n}"' for n in values)
        marks = ",".join("?" * len(values))
        self.db.execute(f'insert or replace into "{kind.table}" ({names}) values ({marks})', list(values.values()))
        self.db.execute("delete from external where grp=? and id=? and rectype=?", (kind.group, record.id, kind.name))
        if record.external_id:
            self.db.execute("insert into external values (?,?,?,?)", (kind.group, record.external_id, kind.name, record.id))
        for sub in kind.sublists.values():
            self.db.execute(f'delete from "{sub.table}" where parent=?', (record.id,))
            self._put_lines(sub.table, record, [_pack(sub.fields.values(), line) | {"line": line["line"]} for line in record.lines.get(sub.name, [])])
        if kind.transaction and "item" not in kind.sublists:  # a search shows its main line all the same
            self.db.execute("delete from transactionline where parent=?", (record.id,))
            self._put_lines("transactionline", record, [])

    def _put_lines(self, table: str, record: Record, rows: list[dict[str, Any]]) -> None:
        for seq, row in enumerate(rows, 1):
            row["seq"] = seq
        if table == "transactionline":
            rows = [row | dict.fromkeys(LINE_FLAGS, "F") for row in rows] + _extra_lines(record, len(rows))
        if not rows:
            return
        names = list(dict.fromkeys(name for row in rows for name in row))
        marks = ",".join("?" * (len(names) + 1))
        columns = ",".join(f'"{n}"' for n in names)
        data = [[record.id, *(row.get(n) for n in names)] for row in rows]
        self.db.executemany(f'insert into "{table}" (parent,{columns}) values ({marks})', data)

    def remove(self, record: Record) -> None:
        self.db.execute(f'delete from "{record.type.table}" where id=?', (record.id,))
        self.db.execute("delete from external where grp=? and id=? and rectype=?", (record.type.group, record.id, record.type.name))
        tables = {sub.table for sub in record.type.sublists.values()} | ({"transactionline"} if record.type.transaction else set())
        for table in sorted(tables):
            self.db.execute(f'delete from "{table}" where parent=?', (record.id,))

    # -- small things
    def next(self, name: str, start: int = 1) -> int:
        """The next number of a sequence."""
        row = self.db.execute("insert into sequence values (?,?) on conflict (name) do update set value=value+1 returning value", (name, start)).fetchone()
        return int(row[0])

    def external(self, group: str, external_id: str) -> tuple[str, int] | None:
        """(REST type, id) of the record that owns an external id in this group."""
        row = self.db.execute("select rectype, id from external where grp=? and externalid=?", (group, external_id)).fetchone()
        return (row[0], row[1]) if row else None

    def rows(self, sql: str, args: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, tuple(args)).fetchall()

    def setting(self, name: str, default: Any = None) -> Any:
        row = self.db.execute("select value from setting where name=?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def keep(self, name: str, value: Any) -> None:
        with self.db:
            self.db.execute("insert or replace into setting values (?,?)", (name, json.dumps(value)))


def _tables(metadata: Metadata) -> dict[str, dict[str, str]]:
    """Table -> column -> affinity, over all types that share it."""
    out: dict[str, dict[str, str]] = {}
    for kind in metadata.types.values():
        columns = out.setdefault(kind.table, dict(HEAD_COLUMNS))
        columns |= {name.lower(): "text" for name in kind.const if name not in ("search", "name")}
        columns |= _declared(kind.fields.values())
        for sub in kind.sublists.values():
            flags = dict.fromkeys(LINE_FLAGS, "text") if sub.table == "transactionline" else {}
            lines = out.setdefault(sub.table, {**LINE_COLUMNS, **flags})
            lines |= {name: kind for name, kind in _declared(sub.fields.values()).items() if name not in lines}
    return out


def _declared(fields: Iterable[Field]) -> dict[str, str]:
    return {column: AFFINITY.get(f.kind, "text") for f in fields for column in f.columns}


def _quoted(name: str) -> str:
    return f'"{name}"'


def _pack(fields: Iterable[Field], values: dict[str, Any]) -> dict[str, Any]:
    """Column -> SQL value."""
    out: dict[str, Any] = {}
    for f in fields:
        value = values.get(f.name)
        if f.kind == "address":
            parts = value or {}
            out |= {f"{f.arg}{short}": parts.get(rest) for rest, short in ADDRESS_PARTS}
        else:
            out[f.column] = str(value) if isinstance(value, Decimal) else value
    return out


def _unpack(fields: Sequence[Field], row: Sequence[Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    place = 0
    for f in fields:
        if f.kind == "address":
            parts = {rest: row[place + i] for i, (rest, _) in enumerate(ADDRESS_PARTS) if row[place + i] is not None}
            place += len(ADDRESS_PARTS)
            if parts:
                out[f.name] = parts
            continue
        value = row[place]
        place += 1
        if value is not None:
            out[f.name] = Decimal(str(value)) if f.kind in NUMBERS else value
    return out


def _extra_lines(record: Record, count: int) -> list[dict[str, Any]]:
    """What a search on a transaction shows beside its lines: the main line, a shipping, a tax and cost-of-goods lines."""
    if not record.type.transaction:
        return []
    v = record.values
    flags = dict.fromkeys(LINE_FLAGS, "F")
    total = v.get("total", v.get("payment"))
    main = {"line": 0, "seq": 0, "amount": _text(total), "memo": v.get("memo"), "location": v.get("location")}
    rows = [main | {"createdfrom": v.get("createdFrom")} | flags | {"mainline": "T"}]
    for name, flag in (("shippingCost", "shipping"), ("taxTotal", "taxline")):
        if v.get(name):
            count += 1
            rows.append({"line": 1000 + count, "seq": count, "amount": _text(v[name])} | flags | {flag: "T"})
    if record.type.transaction == "ItemShip":
        for line in record.lines.get("item", []):
            count += 1
            half = {"line": 1000 + count, "seq": count, "item": line.get("item"), "createdfrom": line.get("orderDoc")}
            rows.append(half | {"quantity": _text(-(line.get("quantity") or Decimal(0)))} | flags | {"cogs": "T"})
    return rows


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
