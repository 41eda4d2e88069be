"""Mapping files as they stand on disk: TOML, where each key stands, and overlays merged field by field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Path = tuple[str, ...]
HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"))*)\s*=")


class Place(NamedTuple):
    """Where a key stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Document:
    """One entity's mapping, overlays merged in, and the place of each key (the last file that says it)."""

    entity: str
    table: Mapping[str, Any]
    places: Mapping[Path, Place] = field(default_factory=dict)

    def place(self, *path: str) -> Place:
        """The place of a key, or of the nearest table around it."""
        for end in range(len(path), -1, -1):
            found = self.places.get(path[:end])
            if found:
                return found
        return Place(f"{self.entity}.toml", 1)


def parse(entity: str, file: str, text: str) -> Document:
    """Raises tomllib.TOMLDecodeError (its message has line and column)."""
    table = tomllib.loads(text)
    places = {(): Place(file, 1), **{path: Place(file, line) for path, line in keys(text)}}
    return Document(entity, table, {**dict(_inner(table, (), places)), **places})


def _inner(value: Any, path: Path, places: Mapping[Path, Place]) -> Iterator[tuple[Path, Place]]:
    """Keys inside inline tables stand where their table does; each has a place of its own, which an overlay can take over."""
    rows = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, each in rows:
        inner = (*path, str(name))
        if isinstance(value, Mapping) or isinstance(each, Mapping):
            yield inner, next(places[inner[:end]] for end in range(len(inner), -1, -1) if inner[:end] in places)
            yield from _inner(each, inner, places)


def keys(text: str) -> Iterator[tuple[Path, int]]:
    """Path and line of every table header and key; the n-th table of an array has n in its path."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            table = _names(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            yield table, number
        elif key := KEY.match(line):
            names = _names(key[1])
            for end in range(1, len(names) + 1):
                yield (*table, *names[:end]), number


def _names(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def merged(base: Document, over: Document) -> Document:
    """`over` wins key by key; a key set to false there takes the table of the base away."""
    return Document(base.entity, _merge(base.table, over.table), {**base.places, **over.places})


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for name, value in over.items():
        old = out.get(name)
        if value is False and isinstance(old, Mapping):
            del out[name]
        elif isinstance(value, Mapping) and isinstance(old, Mapping):
            out[name] = _merge(old, value)
        else:
            out[name] = value
    return out
