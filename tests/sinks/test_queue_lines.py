"""Nothing leaves a queue without a line on the audit trail, whatever happens to it; and people hear how old the oldest is."""

from __future__ import annotations

from collections import Counter
from random import Random

from prometheus_client import CollectorRegistry

from schemas.events import Parked
from sinks.ledger import Ledger
from sinks.metrics import Metrics
from sinks.target import Verdict
from tests.sinks.builders import a_ledger, a_link, a_write, an_assignment
from tests.sinks.ledger_kit import NOW, ORDER, A, an_order, give, ledger, run

DAY_S = 24 * 3600
VERDICTS = ("applied", "unchanged", "rejected", "gone", "stage_changed", "retry", "retry")


class Day:
    """A ledger to which anything may happen, in any order. `left`: how each that waited came out of the queue."""

    def __init__(self, seed: int) -> None:
        self.rng, self.now, self.sequence, self.offset = Random(seed), 0.0, 0, 0
        self.ledger: Ledger = a_ledger(bound_s=5.0)
        self.ledger.assign(an_assignment(0), 0.0)
        self.queue: dict[str, Parked] = {}
        self.left: Counter[str] = Counter()

    @property
    def now_ms(self) -> int:
        return NOW + int(self.now * 1000)

    def wish(self) -> None:
        self.sequence += 1
        kind = self.rng.choice(["order", "order", "plain", "withdraw"])
        key = self.rng.choice([ORDER, A])
        write = an_order(self.sequence) if kind == "order" and key == ORDER else a_write(key, self.sequence, kind="withdraw" if kind == "withdraw" else "")
        give(self.ledger, write, first=self.offset)
        self.offset += 1

    def answer(self) -> None:
        for batch in self.ledger.start(self.now, self.now_ms):
            kind = self.rng.choice(VERDICTS)
            self.ledger.finish(batch, [Verdict(kind, id="7", message="m", code="c") for _ in batch.jobs], self.now, self.now_ms)

    def link(self) -> None:
        there = {"netsuite": "1"} if self.rng.random() < 0.5 else {}
        self.ledger.link(A, self.rng.choice([a_link(A, **there), a_link(A, standing="deleted", **there), None]), self.now_ms)
        if self.rng.random() < 0.1:
            self.ledger.link(ORDER, None, self.now_ms)

    def time(self) -> None:
        self.now += self.rng.choice([1, 10, 400, 8 * DAY_S])
        self.ledger.tick(self.now_ms)

    def drain(self) -> None:
        """What leaves in one transaction: whoever goes out of the queue has a line in it."""
        outs, _ = self.ledger.drain("open")
        lines = {o.event.key: o.event.step for o in outs if o.topic == "audit"}
        for out in (o for o in outs if o.topic == "parked.netsuite"):
            was = self.queue.pop(out.key, None)
            if out.event is not None:
                self.queue[out.key] = out.event
            assert out.key in lines, f"{was} left without a word"
            if was is not None and out.event is None:
                self.left[lines[out.key]] += 1


def test_whatever_happens_nothing_leaves_the_queue_without_a_line() -> None:
    """A write that waited and is gone, with nobody who can say why, was lost as far as anybody can show."""
    left: Counter[str] = Counter()
    for seed in range(150):
        day = Day(seed)
        for _ in range(60):
            day.rng.choice([day.wish, day.answer, day.answer, day.link, day.time])()
            day.drain()
            assert set(day.queue) == {s.parked.key for s in day.ledger.parking.own()}, "the topic and the ledger hold the same"
        left += day.left
    assert {"released", "applied", "withdrawn", "rejected"} <= set(left), f"every way out was gone: {left}"


def test_the_oldest_and_the_overdue_are_numbers_that_an_alarm_can_watch() -> None:
    """A list that must be looked at is looked at too late."""
    led, registry = ledger(), CollectorRegistry()
    metrics = Metrics("netsuite", registry)

    def seen(now_ms: int) -> tuple[float | None, float | None]:
        metrics.stand(led, 0, now_ms)
        names = ("accord_sink_parked_oldest_seconds", "accord_sink_parked_overdue")
        return tuple(registry.get_sample_value(name, {"target": "netsuite"}) for name in names)  # type: ignore[return-value]

    assert seen(NOW) == (0, 0)
    give(led, an_order())
    run(led)
    assert seen(NOW + 90_000) == (90, 0)
    assert seen(NOW + 8 * DAY_S * 1000) == (8 * DAY_S, 1)
    led.link(A, a_link(A, netsuite="1"), NOW)
    assert seen(NOW + 8 * DAY_S * 1000) == (0, 0)
