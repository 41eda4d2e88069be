"""Conditions in table form: `{ field, is | not | within | present, system? }` or `{ expr }`, compiled to one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from streams.mapping.expression import expression, names
from streams.mapping.stores import Reference
from streams.rules import Read

Test = Callable[[Read], bool]
TESTS = ("is", "not", "within", "present", "contains_any")
KEYS = frozenset({"field", "system", *TESTS})


def condition(spec: Sequence[Mapping[str, Any]], system: str, reference: Reference) -> Test:
    """All parts must hold. `system`: whose value a part reads unless it says so."""
    parts = [_expression(str(part["expr"])) if "expr" in part else _part(part, part.get("system", system), reference) for part in spec]
    return lambda read: all(part(read) for part in parts)


def _expression(source: str) -> Test:
    """Holds where the expression answers true."""
    run, reads = expression(source, "condition"), tuple(names(source))

    def holds(read: Read) -> bool:
        values: dict[str, dict[str, str | None]] = {}
        for side, field in reads:
            values.setdefault(side, {})[field] = read(side, field)
        return run(values) == "true"

    return holds


def _part(spec: Mapping[str, Any], system: str, reference: Reference) -> Test:
    field = str(spec["field"])
    if "present" in spec:
        wanted = bool(spec["present"])
        return lambda read: (read(system, field) is not None) == wanted
    if "is" in spec:
        values = frozenset(spec["is"])
        return lambda read: read(system, field) in values
    if "not" in spec:
        others = frozenset(spec["not"])
        return lambda read: read(system, field) not in others
    known = frozenset(named(str(spec.get("within", spec.get("contains_any"))), reference))
    if not known:
        return lambda _read: True  # nothing configured: no restriction
    if "within" in spec:
        return lambda read: read(system, field) in known
    return lambda read: not known.isdisjoint((read(system, field) or "").split(";"))


def named(name: str, reference: Reference) -> Iterable[str]:
    """`stores.subsidiary`: what the stores say of it; `stores.currencies`: all of them."""
    attribute = name.partition(".")[2]
    out: list[str] = []
    for store in reference.stores.values():
        value = getattr(store, attribute, "")
        out += [value] if isinstance(value, str) else list(value)
    return [value for value in out if value]
