"""`accord sandbox`: a Salesforce and a NetSuite to try and test against, with a switchboard for faults."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from accord.errors import Fatal

app = typer.Typer(no_args_is_help=True, help="Both systems as sandboxes that refuse what the real ones refuse.")
console = Console(highlight=False)
Folder = Annotated[Path, typer.Option("--dir", help="Where the state of both lives.")]
Told = Annotated[Path, typer.Option("--json", help="The file that `accord sandbox up` wrote.")]
DEFAULT_DIR = Path(".accord/sandbox")
DEFAULT_JSON = Path(".accord/sandbox.json")


@app.command()
def up(folder: Folder = DEFAULT_DIR, json_file: Annotated[Path, typer.Option("--json", help="Where URLs and credentials are written.")] = DEFAULT_JSON) -> None:
    """Serve both until Ctrl-C; state survives a restart."""
    from ops.sandbox import main as sandboxes

    json_file.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(sandboxes.run(folder, json_file, sandboxes.SYSTEMS))


@app.command()
def proxy(json_file: Told = DEFAULT_JSON) -> None:
    """How to point a client with fixed host names at the sandboxes: environment for your shell."""
    told = _told(json_file)
    for name in ("HTTPS_PROXY", "https_proxy"):
        console.print(f"export {name}={told['proxy']}")
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        console.print(f"export {name}={told['ca']}")


@app.command()
def fault(
    system: Annotated[str, typer.Argument(help="salesforce or netsuite")],
    name: Annotated[str, typer.Argument(help="Name of the fault; docs/sandbox.md lists them.")] = "",
    json_file: Told = DEFAULT_JSON,
    times: Annotated[int | None, typer.Option(help="How often it strikes; without it, until cleared.")] = None,
    rate: Annotated[float, typer.Option(help="Share of chances taken.")] = 1.0,
    match: Annotated[str, typer.Option(help="JSON: what the chance must have.")] = "{}",
    params: Annotated[str, typer.Option(help="JSON: what the fault needs.")] = "{}",
    *,
    clear: Annotated[bool, typer.Option(help="Switch it (or, without a name, all) off.")] = False,
) -> None:
    """Switch a fault on or off, or show what is on."""
    url = f"{_told(json_file)['faults']}/{system}/faults"
    if clear:
        answer = httpx.delete(url, params={"name": name} if name else {})
    elif name:
        answer = httpx.post(url, json={"name": name, "times": times, "rate": rate, "match": json.loads(match), "params": json.loads(params)})
    else:
        answer = httpx.get(url)
    if answer.status_code >= 400:
        raise Fatal(f"{system} sandbox: {answer.text}")
    console.print_json(answer.text or "{}")


def _told(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except OSError as error:
        raise Fatal(f"{path}: cannot be read ({error.strerror}); start the sandboxes with: accord sandbox up --json {path}") from error
    return found
