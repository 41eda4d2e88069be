"""`accord doctor` and `accord init`: is everything as it must be, and a configuration to begin with."""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from accord.clock import SystemClock
from accord.errors import Fatal
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

if TYPE_CHECKING:
    from ops.doctor.finding import Finding

console = Console(highlight=False)
MARKS = {"fine": "[green]fine[/]", "note": "[yellow]note[/]", "fault": "[bold red]FAULT[/]"}
EXIT_FAULTS = 1


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("init")(init)


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


def init(
    start: Annotated[Path | None, typer.Option("--from", help="A file with the sections salesforce and netsuite; what it lacks is asked for.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where the configuration is written.")] = DEFAULT_CONFIG,
    *,
    force: Annotated[bool, typer.Option(help="Overwrite it.")] = False,
) -> None:
    """Write a first configuration: asks both orgs for subsidiaries, currencies, price levels and so on, and proposes stores."""
    from accord.config import Settings
    from ops.doctor import begin

    if out.exists() and not force:
        raise Fatal(f"{out} exists; choose another --out, or --force")
    given = begin.completed(_given(start), os.environ, typer.prompt)
    reference, stores, notes = asyncio.run(begin.found(Settings(**given), SystemClock()))
    out.write_text(begin.written(given, reference, stores, notes))
    console.print(f"{out}: {len(stores)} stores proposed; look it through, then: accord doctor --config {out}", soft_wrap=True)


def _given(start: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(start.read_text()) if start else {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Fatal(f"{start}: cannot be read: {error}") from error


def show(findings: Sequence[Finding]) -> None:
    """Faults last, where people look."""
    for finding in sorted(findings, key=lambda f: ("fine", "note", "fault").index(f.level)):
        console.print(f"{MARKS[finding.level]} {finding.area}, {finding.check}: ", end="")
        console.print(finding.message, soft_wrap=True, markup=False)
        if finding.repair:
            console.print(f"      to repair: {finding.repair}", soft_wrap=True, markup=False)
    count = sum(finding.level == "fault" for finding in findings)
    console.print(f"{len(findings)} looked at, {count} to repair", style="bold red" if count else "bold green")
