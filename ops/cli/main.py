"""The command `accord`. A Fatal becomes one clear message and an exit code; anything else is a bug and shows its traceback."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from accord.errors import Fatal, Rejected, Transient
from ops.cli import (
    audit,
    backfill,
    deadletter,
    demo,
    doctor,
    errors,
    local,
    look,
    mapping,
    mend,
    parked,
    position,
    rebuild,
    reconcile,
    report,
    run,
    sandbox,
    soak,
    terms,
)

#: sysexits.h: EX_CONFIG, a person must change something; EX_TEMPFAIL, the same may work later; EX_DATAERR.
EXIT_FATAL, EXIT_TRANSIENT, EXIT_REJECTED = 78, 75, 65

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Keeps Salesforce and NetSuite in accord.")
app.add_typer(local.app, name="local")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(run.app, name="run")
app.add_typer(mapping.app, name="mapping")
app.add_typer(parked.app, name="parked")
app.add_typer(deadletter.app, name="deadletter")
app.add_typer(audit.app, name="audit")
app.add_typer(position.app, name="position")
app.add_typer(errors.app, name="errors")
app.add_typer(report.app, name="report")
look.register(app)
mend.register(app)
backfill.register(app)
reconcile.register(app)
rebuild.register(app)
demo.register(app)
soak.register(app)
doctor.register(app)
terms.register(app)


def main() -> None:
    """Entry point of the console script."""
    told = Console(stderr=True, soft_wrap=True)
    try:
        app()
    except Fatal as error:
        told.print(f"accord: {error}", style="bold red", highlight=False, markup=False)
        sys.exit(EXIT_FATAL)
    except Transient as error:
        told.print(f"accord: {error} (try again)", style="bold yellow", highlight=False, markup=False)
        sys.exit(EXIT_TRANSIENT)
    except Rejected as error:
        told.print(f"accord: {error}", style="bold red", highlight=False, markup=False)
        sys.exit(EXIT_REJECTED)
