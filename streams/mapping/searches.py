"""Judges what a table says of NetSuite's searches beside its own: rows that go along, hints, what a row stirs, and queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streams.mapping.table import EntityTable

#: What an entry of each array must say.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "joined": ("name", "type", "on", "columns"),
    "hints": ("type", "columns", "key", "stirs"),
    "stirs": ("entity", "column"),
}
Found = Iterator[tuple[tuple[str, ...], str]]


def search_faults(table: EntityTable, entities: frozenset[str]) -> Found:
    spec = table.section("netsuite")
    for name in ("joined", "hints"):
        for number, entry in enumerate(spec.get(name, ())):
            yield from _entry(("netsuite", name, str(number)), name, entry)
            yield from _stirs(("netsuite", name, str(number), "stirs"), entry.get("stirs", ()), entities)
    yield from _stirs(("netsuite", "stirs"), spec.get("stirs", ()), entities)
    if spec.get("query") and (spec.get("mode") != "snapshot" or not spec.get("key")):
        yield ("netsuite", "query"), 'a query is read whole and compared: it needs mode = "snapshot" and a key'
    for field in table.fields.values():
        if field.early and not field.compute:
            yield field.place, f"{field.name}: early is for what is worked out: it needs compute"


def _entry(path: tuple[str, ...], name: str, entry: Mapping[str, Any]) -> Found:
    for key in NEEDED[name]:
        if not entry.get(key):
            yield path, f"{name}: has no {key}"
    for key in sorted(set(entry) - {*NEEDED[name], "filters"}):
        yield path, f"{name}: unknown name {key!r}"


def _stirs(path: tuple[str, ...], stirs: Sequence[Mapping[str, Any]], entities: frozenset[str]) -> Found:
    for stir in stirs:
        if set(stir) != set(NEEDED["stirs"]):
            yield path, "stirs: each says entity and column"
        elif stir["entity"] not in entities:
            yield path, f"stirs {stir['entity']!r}: no such entity"
