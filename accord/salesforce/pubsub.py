"""A client of the Pub/Sub API: a topic's change events as batches, with the errors named for their consequence.

It knows nothing of Kafka and keeps no position: whoever consumes a batch decides when its replay id is safe.
Source: developer.salesforce.com/docs/platform/pub-sub-api (flow control, Subscribe reference, error handling).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import grpc

from accord.clock import Clock
from accord.errors import Transient
from accord.salesforce import events, pubsub_faults
from accord.salesforce.auth import Token
from accord.salesforce.events import ChangeEvent, DecodedEvent, Shape, Undecodable
from accord.salesforce.proto import pubsub_api_pb2 as pb
from accord.salesforce.proto import pubsub_api_pb2_grpc
from accord.salesforce.pubsub_faults import ReplayExpired, consequence

__all__ = ["EARLIEST", "LATEST", "Batch", "ChangeEvent", "PubSub", "ReplayExpired", "Start", "Undecodable", "after"]

MAX_OUTSTANDING = 100  # events a stream may owe us, over all requests
SILENCE_S = 290.0  # a keepalive is promised within 270 s; a stream that stays silent longer is dead without an error (seen in the field)
UNARY_TIMEOUT_S = 30.0
OPTIONS = (
    ("grpc.keepalive_time_ms", 60_000),  # HTTP/2 pings find a dead connection long before the silence ends
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),  # a full batch of events of 1 MB each
)


class Start(NamedTuple):
    """Where a subscription begins: the oldest event kept (72 h), the next one to come, or after a replay id."""

    preset: Literal["earliest", "latest", "after"]
    replay_id: bytes = b""


EARLIEST = Start("earliest")
LATEST = Start("latest")


def after(replay_id: bytes) -> Start:
    return Start("after", replay_id)


class Tokens(Protocol):
    """Where sessions come from (`accord.salesforce.auth.Tokens`); called in a thread."""

    def get(self) -> Token: ...
    def renew(self, stale: str | None) -> Token: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of the server. `latest_replay_id`: resume after it once all events are kept; of an empty batch (a keepalive) it may lie
    ahead of the last event. An event that enrichment has split may go on in the next batch under the same replay id.
    """

    events: tuple[DecodedEvent, ...]
    latest_replay_id: bytes


class PubSub:
    """One connection to the Pub/Sub API. `endpoint`: host:port; `ca`: PEM of the trusted authority, None = the machine's own."""

    def __init__(self, endpoint: str, tokens: Tokens, *, clock: Clock, ca: bytes | None = None, silence_s: float = SILENCE_S) -> None:
        self._endpoint = endpoint
        self._tokens = tokens
        self._clock = clock
        self._silence_s = silence_s
        self._credentials = grpc.ssl_channel_credentials(ca)
        self._opened: Any = None
        self._refused: str | None = None  # the access token that the server last refused
        self._shapes: dict[str, Shape] = {}

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def token(self) -> Token:
        """The session of the next call; another one than was refused. Raises Transient or Fatal when signing in fails."""
        if self._refused is None:
            return await asyncio.to_thread(self._tokens.get)
        token = await asyncio.to_thread(self._tokens.renew, self._refused)
        self._refused = None
        return token

    async def subscribe(self, topic: str, start: Start) -> AsyncIterator[Batch]:
        """Batches for ever, in order; never ends by itself. Raises Transient (subscribe again from the last id that is safe),
        ReplayExpired (that id is lost) or Fatal.

        More events are asked for before a batch is handed out, so the stream never runs dry while the consumer works.
        """
        token = await self.token()
        call = self._stub().Subscribe(metadata=_metadata(token))
        flow = _Flow(call, topic)
        try:
            await flow.begin(start)
            while True:
                response = await self._next(call)
                await flow.received(len(response.events))
                yield Batch(tuple([await self._decode(event) for event in response.events]), bytes(response.latest_replay_id))
        except grpc.aio.AioRpcError as error:
            raise self._consequence(error, token, f"subscription to {topic}") from error
        finally:
            call.cancel()

    async def topic(self, name: str) -> Any:
        """TopicInfo of a topic: does it exist, may we subscribe?"""
        return await self._unary("GetTopic", pb.TopicRequest(topic_name=name), f"topic {name}")

    def _stub(self) -> Any:
        if self._opened is None:
            self._opened = grpc.aio.secure_channel(self._endpoint, self._credentials, options=OPTIONS)
        return pubsub_api_pb2_grpc.PubSubStub(self._opened)

    async def _next(self, call: Any) -> Any:
        """The next answer, or Transient when the stream ended or is alive but silent."""
        read = asyncio.ensure_future(call.read())
        alarm = asyncio.ensure_future(self._clock.sleep(self._silence_s))
        try:
            await asyncio.wait({read, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if not read.done():
                message = f"the Salesforce stream is silent: nothing for {self._silence_s:g} s, not even a keepalive"
                raise Transient(message, code="silent_stream")
            response = read.result()
        finally:
            alarm.cancel()
            read.cancel()
        if response is grpc.aio.EOF:
            raise _closed()
        return response

    async def _decode(self, consumed: Any) -> DecodedEvent:
        event, replay_id = consumed.event, bytes(consumed.replay_id)
        shape = self._shapes.get(event.schema_id) or await self._fetch_shape(event.schema_id)
        try:
            return events.decode(shape, event.payload, replay_id=replay_id, event_id=event.id)
        except (ValueError, IndexError, EOFError, KeyError, TypeError) as error:
            return Undecodable(replay_id, event.id, event.schema_id, f"{type(error).__name__}: {error}")

    async def _fetch_shape(self, schema_id: str) -> Shape:
        """Schemas by the event's own id and never by topic: one new field shifts every later position."""
        info = await self._unary("GetSchema", pb.SchemaRequest(schema_id=schema_id), f"schema {schema_id}")
        shape = events.compile_schema(info.schema_json)
        self._shapes[schema_id] = shape
        return shape

    async def _unary(self, rpc: str, request: Any, what: str) -> Any:
        """A single call; an expired token is renewed once."""
        for last in (False, True):
            token = await self.token()
            try:
                return await getattr(self._stub(), rpc)(request, metadata=_metadata(token), timeout=UNARY_TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                told = self._consequence(error, token, what)
                if last or self._refused is None:
                    raise told from error
        raise AssertionError("unreachable")

    def _consequence(self, error: grpc.aio.AioRpcError, token: Token, what: str) -> Exception:
        if pubsub_faults.answer_to(error).verdict == "renew":
            self._refused = token.access_token
        return consequence(error, what)


class _Flow:
    """Keeps the stream asked for, never for more than may be outstanding. It counts by itself: the server's own count in an answer was
    taken before it saw our latest request.
    """

    def __init__(self, call: Any, topic: str) -> None:
        self._call = call
        self._topic = topic
        self._outstanding = 0

    async def begin(self, start: Start) -> None:
        preset = {"earliest": pb.EARLIEST, "latest": pb.LATEST, "after": pb.CUSTOM}[start.preset]
        await self._ask(pb.FetchRequest(topic_name=self._topic, replay_preset=preset, replay_id=start.replay_id))

    async def received(self, count: int) -> None:
        self._outstanding -= count
        if self._outstanding <= MAX_OUTSTANDING // 2:
            await self._ask(pb.FetchRequest(topic_name=self._topic))

    async def _ask(self, request: Any) -> None:
        request.num_requested = MAX_OUTSTANDING - self._outstanding
        self._outstanding = MAX_OUTSTANDING
        try:
            await self._call.write(request)
        except asyncio.InvalidStateError as error:
            await self._call.read()  # raises the status that the stream ended with
            raise _closed() from error


def _closed() -> Transient:
    return Transient("Salesforce closed the stream", code="stream_closed")


def _metadata(token: Token) -> tuple[tuple[str, str], ...]:
    return (("accesstoken", token.access_token), ("instanceurl", token.instance_url), ("tenantid", token.org_id))
