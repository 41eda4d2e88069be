"""The command `accord`. A Fatal becomes one clear message and an exit code; anything else is a bug and shows its traceback."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from accord.errors import AccordError, Rejected
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
from ops.wiring.process import exit_code

#: sysexits.h: EX_DATAERR. What else there is: `exit_code`.
EXIT_REJECTED = 65

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
    except AccordError as error:
        style, advice = ("bold yellow", " (try again)") if error.passing else ("bold red", "")
        told.print(f"accord: {error}{advice}", style=style, highlight=False, markup=False)
        sys.exit(EXIT_REJECTED if isinstance(error, Rejected) else exit_code(error))
