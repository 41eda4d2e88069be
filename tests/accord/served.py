"""Both sandboxes over real sockets, on a loop of their own, for tests of our clients and producers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any

from accord.clock import SystemClock
from accord.netsuite.auth import Credentials as NetSuiteCredentials
from accord.netsuite.rest import NetSuite
from accord.netsuite.restlet import Restlet
from accord.pace import Pace
from accord.salesforce.auth import Credentials, Flow
from accord.salesforce.rest import Salesforce
from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Fault, Switchboard
from ops.sandbox.netsuite.serve import NetSuiteEndpoints, serve
from ops.sandbox.serve import SalesforceEndpoints, serve_salesforce
from tests.ops.sandbox.netsuite.world import World, build


class Background:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def call(self, what: Any, *args: Any, **kwargs: Any) -> Any:
        """A plain call, made in the loop's thread: the sandboxes belong to it."""

        async def made() -> Any:
            return what(*args, **kwargs)

        return self.run(made())

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class ServedOrg:
    """A Salesforce sandbox."""

    def __init__(self, directory: Path) -> None:
        self.background, self.clock, self.faults = Background(), SandboxClock(), Switchboard(Random(1))
        tls = ca.ensure(directory)
        self.ca_file = tls.ca
        self.ends: SalesforceEndpoints = self.background.run(serve_salesforce(directory, clock=self.clock, faults=self.faults, tls=tls))

    def fault(self, name: str, times: int | None = 1, match: dict[str, Any] | None = None, **params: Any) -> None:
        self.background.call(self.faults.put, Fault(name, times, match=match or {}, params=params))

    def client(self, flow: Flow = "client_credentials", *, url: str = "", pace: Pace | None = None, **overrides: str) -> Salesforce:
        s = self.ends.org.secrets
        given = {
            "login_url": url or self.ends.http, "client_id": s.client_id, "username": s.username, "private_key": s.jwt_private_key,
            "client_secret": s.client_secret, "refresh_token": s.refresh_token, "password": s.password, "security_token": s.security_token,
        }  # fmt: skip
        return Salesforce(Credentials(flow, **{**given, **overrides}), clock=SystemClock(), ca_file=self.ca_file, pace=pace)

    def close(self) -> None:
        self.background.run(self.ends.stop())
        self.background.close()


class ServedAccount:
    """A NetSuite sandbox with a small world in it."""

    def __init__(self, directory: Path) -> None:
        self.background, self.clock, self.faults = Background(), SandboxClock(), Switchboard(Random(1))
        tls = ca.ensure(directory)
        self.ca_file = tls.ca
        self.ends: NetSuiteEndpoints = self.background.run(serve(directory, clock=self.clock, faults=self.faults, tls=tls))
        self.world: World = self.background.call(build, self.ends.account)

    def fault(self, name: str, times: int | None = 1, match: dict[str, Any] | None = None, **params: Any) -> None:
        self.background.call(self.faults.put, Fault(name, times, match=match or {}, params=params))

    def client(self, flow: str = "m2m", *, pace: Pace | None = None, url: str = "", subsidiaries: tuple[str, ...] = (), **overrides: str) -> NetSuite:
        c = self.ends.credentials
        given = {
            "account": c.account, "client_id": c.client_id, "certificate_id": c.certificate_id, "private_key": c.private_key.read_text(),
            "consumer_key": c.consumer_key, "consumer_secret": c.consumer_secret, "token_id": c.token_id, "token_secret": c.token_secret,
            "rest_url": url or self.ends.http, "restlet_url": url or self.ends.http,
        }  # fmt: skip
        credentials = NetSuiteCredentials(flow=flow, **{**given, **overrides})
        return NetSuite(credentials, clock=SystemClock(), ca_file=self.ca_file, pace=pace, subsidiaries=subsidiaries)

    def restlet(self, client: NetSuite) -> Restlet:
        return Restlet(client, self.ends.restlet["script"], self.ends.restlet["deploy"])

    def close(self) -> None:
        self.background.run(self.ends.stop())
        self.background.close()
