"""The `q=` filter of record collections: its grammar, its operators and its user-format dates (OH/section_1545222128)."""

from __future__ import annotations

import re
from typing import Any

from ops.sandbox.netsuite import dates
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.metadata import Field, RecordType
from ops.sandbox.netsuite.store import NUMBERS

TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<paren>[()\[\],])|(?P<word>[^\s()\[\],"]+))')
TEXT = {
    "IS": "{} = ?",
    "CONTAIN": "{} like ?",
    "START_WITH": "{} like ?",
    "STARTWITH": "{} like ?",
    "END_WITH": "{} like ?",
    "ENDWITH": "{} like ?",
}
PATTERN = {"CONTAIN": "%{}%", "START_WITH": "{}%", "STARTWITH": "{}%", "END_WITH": "%{}", "ENDWITH": "%{}"}
NUMBER = {"EQUAL": "=", "GREATER": ">", "LESS": "<", "GREATER_OR_EQUAL": ">=", "LESS_OR_EQUAL": "<="}
DATE = {
    "AFTER": "{} >= datetime(?, '+1 day')", "BEFORE": "{} < ?", "ON": "date({}) = date(?)", "ON_OR_AFTER": "{} >= ?",
    "ON_OR_BEFORE": "{} < datetime(?, '+1 day')",
}  # fmt: skip
NOT_FILTERABLE = {("employee", "lastModifiedDate")}


class Filter:
    """Recursive descent over tokens; gives SQL and parameters."""

    def __init__(self, account: Account, kind: RecordType, text: str) -> None:
        self.account = account
        self.kind = kind
        self.params: list[Any] = []
        self._tokens = self._split(text)
        self._place = 0

    def sql(self) -> str:
        out = self._or()
        if self._place != len(self._tokens):
            raise _bad(f"Invalid query near '{self._tokens[self._place]}'.")
        return out

    def _split(self, text: str) -> list[str]:
        tokens, place = [], 0
        while place < len(text.rstrip()):
            match = TOKEN.match(text, place)
            if match is None:
                raise _bad(f"Invalid query near '{text[place:]}'.")
            tokens.append(match[0].strip())
            place = match.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise _bad("Invalid query: it ends too early.")
        self._place += 1
        return token

    def _or(self) -> str:
        parts = [self._and()]
        while self._peek().upper() == "OR":
            self._next()
            parts.append(self._and())
        return f"({' or '.join(parts)})"

    def _and(self) -> str:
        parts = [self._one()]
        while self._peek().upper() == "AND":
            self._next()
            parts.append(self._one())
        return f"({' and '.join(parts)})"

    def _one(self) -> str:
        if self._peek() == "(":
            self._next()
            inner = self._or()
            if self._next() != ")":
                raise _bad("Invalid query: a parenthesis is missing.")
            return inner
        name, op = self._next(), self._next().upper()
        column, f = self._column(name)
        if op in ("EMPTY", "EMPTY_NOT"):
            return f"{column} is {'not ' if op.endswith('NOT') else ''}null"
        negated = op.endswith("_NOT")
        sql = self._condition(name, column, f, op.removesuffix("_NOT"))
        return f"not coalesce({sql}, 0)" if negated else sql

    def _column(self, name: str) -> tuple[str, Field]:
        if name in ("id", "externalId"):
            return name.lower(), Field(name, "int" if name == "id" else "text", "", name.lower(), name.lower())
        if name in ("lastModifiedDate", self.kind.created) and (self.kind.name, name) not in NOT_FILTERABLE:
            column = "lastmodifieddate" if name == "lastModifiedDate" else "createddate"
            return column, Field(name, "datetime", "", column, column)
        f = self.kind.fields.get(name)
        if f is None or f.kind == "address" or f.nosql or (self.kind.name, name) in NOT_FILTERABLE:
            raise NsError("NONEXISTENT_FIELD", f"Field '{name}' does not exist or cannot be used in a filter.", errorQueryParam="q")
        return f'"{f.column}"', f

    def _value(self) -> str:
        token = self._next()
        return token[1:-1].replace('\\"', '"') if token.startswith('"') else token

    def _values(self) -> list[str]:
        if self._peek() not in ("[", "("):
            return [self._value()]
        close = "]" if self._next() == "[" else ")"
        out = [self._value()]
        while self._next() == ",":
            out.append(self._value())
        if self._tokens[self._place - 1] != close:
            raise _bad("Invalid query: a list is not closed.")
        return out

    def _condition(self, name: str, column: str, f: Field, op: str) -> str:
        if f.kind in ("date", "datetime"):
            return self._date(column, f, op)
        if op in ("ANY_OF", "ANYOF", "WITHIN", "BETWEEN"):
            values = self._values()
            self.params += values
            if op in ("WITHIN", "BETWEEN"):
                return f"{column} between ? and ?"
            return f"{column} in ({','.join('?' * len(values))})"
        if f.kind in (*NUMBERS, "int") and op in NUMBER:
            self.params.append(float(self._value()))
            return f"{column} {NUMBER[op]} ?"
        if f.kind == "bool" and op == "IS":
            self.params.append("T" if self._value().lower() in ("true", "t") else "F")
            return f"coalesce({column},'F') = ?"
        if op in TEXT:
            self.params.append(PATTERN.get(op, "{}").format(self._value()))
            return TEXT[op].format(column) + (" collate nocase" if op == "IS" else "")
        raise _bad(f"Operator {op} cannot be used with field '{name}'.")

    def _date(self, column: str, f: Field, op: str) -> str:
        text = self._value()
        o = self.account.options
        read = dates.read_date(text, self.account.now(), o.date_format, o.time_zone)
        if read is None or op not in DATE:
            raise _bad(f'Unparseable date: "{text}"')
        self.params.append(read[0])
        return DATE[op].format(column if f.kind == "datetime" else f"({column} || ' 00:00:00')")


def _bad(detail: str) -> NsError:
    return NsError("INVALID_PARAMETER", detail, errorQueryParam="q")
