"""`accord run`: one role in this process, or all of them, each in a process of its own.

What a role stands on is imported by its own command, so that the supervisor, and every other command, starts at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from accord.clock import SystemClock
from accord.config import Settings
from accord.errors import AccordError, Fatal, Transient
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings
from ops.supervise import Role, Supervisor
from ops.wiring import process
from schemas.ids import SYSTEMS

app = typer.Typer(no_args_is_help=True, help="Run the pipeline.")
console = Console(highlight=False)
MetricsPort = Annotated[int, typer.Option(help="Prometheus on loopback; 0 = none.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Everything but the calls that write; a table of what would be written.")]


def _serve(name: str, role: Callable[[Settings, asyncio.Event], Awaitable[None]], config: Path, metrics_port: int) -> None:
    """A role that needs no more than the configuration, until SIGTERM."""
    given = settings(config)
    process.metrics(metrics_port)
    process.run(name, lambda stop: role(given, stop))


@app.command("producers")
def producers(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """What happens in both systems becomes events."""
    from ops.wiring.producers import producers as run_producers

    _serve("producers", run_producers, config, metrics_port)


@app.command("streams")
def streams(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """What the events mean; any number of these share the partitions."""
    from ops.wiring.streams import streams as run_streams

    given = settings(config)
    process.logs("streams")
    process.metrics(metrics_port)
    try:
        run_streams(given)
    except AccordError as error:
        sys.exit(process.last_word(error))


@app.command("sinks")
def sinks(
    config: ConfigFile = DEFAULT_CONFIG,
    system: Annotated[Literal["salesforce", "netsuite", "both"], typer.Option(help="Which target.")] = "both",
    metrics_port: MetricsPort = 0,
) -> None:
    """Decisions become writes."""
    from ops.wiring.sinks import sink

    given = settings(config)
    targets = SYSTEMS if system == "both" else (system,)
    process.metrics(metrics_port)

    async def main(stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for each in targets:
                group.create_task(sink(given, each, stop))

    process.run(f"sinks.{system}", main)


@app.command("audit")
def audit(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """The audit trail into its database."""
    from ops.wiring.audit import audit as run_audit

    _serve("audit", run_audit, config, metrics_port)


@app.command("notices")
def notices(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """Rejected and long-parked work reaches people, by the rules of the configuration (one; a second fences the first)."""
    from ops.wiring.notices import notices as run_notices

    _serve("notices", run_notices, config, metrics_port)


@app.command("reconcile")
def reconcile(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """Compare both systems with Accord's records, every `reconcile.every_s` seconds (one)."""
    from ops.wiring.drift import watch

    given = settings(config)
    if not given.reconcile.every_s:
        raise Fatal("reconcile.every_s is 0: set it to the seconds between two comparisons, docs/guide.md shows how")
    process.metrics(metrics_port)
    process.run("reconcile", lambda stop: watch(given, stop))


@app.command("terms")
def terms(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """Prices, stock and terms of each store, from the golden records to `terms.<store>` (one; a second fences the first)."""
    from ops.wiring.terms import terms as run_terms

    _serve("terms", run_terms, config, metrics_port)


@app.command("api")
def api(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """Answer shops what `terms.<store>` say, from memory; any number of these."""
    from ops.wiring.terms import api as run_api

    _serve("api", run_api, config, metrics_port)


@app.command("reporting")
def reporting(config: ConfigFile = DEFAULT_CONFIG, metrics_port: MetricsPort = 0) -> None:
    """Golden records into tables (docs/reporting.md)."""
    from ops.wiring.reporting import reporting as run_reporting

    _serve("reporting", run_reporting, config, metrics_port)


@app.command("all")
def all_(config: ConfigFile = DEFAULT_CONFIG, *, dry: DryRun = False) -> None:
    """Every role in a process of its own; what crashes is started again, with a clear word why."""
    given = settings(config)
    if dry:
        from ops.dry_run import dry_run, table

        console.print(table(asyncio.run(dry_run(given, str(config), say))))
        return
    asyncio.run(supervise(given, str(config)))


def roles_of(given: Settings, config: str) -> list[Role]:
    """The processes of a whole pipeline. Metrics ports count up from `run.metrics_port`."""
    named: list[tuple[str, tuple[str, ...]]] = [("producers", ("producers",))]
    named += [(f"streams-{n + 1}", ("streams",)) for n in range(given.run.workers)]
    named += [(f"sinks-{s}", ("sinks", "--system", s)) for s in SYSTEMS]
    named += [("audit", ("audit",))]
    named += [("reporting", ("reporting",))] if given.run.reporting else []
    named += [("notices", ("notices",))]
    named += [("reconcile", ("reconcile",))] if given.reconcile.every_s else []
    named += [("terms", ("terms",))] if given.stores else []
    named += [("api", ("api",))] if given.api.tokens or given.api.token_files else []
    first = given.run.metrics_port
    port = [("--metrics-port", str(first + n)) if first else () for n in range(len(named))]
    return [Role(name, ("run", *arguments, "--config", config, *p)) for (name, arguments), p in zip(named, port, strict=True)]


async def supervise(given: Settings, config: str) -> None:
    """Until SIGTERM or SIGINT. What isn't there yet (a broker, a registry) is waited for by the roles."""
    from ops.wiring.kafka import prepare

    try:
        await asyncio.to_thread(prepare, given)
    except Transient as error:
        say("topics and schemas", str(error))
    supervisor = Supervisor(roles_of(given, config), given.run.state_dir / "logs", dict(os.environ), SystemClock(), say)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = asyncio.create_task(supervisor.run())
    console.print(f"running {', '.join(supervisor.children)}; logs in {given.run.state_dir / 'logs'}")
    await stop.wait()
    await supervisor.stop()
    await running


def say(role: str, text: str) -> None:
    console.print(f"[bold]{role}[/bold] {text}")
