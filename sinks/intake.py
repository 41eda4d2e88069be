"""Records of Kafka as the ledger needs them: a write with its place, the state of an assignment."""

from __future__ import annotations

from typing import Any, Protocol

import structlog

from accord.clock import Clock
from accord.errors import Rejected, Transient
from accord.kafka import headers
from accord.kafka.records import Record
from schemas.events import Parked, Settled, Write
from sinks import feed
from sinks.lanes import Item, Place
from sinks.ledger import Assignment
from sinks.offsets import decode
from sinks.target import Target


class Encoder(Protocol):
    """Typed events to bytes and back (accord.kafka.codec)."""

    def encode(self, topic: str, event: Any) -> bytes: ...
    def decode(self, value: bytes) -> Any: ...


class Intake:
    """Reads for one target."""

    def __init__(self, target: Target, codec: Encoder, clock: Clock) -> None:
        self._target, self._codec, self._clock = target, codec, clock

    async def event(self, value: bytes | None) -> Any:
        """A decoded event, None for a tombstone. A registry that doesn't answer is waited for: nothing is judged without its schema."""
        while value is not None:
            try:
                return self._codec.decode(value)
            except Transient as error:
                structlog.get_logger("sink").warning("waiting for the registry", error=str(error))
                await self._clock.sleep(error.wait_s or 1.0)
        return None

    async def item(self, record: Record) -> Item:
        """The write that a record holds. Rejected where it holds none."""
        system = self._target.system
        write = await self.event(record.value)
        if not isinstance(write, Write) or write.target != system:
            raise Rejected(f"a {type(write).__name__} among the writes to {system}", code="unexpected")
        known = headers.correlation_of(record.headers)
        along = headers.next_step(record.headers, f"sink.{system}") if known else headers.of_event(write.event_id or write.key)
        return Item(write, Place(record.topic, record.partition, record.offset), self._target.group(write), along)

    async def assignment(self, given: feed.Assigned) -> Assignment:
        """What was settled and parked in these partitions, and how far they were committed."""
        settled: dict[str, tuple[int, Settled]] = {}
        parked: dict[str, tuple[int, Parked]] = {}
        for record in given.state:
            key, event = (record.key or b"").decode(), await self.event(record.value)
            if isinstance(event, Settled):
                settled[key] = (record.partition, event)
            elif isinstance(event, Parked):
                parked[key] = (record.partition, event)
            elif f"parked.{self._target.system}" in record.topic:
                parked.pop(key, None)
            else:
                settled.pop(key, None)
        offsets = {(o.topic, o.partition): decode(o.offset, o.metadata) if o.offset >= 0 else None for o in given.committed}
        ends = {(p.topic, p.partition): end for p, end in given.ends.items()}
        return Assignment(offsets, dict.fromkeys(offsets, 0), ends, settled, parked)
