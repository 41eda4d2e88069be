"""`accord doctor` and `accord init`: is everything as it must be, and a configuration to begin with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from accord.clock import SystemClock
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

if TYPE_CHECKING:
    from ops.doctor.finding import Finding

console = Console(highlight=False)
MARKS = {"fine": "[green]fine[/]", "note": "[yellow]note[/]", "fault": "[bold red]FAULT[/]"}
EXIT_FAULTS = 1


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    config: ConfigFile = DEFAULT_CONFIG,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Every finding as JSON.")] = False,
) -> None:
    """Check both orgs and the cluster against the mapping and the configuration. Reads only. Exit code 1 where something must be repaired."""
    from ops.doctor.examine import examine
    from ops.doctor.finding import faulty

    findings = asyncio.run(examine(settings(config), SystemClock()))
    if as_json:
        console.print_json(json.dumps([finding.as_json() for finding in findings]))
    else:
        show(findings)
    if faulty(findings):
        raise typer.Exit(EXIT_FAULTS)


def show(findings: Sequence[Finding]) -> None:
    """Faults last, where people look."""
    for finding in sorted(findings, key=lambda f: ("fine", "note", "fault").index(f.level)):
        console.print(f"{MARKS[finding.level]} {finding.area}, {finding.check}: ", end="")
        console.print(finding.message, soft_wrap=True, markup=False)
        if finding.repair:
            console.print(f"      to repair: {finding.repair}", soft_wrap=True, markup=False)
    count = sum(finding.level == "fault" for finding in findings)
    console.print(f"{len(findings)} looked at, {count} to repair", style="bold red" if count else "bold green")
