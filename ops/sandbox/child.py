"""One system in a process of its own: `python -m ops.sandbox.child salesforce DIR`. Says where it is in one line of JSON, ends when its parent does."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from random import Random
from typing import Any

from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.ports import Ports


async def _start(system: str, directory: Path) -> tuple[dict[str, Any], Any]:
    clock, faults, tls = SandboxClock(), Switchboard(Random(0)), ca.ensure(directory)  # repeatable faults
    if system == "salesforce":
        from ops.sandbox.serve import serve_salesforce

        org = await serve_salesforce(directory, clock=clock, faults=faults, tls=tls)
        return {"endpoints": org.as_json(), "control": org.control}, org.stop
    from ops.sandbox.netsuite.serve import serve

    ports = Ports(directory / "netsuite-ports.json")
    http, https, side = (ports.ask(name) for name in ("http", "https", "control"))
    account = await serve(directory, clock=clock, faults=faults, tls=tls, port=http, https_port=https, control_port=side)
    places = {"http": account.http, "https": account.https, "control": account.control}
    ports.keep(**{name: int(url.rpartition(":")[2]) for name, url in places.items()})
    return {"endpoints": account.as_json(), "control": account.control}, account.stop


async def run(system: str, directory: Path) -> None:
    """Serve until SIGTERM, SIGINT, or the end of standard input: the parent holds the other end."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    loop.add_reader(sys.stdin.fileno(), done.set)
    told, stop = await _start(system, directory)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    await done.wait()
    await stop()


def main() -> None:
    system, directory = sys.argv[1], Path(sys.argv[2])
    try:
        import uvloop
    except ImportError:
        asyncio.run(run(system, directory))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(system, directory))


if __name__ == "__main__":
    main()
