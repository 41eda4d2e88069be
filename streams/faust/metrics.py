"""What a streams worker tells Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

BATCH = Histogram("accord_streams_batch_records", "Records of one handled batch", ["stage"], buckets=(1, 3, 10, 30, 100, 300, 1_000, 3_000))
HANDLE = Histogram("accord_streams_handle_seconds", "Time a stage took for one batch", ["stage"], buckets=(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3))
OUTS = Counter("accord_streams_outputs_total", "Records that stages sent", ["stage"])
DEAD = Counter("accord_streams_dead_letters_total", "Dead letters by the stage that wrote them", ["stage"])
TRANSACTION = Histogram(
    "accord_streams_transaction_seconds", "Time of one Kafka transaction", buckets=(0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.25, 1, 5)
)
LAG = Gauge("accord_streams_lag", "Offsets between what was fetched and the end of the partition", ["topic", "partition"])
PAUSED = Gauge("accord_streams_backfill_paused", "1 while the backfill waits for the live lane")
STATE = Gauge("accord_streams_state_load_seconds", "Time the last assignment spent loading state")
