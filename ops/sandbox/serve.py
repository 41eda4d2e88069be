"""Start one org in this process: HTTP, TLS, Pub/Sub and the control side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.sandbox.ca import TlsFiles
from ops.sandbox.clock import SandboxClock
from ops.sandbox.control import control_app
from ops.sandbox.faults import Switchboard
from ops.sandbox.listen import listen
from ops.sandbox.ports import Ports
from ops.sandbox.salesforce.app import App
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.pubsub import serve_pubsub
from ops.sandbox.salesforce.settings import Settings

HOST = "127.0.0.1"
KEY_FILE = "salesforce-jwt-key.pem"


@dataclass(frozen=True, slots=True)
class SalesforceEndpoints:
    """Where the org is. `pubsub` is host:port. `org` stays usable in this process (seeds, tests)."""

    http: str
    https: str
    pubsub: str
    control: str
    org: Org
    key_file: Path
    stops: tuple[Callable[[], Awaitable[None]], ...]

    def as_json(self) -> dict[str, Any]:
        """The `salesforce` part of what `accord sandbox up --json` writes; the key is a path."""
        secrets = self.org.secrets
        names = ("client_id", "client_secret", "username", "password", "security_token", "refresh_token")
        where = {"http": self.http, "https": self.https, "pubsub": self.pubsub, "org_id": self.org.org_id}
        return where | {name: getattr(secrets, name) for name in names} | {"jwt_private_key": str(self.key_file)}

    async def stop(self) -> None:
        """Finish what runs, close the ports and the database."""
        await asyncio.gather(*(stop() for stop in self.stops))
        self.org.close()


async def serve_salesforce(
    directory: Path, *, clock: SandboxClock, faults: Switchboard, tls: TlsFiles, settings: Settings | None = None, host: str = HOST
) -> SalesforceEndpoints:
    """The org of `directory`: a restart with the same one keeps records, secrets and, where they are free, ports."""
    org = Org(directory, clock=clock, faults=faults, settings=settings)
    key_file = directory / KEY_FILE
    key_file.touch(mode=0o600)
    key_file.write_text(org.secrets.jwt_private_key)
    app, ports = App(org), Ports(directory / "salesforce-ports.json")
    plain = await listen(app, host=host, port=ports.ask("http"))
    secure = await listen(app, host=host, port=ports.ask("https"), tls=tls)
    control = await listen(control_app(org), host=host, port=ports.ask("control"))
    pubsub = await serve_pubsub(org, host, ports.ask("pubsub"), tls)
    ports.keep(http=plain.port, https=secure.port, control=control.port, pubsub=pubsub.port)
    return SalesforceEndpoints(
        http=f"http://{host}:{plain.port}",
        https=f"https://{host}:{secure.port}",
        pubsub=f"{host}:{pubsub.port}",
        control=f"http://{host}:{control.port}",
        org=org,
        key_file=key_file,
        stops=(plain.stop, secure.stop, control.stop, pubsub.stop),
    )
