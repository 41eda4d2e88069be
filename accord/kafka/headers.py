"""Headers that follow a change from its source to its last write: `correlation-id` and W3C `traceparent`.

Both are derived from the event's id, never drawn by chance: a repeat of the same event carries the same ones.
Source: w3.org/TR/trace-context, version 00.
"""

from __future__ import annotations

from hashlib import sha256

from accord.kafka.records import Headers

CORRELATION = "correlation-id"
TRACEPARENT = "traceparent"
SAMPLED = "01"


def of_event(event_id: str) -> Headers:
    """The headers of a source event: where a trail begins."""
    trace = sha256(event_id.encode()).hexdigest()[:32]
    return ((CORRELATION, trace.encode()), (TRACEPARENT, _parent(trace, event_id)))


def next_step(headers: Headers, step: str) -> Headers:
    """The same trail one step on: same correlation and trace, a span id of the step's own. Other headers are left behind."""
    correlation = correlation_of(headers)
    before = value_of(headers, TRACEPARENT)
    trace = before.split("-")[1] if before.count("-") == 3 else sha256(correlation.encode()).hexdigest()[:32]
    return ((CORRELATION, correlation.encode()), (TRACEPARENT, _parent(trace, f"{before}/{step}")))


def correlation_of(headers: Headers) -> str:
    """Empty where there is none."""
    return value_of(headers, CORRELATION)


def value_of(headers: Headers, name: str) -> str:
    return next((value.decode(errors="replace") for key, value in headers if key == name), "")


def _parent(trace: str, span_of: str) -> bytes:
    return f"00-{trace}-{sha256(b'span:' + span_of.encode()).hexdigest()[:16]}-{SAMPLED}".encode()
