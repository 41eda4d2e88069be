"""What a sink tells Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from accord.pace import Pace
from sinks.ledger import Ledger
from sinks.target import Verdict


class Metrics:
    """Counters of one sink; `target` is a label, so that one process may run both."""

    def __init__(self, target: str, registry: CollectorRegistry, pace: Pace | None = None) -> None:
        self._target, self._pace = target, pace
        labels = ["target"]
        self._calls = Counter("accord_sink_calls", "API calls made for writes", labels, registry=registry)
        self._rows = Counter("accord_sink_rows", "Writes that were sent", labels, registry=registry)
        self._answers = Counter("accord_sink_outcomes", "Answers by kind", [*labels, "kind"], registry=registry)
        self._depth = Gauge("accord_sink_lane_depth", "Records that wait or are under way", [*labels, "lane"], registry=registry)
        self._parked = Gauge("accord_sink_parked", "Parked writes of this worker", labels, registry=registry)
        self._oldest = Gauge("accord_sink_parked_oldest_seconds", "How long the oldest parked write has waited", labels, registry=registry)
        self._overdue = Gauge("accord_sink_parked_overdue", "Parked writes that wait longer than they should", labels, registry=registry)
        self._flying = Gauge("accord_sink_calls_under_way", "Calls under way", labels, registry=registry)
        self._took = Histogram("accord_sink_call_seconds", "From the first call for a batch to its last answer", labels, registry=registry)
        self._window = Gauge("accord_sink_pace", "Calls at once that this sink may make now", labels, registry=registry)
        self._dead = Counter("accord_sink_dead_letters", "Records that could not be read", labels, registry=registry)

    def answered(self, verdicts: list[Verdict], took_s: float) -> None:
        """A batch came back. The calls of a batch are shared by its writes, so the most that one of them saw is the number."""
        self._calls.labels(self._target).inc(max((v.calls for v in verdicts), default=0))
        self._rows.labels(self._target).inc(len(verdicts))
        self._took.labels(self._target).observe(took_s)
        for verdict in verdicts:
            self._answers.labels(self._target, verdict.kind).inc()

    def dead(self) -> None:
        self._dead.labels(self._target).inc()

    def stand(self, ledger: Ledger, flying: int, now_ms: int) -> None:
        """Once a second: how things stand."""
        for lane in ("live", "backfill"):
            self._depth.labels(self._target, lane).set(ledger.lanes.depth(lane))
        self._parked.labels(self._target).set(len(ledger.parking))
        oldest, overdue = ledger.parking.ages(now_ms)
        self._oldest.labels(self._target).set(oldest)
        self._overdue.labels(self._target).set(overdue)
        self._flying.labels(self._target).set(flying)
        if self._pace is not None:
            self._window.labels(self._target).set(min(int(self._pace.gauge.window), self._pace.allowance().slots))
