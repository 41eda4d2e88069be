"""One Subscribe stream: flow control, keepalives, and the faults that befall a stream.

| name | match | what happens |
|---|---|---|
| replay_expired, replay_corrupt | topic | the id of a CUSTOM subscription is refused: subscription.fetch.replayid.corrupted |
| silent_stream | topic | from the next event or keepalive on nothing comes any more; the stream stays open |
| keepalive_off | topic | a keepalive is left out (each strike one) |
| service_unavailable | topic | the stream breaks in the middle of a batch with service.unavailable |
| rst | topic | the same as a bare UNAVAILABLE without trailers |
| duplicate_delivery | topic | the last event of a batch is delivered twice |
| stream_error | topic | params code, message: the stream ends with that code before the next batch |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from grpc import StatusCode

from accord.salesforce.proto import pubsub_api_pb2 as pb
from ops.sandbox.salesforce import refusal, replay
from ops.sandbox.salesforce.bus import Bus, Delivery
from ops.sandbox.salesforce.channels import Topic
from ops.sandbox.salesforce.feed import Feed

MAX_OUTSTANDING = 100  # over all requests of a stream (Pub/Sub API guide, flow control)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the sandbox's clock. `idle_s`: how long a stream without outstanding requests stays open (60 by the Subscribe
    reference). `keepalive_s`: rhythm of empty answers; the vendor promises 270, users see 60. `tick_s`: real seconds between looks at
    that clock; events don't wait for it.
    """

    idle_s: float = 60.0
    keepalive_s: float = 60.0
    tick_s: float = 0.25


class Flow:
    """What the client asked for and hasn't got yet."""

    def __init__(self, first: Any, wake: asyncio.Event) -> None:
        self.topic = first.topic_name
        self.outstanding = 0
        self.refused: refusal.Refusal | None = None
        self._wake = wake
        self._ask(first)

    async def read(self, requests: AsyncIterator[Any]) -> None:
        """Take further requests; only their number counts, but another topic ends the stream."""
        async for request in requests:
            self._ask(request)
            self._wake.set()

    def _ask(self, request: Any) -> None:
        if request.topic_name not in {"", self.topic}:
            message = f"The topic {request.topic_name} differs from the first request's {self.topic}."
            self.refused = refusal.invalid("subscription.fetch.topic.mismatch", message)
        elif request.num_requested <= 0:
            message = "The number of requested events must be greater than 0."
            self.refused = refusal.invalid("subscription.fetch.requested.events.invalid", message)
        else:
            self.outstanding = min(MAX_OUTSTANDING, self.outstanding + request.num_requested)


def start(bus: Bus, first: Any) -> int:
    """The bus position that a stream starts after. Raises Refusal for an id that can't be resumed."""
    org = bus.org
    if first.replay_preset == pb.LATEST:
        return replay.after(org.journal.last)
    if first.replay_preset == pb.EARLIEST:
        return replay.earliest(org.journal, org.clock.ms())
    if not first.replay_id:
        raise refusal.invalid("subscription.fetch.replayid.validation.failed", "A Replay ID is required with the CUSTOM preset.")
    struck = [org.faults.strike(name, topic=first.topic_name) for name in ("replay_expired", "replay_corrupt")]
    at = replay.decode(first.replay_id)
    if any(struck) or at is None or not replay.alive(org.journal, at, org.clock.ms()):
        raise refusal.corrupted()
    return at


class Subscription:
    """One stream from its first request to its end."""

    def __init__(self, bus: Bus, topic: Topic, timing: Timing, first: Any) -> None:
        self._bus = bus
        self._topic = topic
        self._timing = timing
        self._feed = Feed(bus, topic, start(bus, first))
        self._wake = asyncio.Event()
        self._flow = Flow(first, self._wake)
        self._sent_at = bus.org.clock.time()
        self._silent = False
        self._breaks: refusal.Refusal | None = None

    async def responses(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """FetchResponses until the client leaves, asks nothing for a minute, or a refusal is raised."""
        reader = asyncio.ensure_future(self._flow.read(requests))
        unsubscribe = self._bus.org.journal.subscribe(self._wake.set)
        try:
            while not self._left_alone():
                self._wake.clear()
                if self._flow.refused:
                    raise self._flow.refused
                for response in self._due():
                    yield response
                if self._breaks:
                    raise self._breaks
                if not self._wake.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), self._timing.tick_s)
        finally:
            unsubscribe()
            reader.cancel()

    def _left_alone(self) -> bool:
        idle = self._bus.org.clock.time() - self._sent_at
        return self._flow.outstanding == 0 and idle >= self._timing.idle_s and not self._silent

    def _due(self) -> list[Any]:
        """The answers that can go now: one batch, or a keepalive, or nothing."""
        if self._silent or not self._flow.outstanding:
            return []
        batch = self._feed.take(self._flow.outstanding)
        if not batch:
            return self._keepalive()
        if self._strike("silent_stream"):
            self._silent = True
            return []
        if not self._bus.allow(len(batch), self._topic.name):
            raise refusal.exhausted()
        self._wake.set()  # there may be more
        return self._answer(self._befallen(batch))

    def _befallen(self, batch: list[Delivery]) -> list[Delivery]:
        custom = self._strike("stream_error")
        if custom:
            code = str(custom.params.get("code", "subscription.internal.error"))
            raise refusal.Refusal(StatusCode.INTERNAL, code, str(custom.params.get("message", "An internal error occurred.")))
        for name, made in (("service_unavailable", refusal.unavailable), ("rst", refusal.reset)):
            if self._strike(name):
                self._breaks = made()
                return batch[: len(batch) // 2]
        if self._flow.outstanding > len(batch) and self._strike("duplicate_delivery"):
            return [*batch, batch[-1]]
        return batch

    def _keepalive(self) -> list[Any]:
        if self._bus.org.clock.time() - self._sent_at < self._timing.keepalive_s:
            return []
        if self._strike("silent_stream"):
            self._silent = True
            return []
        if self._strike("keepalive_off"):
            self._sent_at = self._bus.org.clock.time()
            return []
        return self._answer([])

    def _answer(self, batch: list[Delivery]) -> list[Any]:
        if self._breaks and not batch:
            return []
        self._sent_at = self._bus.org.clock.time()
        self._flow.outstanding -= len(batch)
        latest = replay.encode(batch[-1].at) if batch else self._feed.quiet()
        events = [
            pb.ConsumerEvent(event=pb.ProducerEvent(id=item.id, schema_id=item.schema_id, payload=item.payload), replay_id=replay.encode(item.at))
            for item in batch
        ]
        pending = self._flow.outstanding
        return [pb.FetchResponse(events=events, latest_replay_id=latest, rpc_id=str(uuid4()), pending_num_requested=pending)]

    def _strike(self, name: str) -> Any:
        return self._bus.org.faults.strike(name, topic=self._topic.name)
