"""The mapping of a configuration: shipped tables, the user's overlay, stores and reference data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from accord.config import Settings
from accord.reads import NetSuiteRead, SalesforceRead
from streams.mapping import Entity, Reference, load, shipped, stores
from streams.mapping.load import judged as judge
from streams.mapping.load import spelled
from streams.mapping.table import EntityTable


def entities(settings: Settings) -> Mapping[str, Entity]:
    """Compiled, by name; only those that the configuration names. Raises Fatal with every fault, file and line."""
    return load(shipped(), overlays(settings), reference_of(settings), entities=settings.entities, margin_ms=int(settings.run.margin_s * 1000))


def tables_of(settings: Settings) -> Mapping[str, EntityTable]:
    """The effective tables that the entities are compiled from. Raises Fatal with every fault, file and line."""
    return spelled(shipped(), overlays(settings), reference_of(settings), entities=settings.entities)


def judged(settings: Settings) -> tuple[Mapping[str, EntityTable], Sequence[str]]:
    """The effective tables, and every fault of them."""
    return judge(shipped(), overlays(settings), reference_of(settings), entities=settings.entities)


def overlays(settings: Settings) -> Sequence[Path]:
    return (settings.mapping_dir,) if settings.mapping_dir else ()


def reference_of(settings: Settings) -> Reference:
    return stores(settings.reference, settings.stores)


def reads(found: Mapping[str, Entity]) -> list[SalesforceRead | NetSuiteRead]:
    """Everything that the producers must read."""
    return [read for entity in found.values() for read in entity.reads]


def loads(found: Mapping[str, Entity]) -> set[str]:
    """Name ("entity:system") of each first load."""
    return {f"{read.entity}:{read.system}" for read in reads(found) if not read.hint}


def objects(found: Mapping[str, Entity]) -> list[tuple[str, str]]:
    """(system, object) of each change topic."""
    told = [r for r in reads(found) if isinstance(r, SalesforceRead) or not r.hint]
    pairs = [(r.system, r.object if isinstance(r, SalesforceRead) else r.type) for r in told]
    return list(dict.fromkeys(pairs))
