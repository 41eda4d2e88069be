"""The effective mapping of an entity, line by line, each with the file and line that said it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from streams.mapping.source import Document, Path, Place

#: Tables whose entries are shown one a line; all else is shown key by key.
ENTRIES = (("fields",), ("status", "*", "codes"), ("tables", "*"), ("children", "*", "fields"))


@dataclass(frozen=True, slots=True)
class Line:
    """`section` and `name` as TOML writes them, the value as TOML, and where it stands."""

    section: str
    name: str
    value: str
    place: Place


def lines(document: Document) -> list[Line]:
    """All lines; where an overlay changed a part of an entry, that part has a line of its own below it."""
    return list(_lines(document, document.table, ()))


def _lines(document: Document, table: Mapping[str, Any], path: Path) -> Iterator[Line]:
    later: list[tuple[str, Mapping[str, Any]]] = []
    for name, value in table.items():
        if isinstance(value, Mapping) and not _entries(path):
            later.append((name, value))
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            later += [(f"{name}.{n}", each) for n, each in enumerate(value)]
        else:
            yield from _entry(document, path, name, value)
    for name, value in later:
        yield from _lines(document, value, (*path, *name.split(".")))


def _entries(path: Path) -> bool:
    return any(len(path) == len(form) and all(f in ("*", p) for f, p in zip(form, path, strict=True)) for form in ENTRIES)


def _entry(document: Document, path: Path, name: str, value: Any) -> Iterator[Line]:
    """One entry; what stands elsewhere than most of it follows on lines of its own."""
    section = ".".join(path)
    if not isinstance(value, Mapping):
        yield Line(section, name, toml(value), document.place(*path, name))
        return
    places = {key: document.place(*path, name, key) for key in value}
    files = [place.file for place in places.values()]
    most = max(files, key=files.count, default="")
    yield Line(section, name, toml({k: v for k, v in value.items() if places[k].file == most}), next(p for p in places.values() if p.file == most))
    for key, each in value.items():
        if places[key].file != most:
            yield Line(section, f"{name}.{key}", toml(each), places[key])


def toml(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)
