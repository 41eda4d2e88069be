"""Headers: a repeat has the same ones, a step further keeps the trail."""

from __future__ import annotations

import re

from accord.kafka import headers


def test_a_repeat_has_the_same_headers():
    """A replayed event must land on the same trail, or the audit shows one change as many."""
    assert headers.of_event("sf:1") == headers.of_event("sf:1")
    assert headers.correlation_of(headers.of_event("sf:1")) != headers.correlation_of(headers.of_event("sf:2"))


def test_traceparent_is_what_w3c_says():
    """Tracing tools drop a header that isn't exactly version 00."""
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", headers.value_of(headers.of_event("x"), "traceparent"))


def test_a_step_keeps_correlation_and_trace_with_a_span_of_its_own():
    """From the first event to the last write one trace, or a trail breaks in the middle."""
    first = headers.of_event("x")
    second = headers.next_step((*first, ("other", b"1")), "reconcile")
    assert headers.correlation_of(second) == headers.correlation_of(first)
    before, after = (headers.value_of(h, "traceparent").split("-") for h in (first, second))
    assert before[1] == after[1]
    assert before[2] != after[2]
    assert [name for name, _ in second] == ["correlation-id", "traceparent"]


def test_a_trail_without_traceparent_gets_one():
    """An event from another tool that only knows our correlation id must not break the trace."""
    made = headers.next_step((("correlation-id", b"abc"),), "resolve")
    assert headers.value_of(made, "traceparent").startswith("00-")
