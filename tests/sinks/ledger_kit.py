"""A ledger with partition 0 assigned, and short forms of what happens to it."""

from __future__ import annotations

from typing import Any

from sinks.ledger import Batch, Ledger
from sinks.settle import Out
from sinks.target import Verdict
from tests.sinks.builders import a_ledger, a_write, an_assignment, an_item

A, B = "customer:salesforce:A", "customer:salesforce:B"
ORDER, ITEM = "order:salesforce:801", "item:salesforce:01t"
NOW = 1_000_000


def ledger(**options: Any) -> Ledger:
    made = a_ledger(**options)
    made.assign(an_assignment(0), 0.0)
    made.drain("open")
    return made


def give(led: Ledger, *writes: Any, first: int = 0) -> None:
    for n, write in enumerate(writes):
        led.take_in(an_item(write, first + n), NOW)


def events(outs: list[Out], topic: str) -> list[Any]:
    return [o.event for o in outs if o.topic == topic]


def run(led: Ledger, verdict: Verdict | None = None, now: float = 1.0) -> tuple[list[Batch], list[Out]]:
    """Start what may go and answer it all."""
    batches = led.start(now, NOW)
    for batch in batches:
        led.finish(batch, [verdict or Verdict("applied", id="7", calls=1) for _ in batch.jobs], now, NOW)
    return batches, led.drain("open")[0]


def an_order(sequence: int = 1, *items: str, customer: str = A) -> Any:
    lines = [{"item": {"id": {"$ref": i}}, "quantity": 1} for i in items]
    return a_write(ORDER, sequence, object="salesOrder", body={"entity": {"id": {"$ref": customer}}, "item": {"items": lines}})
