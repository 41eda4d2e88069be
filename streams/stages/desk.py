"""What every stage has at hand: the codec, the topic names, the time, and the form of audit steps and dead letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from schemas.events import Audit, DeadLetter
from schemas.topics import Topics
from streams.stage import Headers, Message, Out

CORRELATION = "correlation-id"
#: On the tombstone of a golden record that was erased: reports forget its history too.
ERASED = ("accord-erased", b"1")
#: Headers that go along with everything that an event causes.
TRAIL = frozenset({CORRELATION, "traceparent"})


class Encoder(Protocol):
    """Typed events to bytes and back (accord.kafka.codec)."""

    def encode(self, topic: str, event: Any) -> bytes: ...
    def decode(self, value: bytes) -> Any: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """`now`: epoch ms, for the audit trail only; no decision depends on it."""

    codec: Encoder
    topics: Topics
    now: Callable[[], int]

    def out(self, topic: str, key: str, event: Any, headers: Headers, *, lane: str = "live", partition: int | None = None) -> Out:
        """An event on its way. `topic`: without prefix and lane."""
        value = None if event is None else self.codec.encode(topic, event)
        return Out(self.topics.name(topic, lane), key.encode(), value, partition, headers)

    def step(
        self, headers: Headers, step: str, *, system: str = "", entity: str = "", key: str = "", record_id: str = "", event_id: str = "", code: str = "", message: str = "", detail: Any = None
    ) -> Out:  # fmt: skip
        """One line of the audit trail."""
        correlation = correlation_of(headers) or event_id or key
        text = "" if detail is None else msgspec.json.encode(detail).decode()
        event = Audit(correlation, self.now(), step, system, entity, key, record_id, event_id, code, message, text, 0)
        return self.out("audit", correlation, event, headers)

    def dead(self, stage: str, message: Message, code: str, error: str) -> Out:
        """The whole message on `deadletter`, with the reason."""
        letter = DeadLetter(message.topic, message.partition, message.offset, message.key, message.value, code, error, stage, self.now())
        key = (message.key or b"").decode(errors="replace")
        return self.out("deadletter", key, letter, trail(message.headers))


def trail(headers: Headers) -> Headers:
    """The headers that an event hands on."""
    return tuple(h for h in headers if h[0] in TRAIL)


def correlation_of(headers: Headers) -> str:
    return next((v.decode() for k, v in headers if k == CORRELATION), "")
