"""To which systems a field is written at some stage: ownership read the other way round."""

from __future__ import annotations

from schemas.ids import SYSTEMS, System
from streams.mapping.table import EntityTable, FieldTable
from streams.ownership import owners


def stages_of(table: EntityTable) -> tuple[str, ...]:
    """The entity's stages; one without a name where it has none."""
    return tuple(table.section("stages").get("order", ("",)))


def written_to(table: EntityTable, field: FieldTable) -> frozenset[System]:
    """Systems that hold the field and don't own it at some stage. Seeds are not counted: they go with a create only."""
    by_stage = owners(field.owner, stages_of(table), table.section("owners"))
    others = {owner for owner in by_stage.values() if owner in (*SYSTEMS, "accord")}
    return frozenset(system for system in SYSTEMS if system in field.native and others - {system})
