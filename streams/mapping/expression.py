"""Expressions where a table is not enough: CEL, the Common Expression Language (cel.dev), which has no loops, no state and no way out.

A field may be worked out (`owner = "accord"`, `expr`): `salesforce.<field>` and `netsuite.<field>` are canonical texts or null. A system's
name for a field may be read by one (`netsuite = { columns = [...], expr = "..." }`): `row.<column>` is the value, `shown.<column>` what people see.
Bounded: source, values and result by length, and at most one macro over a list, so that no expression can grow what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from cel import Context, Program
from cel import compile as compile_cel

from accord.errors import Rejected
from streams.mapping.digits import digits

#: Longest source, and longest text in or out.
LONGEST_SOURCE, LONGEST_TEXT = 500, 20_000
MACROS = re.compile(r"\.(?:map|filter|all|exists|exists_one)\s*\(")
NAMES = re.compile(r"\b(salesforce|netsuite|row|shown)\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:\"([^\"]*)\"|'([^']*)')\s*\])")
TEXTS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
#: CEL's own functions that may be called; operators and the rest of its core have names that no source can spell.
CORE = frozenset({"size", "contains", "startsWith", "endsWith", "matches", "string", "int", "has", "map", "filter", "all", "exists", "exists_one"})
#: System or row -> name -> text.
Values = Mapping[str, Mapping[str, str | None]]


def _number(text: Any) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no number") from error


def _plain(number: Decimal) -> str:
    return digits(number)


def _bounded(text: str) -> str:
    """A text that our functions make may not grow without end either."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"longer than {LONGEST_TEXT} characters")
    return text


#: Decimal arithmetic on texts (CEL's own numbers are binary), and the usual changes of text.
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "plus": lambda a, b: _plain(_number(a) + _number(b)),
    "minus": lambda a, b: _plain(_number(a) - _number(b)),
    "times": lambda a, b: _plain(_number(a) * _number(b)),
    "rounded": lambda a, places: _plain(_number(a).quantize(Decimal(1).scaleb(-max(0, min(int(places), 10))), ROUND_HALF_UP)),
    "less": lambda a, b: _number(a) < _number(b),
    "upper": lambda text: _bounded(str(text).upper()),
    "lower": lambda text: _bounded(str(text).lower()),
    "trimmed": lambda text: str(text).strip(),
    "part": lambda text, start, length: str(text)[max(0, int(start)) : max(0, int(start)) + max(0, int(length))],
    "replaced": lambda text, old, new: _bounded(str(text).replace(str(old), str(new))) if old else str(text),
}


@lru_cache(1024)
def program(source: str) -> Program:
    """Raises ValueError with the place inside the source."""
    return compile_cel(source)


def names(source: str) -> set[tuple[str, str]]:
    """What an expression reads: (salesforce, name) and so on."""
    return {(m[1], m[2] or m[3] or m[4] or "") for m in NAMES.finditer(source)}


def faults(source: str, known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What is wrong before it ever runs. `known`: root -> the names that it has."""
    if len(source) > LONGEST_SOURCE:
        yield f"expression of {len(source)} characters; at most {LONGEST_SOURCE}"
        return
    try:
        made = program(source)
    except ValueError as error:
        yield f"expression: {' '.join(str(error).partition('ERROR:')[2].split()) or error}"
        return
    bare = TEXTS.sub("''", source)
    if len(MACROS.findall(bare)) > 1:
        yield "expression with more than one map, filter, all or exists: it could grow without end"
    called = set(re.findall(r"([A-Za-z_]\w*)\s*\(", bare))
    for name in sorted(called - CORE - set(FUNCTIONS)):
        yield f"expression calls {name!r}; known are {', '.join(sorted({*CORE, *FUNCTIONS}))}"
    roots = {name for name in made.variables() if name in {"salesforce", "netsuite", "row", "shown"} or not MACROS.search(bare)}
    for root in sorted(roots - set(known)):
        yield f"expression reads {root!r}; known here are {', '.join(sorted(known))}"
    for root, name in sorted(names(source)):
        if root in known and name not in known[root]:
            yield f"expression reads {root}.{name}: no such {'field' if root in ('salesforce', 'netsuite') else 'column among those of this field'}"


def expression(source: str, where: str) -> Callable[[Values], str | None]:
    """A function from values to canonical text. `where`: file, line and field, for errors. Raises Rejected, which names them and what was read."""
    made, reads = program(source), sorted(names(source))
    roots = sorted({root for root, _ in reads})

    def run(values: Values) -> str | None:
        given = {root: {name: values.get(root, {}).get(name) for r, name in reads if r == root} for root in roots}
        try:
            for text in (text for each in given.values() for text in each.values() if text):
                _bounded(text)
            return _text(made.execute(Context(variables=given, functions=dict(FUNCTIONS))))
        except (RuntimeError, TypeError, ValueError, KeyError, ArithmeticError) as error:
            read = ", ".join(f"{root}.{name} = {given[root][name]!r:.60}" for root, name in reads)
            raise Rejected(f"{where}: expression {source!r}: {str(error).splitlines()[0]} (with {read})", code="bad_expression") from error

    return run


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str | int):
        return _bounded(str(value))
    raise TypeError(f"answers {type(value).__name__}; it must be a text, a whole number, true, false or null (for amounts: plus, minus, times, rounded)")
