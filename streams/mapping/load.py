"""Loads the mapping: shipped tables, the user's overlays on top, all faults told at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from accord.errors import Fatal
from streams.mapping.check import faults
from streams.mapping.entity import Entity, compiled
from streams.mapping.source import Document, merged, parse
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable, table_of, there

DEFAULT_MARGIN_MS = 5_000


def shipped() -> Traversable:
    """The tables that come with Accord."""
    return resources.files("streams.mapping") / "tables"


def load(
    tables: Traversable,
    overlays: Sequence[Path],
    reference: Reference,
    *,
    entities: Iterable[str] | None = None,
    margin_ms: int = DEFAULT_MARGIN_MS,
) -> Mapping[str, Entity]:
    """All entities, or those asked for. Overlays are directories; a later one wins. Raises Fatal naming every fault with file and line."""
    parsed = spelled(tables, overlays, reference, entities=entities)
    return {name: compiled(table, reference, hash_of(table, reference), margin_ms) for name, table in parsed.items()}


def spelled(tables: Traversable, overlays: Sequence[Path], reference: Reference, *, entities: Iterable[str] | None = None) -> Mapping[str, EntityTable]:
    """The effective tables, found faultless. Raises Fatal as `load` does."""
    parsed, found = judged(tables, overlays, reference, entities=entities)
    if found:
        raise Fatal(f"the mapping has {len(found)} fault(s):\n" + "\n".join(f"  {fault}" for fault in found))
    return parsed


def judged(
    tables: Traversable, overlays: Sequence[Path], reference: Reference, *, entities: Iterable[str] | None = None
) -> tuple[Mapping[str, EntityTable], Sequence[str]]:
    """The effective tables, and every fault of every file: file, line and what is wrong."""
    files = {file.name.removesuffix(".toml"): file for file in tables.iterdir() if file.name.endswith(".toml")}
    found: list[str] = []
    documents = {name: _document(name, file, file.name, found) for name, file in sorted(files.items())}
    for overlay in overlays:
        _overlay(overlay, documents, found)
    wanted = tuple(entities) if entities is not None else tuple(documents)
    found += [f"entity {name!r}: there is no {name}.toml" for name in wanted if name not in documents]
    features = reference.features()
    parsed = {name: table_of(document, features) for name, document in documents.items() if document and name in wanted and there(document.table, features)}
    for table in parsed.values():
        found += [str(fault) for fault in faults(table, frozenset(documents))]
    return parsed, found


def _document(name: str, file: Traversable | Path, told: str, found: list[str]) -> Document | None:
    """`told`: how the file is named to people: a user's own by its path, a shipped one by its name."""
    try:
        return parse(name, told, file.read_text())
    except tomllib.TOMLDecodeError as error:
        found.append(f"{told}: not TOML: {error}")
        return None


def _overlay(overlay: Path, documents: dict[str, Document | None], found: list[str]) -> None:
    """Files of a directory over the shipped ones; a file of a new name is a new entity."""
    if not overlay.is_dir():
        found.append(f"{overlay}: no such directory (mapping_dir of the configuration)")
        return
    for file in sorted(overlay.glob("*.toml")):
        name = file.stem
        document = _document(name, file, str(file), found)
        base = documents.get(name)
        if document:
            documents[name] = merged(base, document) if base else document


def hash_of(table: EntityTable, reference: Reference) -> str:
    """Hash of all that decides how records of this entity are mapped."""
    text = json.dumps(table.document.table, sort_keys=True, default=str) + repr(reference)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
