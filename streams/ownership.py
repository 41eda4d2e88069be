"""Who owns a field: a system, we ourselves, or nobody, by the record's stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from streams.rules import Owner

OWNERS = (*get_args(Owner), "none")
#: Owner by stage for each field.
Table = Mapping[str, Mapping[str, Owner | None]]


def owners(spec: Any, stages: Sequence[str], shared: Mapping[str, Any]) -> dict[str, str]:
    """Stage -> owner as written. `spec`: an owner, the name of an `[owners.<name>]` table, or such a table itself."""
    if isinstance(spec, str) and spec not in OWNERS:
        spec = shared.get(spec, {})
    if isinstance(spec, str):
        return dict.fromkeys(stages, spec)
    if not isinstance(spec, Mapping):
        return {}
    return {stage: spec.get(stage, spec.get("default")) for stage in stages if stage in spec or "default" in spec}


def owner_of(table: Table) -> Callable[[str, str], Owner | None]:
    """`Rules.owner`."""

    def owner(field: str, stage: str) -> Owner | None:
        by_stage = table.get(field)
        return None if by_stage is None else by_stage.get(stage)

    return owner
