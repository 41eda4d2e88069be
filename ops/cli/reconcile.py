"""`accord reconcile`: where do the two systems and Accord's records differ, and what puts them in accord again?"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings
from ops.wiring import process

if TYPE_CHECKING:
    from ops.drift.finding import Finding
    from ops.drift.totals import Line
    from ops.wiring.drift import Report

console = Console(highlight=False)
#: Findings that are listed one by one; the file has all.
SHOWN = 50
#: Exit code where something differs, as `accord doctor` has it.
EXIT_DIFFERS = 1


def register(app: typer.Typer) -> None:
    app.command("reconcile")(reconcile)


def reconcile(
    entity: Annotated[str, typer.Argument(help="What to compare; nothing = everything that is mirrored.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Put what differs on the ordinary path: it is read and decided again, by ownership.")] = False,
    totals_since: Annotated[datetime | None, typer.Option(help="Set finance totals from this day on side by side, by month, currency and subsidiary.")] = None,
    file: Annotated[Path | None, typer.Option("--json", help="Write every finding into this file.")] = None,
) -> None:
    """Compare both systems with Accord's records by counts, hashes and stamps; read whole only what differs. Exit code 1 where something does."""
    from ops.wiring.drift import reconcile as compare

    try:
        report = asyncio.run(
            compare(settings(config), [entity] if entity else [], repair=repair, totals_since=f"{totals_since:%Y-%m-%d}" if totals_since else "")
        )
    except BaseExceptionGroup as group:
        raise process.first(group) from group
    show(report)
    if file:
        told = {"calls": dict(report.calls), "findings": [asdict(f) for f in report.findings], "totals": [asdict(t) | {"ties": t.ties} for t in report.totals]}
        file.write_text(json.dumps(told, indent=1, default=str))
    if repair and report.findings:
        console.print("asked to read or decide them again; accord reconcile shows what is left")
    off = any(not line.ties for line in report.totals)
    sys.exit(EXIT_DIFFERS if off or (report.findings and not repair) else 0)


def show(report: Report) -> None:
    """One line for each entity and system, then what differs."""
    table = Table("entity", "system", "records", "known", "read whole", "differ", title="comparison")
    differ = Counter((f.entity, f.system) for f in report.findings)
    for each in report.looks:
        table.add_row(each.entity, each.system, f"{each.rows:,}", f"{each.known:,}", str(each.suspects), str(differ[each.entity, each.system]))
    console.print(table)
    if report.findings:
        console.print(listed(report.findings))
    if report.totals:
        console.print(side_by_side(report.totals))
    console.print("calls: " + ", ".join(f"{system} {n}" for system, n in report.calls.items()))


def listed(findings: Sequence[Finding]) -> Table:
    """What differs, with what the system holds and what it ought to hold."""
    table = Table("class", "record", "system", "id", "field", "holds", "ought to hold", "owner", title=f"{len(findings)} difference(s)")
    for f in findings[:SHOWN]:
        table.add_row(f.kind, f.key, f.system, f.id, f.field, _cut(f.here), _cut(f.ought), f.owner)
    if len(findings) > SHOWN:
        table.add_row(f"... and {len(findings) - SHOWN} more", *[""] * 7)
    return table


def side_by_side(totals: Sequence[Line]) -> Table:
    """Each month, currency and subsidiary in both systems."""
    table = Table("document", "month", "currency", "subsidiary", "Salesforce", "total", "NetSuite", "total", "", title="totals")
    for t in totals:
        sums = (str(t.salesforce.documents), f"{t.salesforce.total:,.2f}", str(t.netsuite.documents), f"{t.netsuite.total:,.2f}")
        table.add_row(*t.group, *sums, "" if t.ties else "differs", style="" if t.ties else "yellow")
    return table


def _cut(value: str | None) -> str:
    text = "" if value is None else value
    return text if len(text) <= 40 else text[:39] + "\u2026"
