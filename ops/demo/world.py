"""Everything that the story needs, started in a folder of its own: broker, registry, sandboxes, and the configuration that names them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from accord.clock import Clock
from accord.config import Settings, load
from accord.errors import Fatal
from accord.netsuite.rest import NetSuite
from accord.salesforce.rest import Salesforce
from ops.local import stack
from ops.sandbox.client import Control
from ops.wiring import clients

READY_S = 60.0


@dataclass(slots=True)
class World:
    """Addresses, and clients that stand for people: they sign in beside Accord and use the same public APIs.

    `control`: what no public API has, the sandboxes' own side of `docs/sandbox.md`.
    """

    folder: Path
    kafka: str
    registry: str
    sandbox: Mapping[str, Any]
    settings: Settings
    salesforce: Salesforce
    netsuite: NetSuite
    control: Control
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "accord.toml"

    async def stop(self) -> None:
        """Clients and sandboxes; broker and registry are stopped by `ops.local`."""
        self.salesforce.close()
        self.netsuite.close()
        await self.control.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            await process.wait()


async def sandboxes(folder: Path) -> tuple[asyncio.subprocess.Process, Mapping[str, Any]]:
    """Both systems, ready, and what `accord sandbox up --json` says of them."""
    told = folder / "sandbox.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops.sandbox.main", "--dir", str(folder / "sandbox"), "--json", str(told), stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    async with asyncio.timeout(READY_S):
        line = await process.stdout.readline()
    if not line:
        raise Fatal(f"the sandboxes did not start (exit code {await process.wait()}); their reason stands above")
    return process, json.loads(told.read_text())


def configuration(ends: stack.Endpoints, sandbox: Mapping[str, Any], reference: Mapping[str, Any], stores: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`accord.toml` for a pair of sandboxes."""
    sf, ns = sandbox["salesforce"], sandbox["netsuite"]
    return {
        "kafka": {"bootstrap": ends.kafka, "registry": ends.registry, "prefix": "accord."},
        "salesforce": {
            "login_url": sf["http"], "auth": "jwt", "client_id": sf["client_id"], "username": sf["username"],
            "private_key_file": sf["jwt_private_key"], "pubsub": sf["pubsub"], "ca_file": sandbox["ca"], "poll_s": 2.0,
        },
        "netsuite": {
            "account": ns["account"], "auth": "m2m", "client_id": ns["client_id"], "certificate_id": ns["certificate_id"],
            "private_key_file": ns["private_key"], "rest_url": ns["http"], "restlet_url": ns["http"],
            "restlet_script": ns["restlet"]["script"], "restlet_deploy": ns["restlet"]["deploy"], "poll_s": 1.0, "lag_s": 3.0, "overlap_s": 300.0,
        },
        "run": {"state_dir": str(folder / "state"), "margin_s": 2.0, "call_s": 4.0},
        "reference": dict(reference),
        "stores": dict(stores),
    }  # fmt: skip


async def start(folder: Path, clock: Clock, *, progress: bool) -> World:
    """Start what carries the story. The configuration's reference data comes with `configure`."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    up = asyncio.to_thread(stack.up, folder / "local", progress=progress)
    ends, (process, told) = await asyncio.gather(up, sandboxes(folder))
    settings = configure(folder, configuration(ends, told, {}, {}, folder))
    salesforce = clients.salesforce(settings, clock, slots=8)
    netsuite = clients.netsuite(settings, clock, slots=4)
    return World(folder, ends.kafka, ends.registry, told, settings, salesforce, netsuite, Control(told["faults"]), [process])


def configure(folder: Path, table: Mapping[str, Any]) -> Settings:
    """Write `accord.toml` and read it as `accord` does."""
    path = folder / "accord.toml"
    path.write_text(tomli_w.dumps(table))
    return load(path)


def environment() -> dict[str, str]:
    """For Accord's own processes."""
    return {**os.environ, "PYTHONUNBUFFERED": "1"}
