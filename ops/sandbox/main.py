"""Both sandboxes for somebody at a shell: `python -m ops.sandbox.main --dir DIR --json FILE [--system both|salesforce|netsuite]`.

One process for each system, supervised; control and CONNECT proxy in this one. Prints one line when ready, ends within 5 s of SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.sandbox import ca
from ops.sandbox.listen import listen
from ops.sandbox.ports import Ports
from ops.sandbox.proxy import Proxy

SYSTEMS = ("salesforce", "netsuite")
START_S, STOP_S, MOST_BACKOFF_S = 60.0, 3.0, 10.0


class StartError(RuntimeError):
    """A system did not come up; its own words are on standard error."""


@dataclass(slots=True)
class Child:
    """One supervised system. `told` is what it said of itself when it came up last."""

    system: str
    directory: Path
    told: dict[str, Any] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = (sys.executable, "-m", "ops.sandbox.child", self.system, str(self.directory))
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        assert self.process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await self.process.stdout.readline()
        if not line:
            raise StartError(f"the {self.system} sandbox ended with code {await self.process.wait()} before it was ready")
        self.told = json.loads(line)

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def watch(self, changed: Callable[[], None]) -> None:
        """Start it again when it dies, with a growing pause and a word why."""
        pause = 0.2
        while self.process is not None:
            code = await self.process.wait()
            sys.stderr.write(f"the {self.system} sandbox ended with code {code}; starting it again in {pause:.1f} s\n")
            await asyncio.sleep(pause)
            pause = min(pause * 2, MOST_BACKOFF_S)
            with contextlib.suppress(StartError, TimeoutError):
                await self.start()
                changed()


def control_router(children: Mapping[str, Child], client: httpx.AsyncClient) -> Starlette:
    """`/salesforce/...` and `/netsuite/...` lead to the control side of each system."""

    async def forward(request: Request) -> Response:
        child = children.get(request.path_params["system"])
        if child is None:
            return JSONResponse({"error": f"no such system; there are {', '.join(children)}"}, 404)
        url = f"{child.told['control']}/{request.path_params['path']}"
        kind = {"content-type": request.headers["content-type"]} if "content-type" in request.headers else {}
        try:
            answer = await client.request(request.method, url, params=request.query_params, content=await request.body(), headers=kind)
        except httpx.TransportError as error:
            return JSONResponse({"error": f"{child.system} does not answer: {error!r}"}, 503)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    return Starlette(routes=[Route("/{system}/{path:path}", forward, methods=["GET", "POST", "DELETE"])])


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.rpartition("//")[2].rpartition(":")
    return host, int(port)


def targets(children: Mapping[str, Child]) -> dict[str, tuple[str, int]]:
    """Where the proxy sends each vendor's names."""
    found = {name: _address(child.told["endpoints"]["https"]) for name, child in children.items()}
    if "salesforce" in children:
        found["pubsub"] = _address(children["salesforce"].told["endpoints"]["pubsub"])
    return found


async def run(directory: Path, json_file: Path, systems: tuple[str, ...]) -> None:
    """Serve until SIGTERM or SIGINT."""
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    tls, ports = ca.ensure(directory), Ports(directory / "ports.json")
    children = {name: Child(name, directory) for name in systems}
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(_stop_all, children)
        await asyncio.gather(*(child.start() for child in children.values()))
        proxy = Proxy(targets(children))
        await proxy.start(port=ports.ask("proxy"))
        stack.push_async_callback(proxy.stop)
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=30.0))
        control = await listen(control_router(children, client), port=ports.ask("control"))
        stack.push_async_callback(control.stop)
        ports.keep(proxy=proxy.port, control=control.port)

        def write() -> None:
            proxy.targets = targets(children)
            places = {"ca": str(tls.ca), "proxy": f"http://127.0.0.1:{proxy.port}", "faults": f"http://127.0.0.1:{control.port}"}
            _replace(json_file, {name: child.told["endpoints"] for name, child in children.items()} | places)

        write()
        watchers = [asyncio.create_task(child.watch(write)) for child in children.values()]
        sys.stdout.write(f"sandboxes ready: {json_file}\n")
        sys.stdout.flush()
        await done.wait()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def _stop_all(children: Mapping[str, Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children.values()))


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all; it holds secrets, so nobody else may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="accord sandbox up", description="Serve a Salesforce and a NetSuite to try and test against.")
    parser.add_argument("--dir", type=Path, required=True, help="where records, secrets and ports are kept")
    parser.add_argument("--json", type=Path, required=True, help="file that gets addresses and credentials")
    parser.add_argument("--system", choices=("both", *SYSTEMS), default="both")
    chosen = parser.parse_args()
    systems = SYSTEMS if chosen.system == "both" else (chosen.system,)
    try:
        asyncio.run(run(chosen.dir.resolve(), chosen.json, systems))
    except StartError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
