"""What would be written, without a call that writes: everything is read anew, on topics that are thrown away afterwards."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table as Rows

from accord.config import Settings
from ops.anew import Plan, aside, read_anew

SUFFIX = "dry-run."


def table(plan: Plan) -> Rows:
    """For people."""
    rows = plan.rows()
    out = Rows("target", "record", "what", "fields", title=f"{len(rows)} writes would be made (no call that writes was made)")
    for write in sorted(rows, key=lambda w: (w.target, w.entity, w.key)):
        fields = ", ".join(f"{name}={value}" for name, value in {**write.seeds, **write.values}.items())
        out.add_row(write.target, write.key, f"{write.kind} {write.id}", fields[:300])
    return out


async def dry_run(settings: Settings, config: str, say: Callable[[str, str], None]) -> Plan:
    """Read both systems, decide on everything, and answer what would be written. Its topics are deleted afterwards."""
    async with aside(settings, SUFFIX) as given:
        return await read_anew(given, config, say)
