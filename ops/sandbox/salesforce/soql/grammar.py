"""SOQL text becomes a tree. Refuses with MALFORMED_QUERY and the place, as the org does (SOQL and SOSL Reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.sandbox.salesforce.problems import Refused, refuse
from ops.sandbox.salesforce.soql.tree import Aggregate, Compare, Literal, Logic, Order, Path, Query

MAX_CHARACTERS = 100_000
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:\\.|[^'\\])*')
    |(?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*(?::\d+)?)
    |(?P<sign><=|>=|!=|<>|[=<>(),]))""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Query:
    """The tree of one query. Raises Refused MALFORMED_QUERY."""
    if len(text) > MAX_CHARACTERS:
        raise refuse("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters.")
    parser = _Parser(text)
    query = parser.query()
    if parser.peek().kind != "end":
        raise parser.unexpected()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._cut(text)
        self.at = 0

    def _cut(self, text: str) -> list[_Token]:
        tokens, place = [], 0
        end = len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise refuse("MALFORMED_QUERY", self._where(place, f"unexpected token: '{text[place:].strip()[:20]}'"))
            kind = str(match.lastgroup)
            tokens.append(_Token(kind, match.group(kind), match.start(kind)))
            place = match.end()
        return [*tokens, _Token("end", "<EOF>", end)]

    def _where(self, place: int, what: str) -> str:
        line = self.text.count("\n", 0, place) + 1
        column = place - self.text.rfind("\n", 0, place)
        around = self.text[max(0, place - 20) : place + 20].replace("\n", " ")
        return f"\n{around}\n{' ' * min(20, place)}^\nERROR at Row:{line}:Column:{column}\n{what}"

    def peek(self) -> _Token:
        return self.tokens[self.at]

    def unexpected(self) -> Refused:
        token = self.peek()
        return refuse("MALFORMED_QUERY", self._where(token.at, f"unexpected token: '{token.text}'"))

    def word(self, *words: str) -> bool:
        """Take the given words if all of them come next, in any case."""
        for i, word in enumerate(words):
            token = self.tokens[min(self.at + i, len(self.tokens) - 1)]
            if token.kind != "word" or token.text.lower() != word:
                return False
        self.at += len(words)
        return True

    def sign(self, sign: str) -> bool:
        if self.peek().kind == "sign" and self.peek().text == sign:
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.sign(sign):
            raise self.unexpected()

    def name(self) -> str:
        token = self.peek()
        if token.kind != "word":
            raise self.unexpected()
        self.at += 1
        return token.text

    def path(self) -> Path:
        return tuple(self.name().split("."))

    def integer(self) -> int:
        token = self.peek()
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected()
        self.at += 1
        return int(token.text)

    def query(self) -> Query:
        if not self.word("select"):
            raise self.unexpected()
        select: list[Any] = []
        fields = ""
        while True:
            one = self._item()
            if isinstance(one, str):
                fields = one
            else:
                select.append(one)
            if not self.sign(","):
                break
        if not self.word("from"):
            raise self.unexpected()
        source = self.name()
        return self._rest(tuple(select), source, fields)

    def _rest(self, select: tuple[Any, ...], source: str, fields: str) -> Query:
        alias = ""
        self.word("as")
        if self.peek().kind == "word" and self.peek().text.lower() not in _CLAUSES:
            alias = self.name()
        where = self._condition() if self.word("where") else None
        if self.word("with"):
            self.name()
        group: list[Path] = []
        if self.word("group", "by"):
            group = [self.path()]
            while self.sign(","):
                group.append(self.path())
        order = self._orders() if self.word("order", "by") else ()
        limit = self.integer() if self.word("limit") else None
        offset = self.integer() if self.word("offset") else 0
        all_rows = self.word("all", "rows")
        if self.word("for"):
            self.name()
        if offset > 2000:
            raise refuse("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return Query(select, source, alias, where, tuple(group), order, limit, offset, fields, all_rows)

    def _item(self) -> Any:
        """A path, an aggregate, a child query, or the word inside FIELDS(...)."""
        if self.sign("("):
            child = self.query()
            self.expect(")")
            return child
        path = self.path()
        if not self.sign("("):
            return path
        function = path[0].lower()
        if function == "fields":
            word = self.name().upper()
            self.expect(")")
            return word
        inner: Path = () if self.peek().text == ")" else self.path()
        self.expect(")")
        if function in {"tolabel", "format", "convertcurrency"}:
            return inner
        if function not in {"count", "count_distinct", "sum", "min", "max", "avg"}:
            raise refuse("MALFORMED_QUERY", f"unexpected token: '{path[0]}'")
        alias = self.name() if self.peek().kind == "word" and self.peek().text.lower() != "from" else ""
        return Aggregate(function, inner, alias)

    def _orders(self) -> tuple[Order, ...]:
        found = []
        while True:
            path = self.path()
            descending = self.word("desc") or (self.word("asc") and False)
            nulls_last = descending
            if self.word("nulls", "first"):
                nulls_last = False
            elif self.word("nulls", "last"):
                nulls_last = True
            found.append(Order(path, descending, nulls_last))
            if not self.sign(","):
                return tuple(found)

    def _condition(self) -> Any:
        """Terms joined by AND or by OR; a mix needs parentheses."""
        parts = [self._term()]
        operator = ""
        while self.peek().kind == "word" and self.peek().text.lower() in {"and", "or"}:
            word = self.peek().text.lower()
            if operator and word != operator:
                raise self.unexpected()
            operator = word
            self.at += 1
            parts.append(self._term())
        return Logic(operator, tuple(parts)) if operator else parts[0]

    def _term(self) -> Any:
        if self.word("not"):
            return Logic("not", (self._term(),))
        if self.sign("("):
            inner = self._condition()
            self.expect(")")
            return inner
        path = self.path()
        token = self.peek()
        if token.kind == "sign" and token.text in {"=", "!=", "<>", "<", "<=", ">", ">="}:
            self.at += 1
            return Compare(path, "!=" if token.text == "<>" else token.text, self._literal())
        if self.word("like"):
            return Compare(path, "like", self._literal())
        for words, operator in (("in",), "in"), (("not", "in"), "not_in"), (("includes",), "includes"), (("excludes",), "excludes"):
            if self.word(*words):
                return Compare(path, operator, self._list())
        raise self.unexpected()

    def _list(self) -> Any:
        self.expect("(")
        if self.peek().text.lower() == "select":
            found: Any = self.query()
        else:
            values = [self._literal()]
            while self.sign(","):
                values.append(self._literal())
            found = tuple(values)
        self.expect(")")
        return found

    def _literal(self) -> Literal:
        token = self.peek()
        if token.kind not in {"string", "number", "moment", "word"}:
            raise self.unexpected()
        self.at += 1
        if token.kind == "string":
            text = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m.group(1).lower(), m.group(1)), token.text[1:-1])
            return Literal("string", text)
        if token.kind == "number":
            return Literal("number", Decimal(token.text))
        if token.kind == "word" and not _is_known_word(token.text):
            self.at -= 1
            raise self.unexpected()
        return Literal(token.kind, token.text)


_CLAUSES = frozenset({"where", "with", "group", "order", "limit", "offset", "for", "all", "using"})
_DAYS = re.compile(
    r"(?:today|yesterday|tomorrow|(?:this|last|next)_(?:week|month|quarter|year)|(?:last|next)_90_days|(?:last|next)_n_days:\d+|n_days_ago:\d+)\Z"
)


def _is_known_word(text: str) -> bool:
    lower = text.lower()
    return lower in {"true", "false", "null"} or bool(_DAYS.match(lower)) or (len(text) > 3 and text[:3].isupper() and text[3:].isdigit())
