"""N/search compiled to SQL: filter expressions, formulas, columns and sorts (netsuite.md sections 3.1 and 7.1).

Rows with equal sort values come in a deliberately odd order, so that a script without a unique tie-break is found out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ops.sandbox.netsuite import dates
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.errors import NsError, permission
from ops.sandbox.netsuite.searchfields import Column, Scope, kinds_of
from ops.sandbox.netsuite.sight import shown
from ops.sandbox.netsuite.values import country_name

COMPARE = {
    "is": "=", "equalto": "=", "isnot": "<>", "notequalto": "<>", "greaterthan": ">", "greaterthanorequalto": ">=",
    "lessthan": "<", "lessthanorequalto": "<=", "onorafter": ">=", "after": ">", "onorbefore": "<=", "before": "<",
}  # fmt: skip
LIKE = {"contains": "%{}%", "startswith": "{}%", "haskeywords": "%{}%"}
FUNCTIONS = frozenset(
    [
        "to_char",
        "case",
        "when",
        "then",
        "else",
        "end",
        "and",
        "or",
        "not",
        "is",
        "null",
        "in",
        "between",
        "like",
        "nvl",
        "nvl2",
        "coalesce",
        "concat",
        "substr",
        "length",
        "upper",
        "lower",
        "trim",
        "round",
        "abs",
        "greatest",
        "least",
        "decode",
        "to_number",
        "sysdate",
        "mod",
        "floor",
        "ceil",
        "instr",
        "replace",
    ]
)
FLAG = re.compile(r"^\s*case\s+when\s+(?P<test>.+)\s+then\s+'T'\s+end\s*$", re.IGNORECASE | re.DOTALL)
STAMP_FORMAT = re.compile(r"'yyyy-mm-dd hh24:mi:ss'", re.IGNORECASE)
Row = tuple[str, str, list[str], list[str | None]]


class Compiler:
    """One search being turned into SQL."""

    def __init__(self, account: Account, spec: Mapping[str, Any]) -> None:
        self.account = account
        self.spec = spec
        self.params: list[Any] = []
        kinds = kinds_of(account.metadata, str(spec["type"]))
        for kind in kinds:
            fault = next((f for f in account.faults.active() if f.name == "permission_removed" and f.match.get("type") == kind.name), None)
            if fault is not None and "field" not in fault.params:
                raise permission(f"You need the permission to search {kind.name} records.")
        hidden = frozenset(name.lower() for kind in kinds for name in account.hidden(kind.name))
        self.scope = Scope(account.metadata, str(spec["type"]), kinds, hidden)

    def run(self, start: int, end: int) -> list[Row]:
        """Rows [start, end): record type, id, values and texts, all as the strings that a script sees."""
        columns = [self.column(c) for c in self.spec["columns"]]
        selects = [part for column in columns for part in self._select(column)]
        order = [f"{column.sql} {c['sort']}" for c, column in zip(self.spec["columns"], columns, strict=True) if c.get("sort") in ("ASC", "DESC")]
        head = "t.recordid, t.type" if not self.scope.kinds else "t.id, t.rectype"
        sql = f"select {', '.join([head, *selects])} {self._tail()} order by {', '.join([*order, self._odd()])} limit {end - start} offset {start}"
        rows = self.account.store.db.execute(sql, self.params).fetchall()
        return [self._row(row, columns) for row in rows]

    def count(self) -> int:
        return int(self.account.store.db.execute(f"select count(*) {self._tail()}", self.params).fetchone()[0])

    def _tail(self) -> str:
        where = self.filters(self.spec.get("filters") or [])
        source = f'from "{self.scope.table}" t'
        fixed = []
        if self.scope.table == "transaction":
            source += " join transactionline l on l.parent=t.id"
        if self.scope.kinds and len(self.scope.kinds) < len(self.account.metadata.of_table(self.scope.table)):
            fixed.append("t.rectype in (" + ",".join(f"'{k.name}'" for k in self.scope.kinds) + ")")
        fixed += shown(self.account, self.scope.kinds)
        return f"{source} {' '.join(self.scope.joins.values())} where {' and '.join([*fixed, f'({where})'])}"

    def _odd(self) -> str:
        if not self.scope.kinds:
            return "(t.recordid * 7919) % 10007"
        line = ", (l.line * 31) % 17" if self.scope.table == "transaction" else ""
        return f"(t.id * 7919) % 10007{line}"

    # -- columns
    def column(self, spec: Mapping[str, Any]) -> Column:
        if spec.get("formula"):
            return Column(f"({self.formula(str(spec['formula']))})", "text")
        return self.scope.column(str(spec["name"]), spec.get("join"))

    def formula(self, text: str) -> str:
        """A formula's SQL; only the functions of the allow-list, so that nothing else of SQL comes in."""
        bare = re.sub(r"'[^']*'|\{[^}]*\}", " ", text)
        words = {w.lower() for w in re.findall(r"[A-Za-z_]\w*", bare)}
        if ";" in bare or "--" in bare or words - FUNCTIONS:
            raise NsError("UNEXPECTED_ERROR", "An unexpected SuiteScript error has occurred: invalid formula")
        sql = re.sub(r"\{(?:(\w+)\.)?(\w+)\}", self._placeholder, text)
        sql = re.sub(r"\bsysdate\b", f"'{self.account.stamp()}'", sql, flags=re.IGNORECASE)
        if self.account.options.formula_zone == "utc" or self.account.options.time_zone == "GMT":
            sql = re.sub(r"\bto_char\s*\(([^(),]+),\s*" + STAMP_FORMAT.pattern + r"\)", r"\1", sql, flags=re.IGNORECASE)
        return re.sub(r"\bto_char\s*\(", "ns_to_char(", sql, flags=re.IGNORECASE)

    def _placeholder(self, match: re.Match[str]) -> str:
        if match[2].lower() == "id" and match[1]:
            return self.scope.column(match[1], None).sql
        found = self.scope.column(match[2], match[1])
        return self._title(found) if found.kind == "ref" else found.sql

    def _title(self, column: Column) -> str:
        target = self.account.metadata.types[column.arg]
        return f'(select "{target.fields[target.title].column}" from "{target.table}" where id={column.sql})'

    def _select(self, column: Column) -> tuple[str, str]:
        return (column.sql, self._title(column) if column.kind == "ref" else "null")

    def _row(self, row: tuple[Any, ...], columns: list[Column]) -> Row:
        cells = [self._show(c, row[2 + 2 * i], row[3 + 2 * i]) for i, c in enumerate(columns)]
        kind = self.account.metadata.types.get(row[1])
        return (kind.search if kind else "deletedrecord", str(row[0]), [c[0] for c in cells], [c[1] for c in cells])

    def _show(self, column: Column, value: Any, text: Any) -> tuple[str, str | None]:
        """What getValue and getText give."""
        if column.kind == "bool":
            return (value or "F", None)
        if value is None:
            return ("", "" if column.kind in ("ref", "enum", "status", "country") else None)
        o = self.account.options
        if column.kind == "ref":
            return (str(value), str(text) if text is not None else str(value))
        if column.kind == "datetime":
            return (dates.show_datetime(value, o.date_format, o.time_format, o.time_zone), None)
        if column.kind == "date":
            return (dates.show_date(value, o.date_format), None)
        show = _SHOWN.get(column.kind)
        return show(self.account, column, value) if show else (str(value), None)

    # -- filters
    def filters(self, expression: Any) -> str:
        if not expression:
            return "1"
        if isinstance(expression[0], str) and expression[0].lower() != "not":
            return self._one(expression)
        parts = [part.lower() if isinstance(part, str) else f"({self.filters(part)})" for part in expression]
        joined: list[str] = []
        for place, part in enumerate(parts):
            if place and part not in ("and", "or") and parts[place - 1] not in ("and", "or", "not"):
                joined.append("and")
            joined.append(part)
        return " ".join(joined)

    def _one(self, filter_: list[Any]) -> str:
        name, op, values = str(filter_[0]), str(filter_[1]).lower(), filter_[2:]
        if name.lower().startswith("formula"):
            return self._formula_filter(name.partition(":")[2], op, values)
        join, _, field = name.rpartition(".")
        column = self.scope.column(field, join or None)
        if op in ("isempty", "isnotempty"):
            return f"coalesce({column.sql},'') {'=' if op == 'isempty' else '<>'} ''"
        if op in ("anyof", "noneof"):
            return self._any_of(column, op, values)
        if op in LIKE:
            self.params.append(LIKE[op].format(values[0]))
            return f"{column.sql} like ?"
        if op in ("within", "between"):
            return f"({self._compare(column, 'onorafter', values[0])}) and ({self._compare(column, 'onorbefore', values[1])})"
        return self._compare(column, op, values[0] if values else None)

    def _compare(self, column: Column, op: str, value: Any) -> str:
        if column.kind in ("datetime", "date"):
            return self._date_compare(column, op, str(value))
        if op not in COMPARE:
            raise NsError("SSS_INVALID_SRCH_OPERATOR", f"An nlobjSearchFilter contains an invalid operator, or is not in proper syntax: {op}.")
        if column.kind == "bool":
            self.params.append("T" if value in (True, "T", "true") else "F")
            return f"coalesce({column.sql},'F') {COMPARE[op]} ?"
        self.params.append(value if column.kind != "id" else int(value))
        return f"{column.sql} {COMPARE[op]} ?"

    def _date_compare(self, column: Column, op: str, text: str) -> str:
        o = self.account.options
        read = dates.read_date(text, self.account.now(), o.date_format, o.time_zone)
        if read is None:
            raise NsError("UNEXPECTED_ERROR", f"An unexpected error has occurred: Invalid date value (must be {o.date_format}): {text}")
        stamp, timed = read
        sql = column.sql if column.kind == "datetime" else f"({column.sql} || ' 00:00:00')"
        if op == "on":
            self.params += [stamp, stamp]
            return f"({sql} >= ? and {sql} < datetime(?, '+1 day'))"
        if op not in COMPARE:
            raise NsError("SSS_INVALID_SRCH_OPERATOR", f"An nlobjSearchFilter contains an invalid operator, or is not in proper syntax: {op}.")
        shift = {"after": "+1 day", "onorbefore": "+1 day"}.get(op) if not timed else {"after": "+1 minute", "onorbefore": "+1 minute"}.get(op)
        self.params.append(stamp)
        sign = {"after": ">=", "onorbefore": "<"}.get(op, COMPARE[op])
        return f"{sql} {sign} " + (f"datetime(?, '{shift}')" if shift else "?")

    def _any_of(self, column: Column, op: str, values: list[Any]) -> str:
        flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
        word = "in" if op == "anyof" else "not in"
        if flat == ["@NONE@"]:
            return f"{column.sql} is {'' if op == 'anyof' else 'not '}null"
        if column.kind == "status":
            self.params += [str(v) for v in flat]
            return f"{column.sql} {word} ({','.join('?' * len(flat))})"
        if column.kind in ("id", "ref") and any(not str(v).isdigit() for v in flat if str(v) != "-1"):
            raise NsError("SSS_INVALID_SRCH_FILTER_LIST_PARAM", "An nlobjSearchFilter contains invalid list values.")
        self.params += [int(v) if column.kind in ("id", "ref") else str(v) for v in flat]
        return f"{column.sql} {word} ({','.join('?' * len(flat))})"

    def _formula_filter(self, text: str, op: str, values: list[Any]) -> str:
        flag = FLAG.match(text)
        if flag and op == "is" and values and values[0] == "T":
            return f"({self.formula(flag['test'])})"  # the same truth, and an index can serve it
        if op not in COMPARE:
            raise NsError("SSS_INVALID_SRCH_OPERATOR", f"An nlobjSearchFilter contains an invalid operator, or is not in proper syntax: {op}.")
        sql = self.formula(text)
        self.params.append(values[0] if values else None)
        return f"({sql}) {COMPARE[op]} ?"


def _enum(account: Account, column: Column, value: Any) -> tuple[str, str | None]:
    return (str(value), account.metadata.enums[column.arg].get(str(value), str(value)))


def _status(account: Account, _column: Column, value: Any) -> tuple[str, str | None]:
    """The value is the name in camel case, getText the name [K]; the letter is a matter of REST and SuiteQL."""
    kind, _, code = str(value).partition(":")
    text = account.metadata.enums.get(kind, {}).get(code)
    if text is None:
        return (code, code)
    words = re.findall(r"\w+", text)
    return (words[0].lower() + "".join(words[1:]), text)


def _type(account: Account, _column: Column, value: Any) -> tuple[str, str | None]:
    return (str(value), account.metadata.by_transaction[str(value)].const["name"])


def _money(_account: Account, _column: Column, value: Any) -> tuple[str, str | None]:
    number = Decimal(str(value))
    return (f"{number:.2f}" if number == round(number, 2) else f"{number.normalize():f}", None)


def _number(_account: Account, _column: Column, value: Any) -> tuple[str, str | None]:
    number = Decimal(str(value)).normalize()
    return (f"{number:f}", None)


def _percent(_account: Account, _column: Column, value: Any) -> tuple[str, str | None]:
    return (f"{float(value)}%", None)


def _country(_account: Account, _column: Column, value: Any) -> tuple[str, str | None]:
    return (str(value), country_name(str(value)))


_SHOWN: dict[str, Callable[[Account, Column, Any], tuple[str, str | None]]] = {
    "enum": _enum, "status": _status, "type": _type, "money": _money, "number": _number, "rate": _number,
    "break": _number, "percent": _percent, "country": _country,
}  # fmt: skip
