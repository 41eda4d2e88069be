"""The mapping of a configuration: shipped tables, the user's overlay, stores and reference data."""

from __future__ import annotations

from collections.abc import Mapping

from accord.config import Settings
from accord.reads import NetSuiteRead, SalesforceRead
from streams.mapping import Entity, load, shipped, stores


def entities(settings: Settings) -> Mapping[str, Entity]:
    """Compiled, by name; only those that the configuration names. Raises Fatal with every fault, file and line."""
    overlays = [settings.mapping_dir] if settings.mapping_dir else []
    reference = stores(settings.reference, settings.stores)
    return load(shipped(), overlays, reference, entities=settings.entities, margin_ms=int(settings.run.margin_s * 1000))


def reads(found: Mapping[str, Entity]) -> list[SalesforceRead | NetSuiteRead]:
    """Everything that the producers must read."""
    return [read for entity in found.values() for read in entity.reads]


def objects(found: Mapping[str, Entity]) -> list[tuple[str, str]]:
    """(system, object) of each change topic."""
    pairs = [("salesforce", r.object) if isinstance(r, SalesforceRead) else ("netsuite", r.type) for r in reads(found)]
    return list(dict.fromkeys(pairs))
