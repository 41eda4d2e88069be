"""A sandbox org with its event bus on a real TLS port, and ways to speak to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import grpc

from accord.clock import SystemClock
from accord.salesforce.auth import Token
from accord.salesforce.proto import pubsub_api_pb2 as pb
from accord.salesforce.proto import pubsub_api_pb2_grpc
from accord.salesforce.pubsub import PubSub
from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Fault, Switchboard
from ops.sandbox.salesforce.bus import Bus
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.pubsub import serve_pubsub
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.subscription import Timing

CHANNEL = "/data/Accord_Changes__chn"
ACCOUNTS = "/data/AccountChangeEvent"
DEADLINE_S = 20.0


class SandboxTokens:
    """Sessions straight from the org; counts how often one was asked for anew."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.renewed = 0
        self._token = self._open()

    def get(self) -> Token:
        return self._token

    def renew(self, stale: str | None) -> Token:
        self.renewed += 1
        self._token = self._open()
        return self._token

    def _open(self) -> Token:
        user = self._org.integration_user
        return Token(self._org.open_session(user), "https://acme.my.salesforce.com", self._org.org_id, user)


@dataclass
class Stand:
    org: Org
    port: int
    tls: ca.TlsFiles
    bus: Bus
    tokens: SandboxTokens
    stub: Any

    def fault(self, name: str, times: int | None = 1, match: dict[str, Any] | None = None, **params: Any) -> None:
        self.org.faults.put(Fault(name, times=times, match=match or {}, params=params))

    def metadata(self, **changes: str) -> list[tuple[str, str]]:
        token = self.tokens.get()
        sent = {"accesstoken": token.access_token, "instanceurl": token.instance_url, "tenantid": token.org_id} | changes
        return list(sent.items())

    def client(self, **options: Any) -> PubSub:
        given = {"clock": SystemClock(), "ca": self.tls.ca.read_bytes()} | options
        return PubSub(f"localhost:{self.port}", self.tokens, **given)

    def call(self) -> Any:
        return self.stub.Subscribe(metadata=self.metadata())


@asynccontextmanager
async def standing(
    tmp: Path, *, timing: Timing | None = None, settings: Settings | None = None, directory: Path | None = None, **bus_options: Any
) -> AsyncIterator[Stand]:
    """An org in memory, or that of `directory`, with its server on a port of the system's choice."""
    org = Org(directory, clock=SandboxClock(), faults=Switchboard(Random(1)), settings=settings)
    tls, bus = ca.ensure(tmp), Bus(org, **bus_options)
    server = await serve_pubsub(org, "127.0.0.1", 0, tls, timing=timing or Timing(tick_s=0.02), bus=bus)
    credentials = grpc.ssl_channel_credentials(tls.ca.read_bytes())
    async with grpc.aio.secure_channel(f"localhost:{server.port}", credentials) as channel:
        stub = pubsub_api_pb2_grpc.PubSubStub(channel)
        yield Stand(org, server.port, tls, bus, SandboxTokens(org), stub)
    await server.stop()
    org.close()


def request(topic: str = "", preset: Any = pb.LATEST, replay_id: bytes = b"", count: int = 100) -> Any:
    return pb.FetchRequest(topic_name=topic, replay_preset=preset, replay_id=replay_id, num_requested=count)


async def read(call: Any) -> Any:
    return await asyncio.wait_for(call.read(), DEADLINE_S)


async def read_events(call: Any, count: int) -> list[Any]:
    """That many events, however the server cut them into answers."""
    found: list[Any] = []
    while len(found) < count:
        found += (await read(call)).events
    return found


async def ended(call: Any) -> tuple[Any, str]:
    """Status and `error-code` suffix with which a stream ends."""
    try:
        while await read(call) is not grpc.aio.EOF:
            pass
    except grpc.aio.AioRpcError as error:
        trailers = dict(error.trailing_metadata() or ())
        return error.code(), str(trailers.get("error-code", "")).removeprefix("sfdc.platform.eventbus.grpc.")
    return grpc.StatusCode.OK, ""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.005)


def types_of(events: Iterable[Any]) -> list[str]:
    return [event.change_type for event in events]
