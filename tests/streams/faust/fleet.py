"""Real worker processes on workload W, and the verdict: nothing lost, nothing wrong, output identical to the reference."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from accord.kafka import admin
from accord.kafka.admin import Wanted
from accord.kafka.records import Partition
from tests.bench import w
from tests.waiting import until

ROOT = Path(__file__).parents[3]
PARTS = 4


class Fleet:
    """Workers of one group on topics of their own. `pause_s` per batch spreads the work so that faults fall into the middle."""

    def __init__(
        self, bootstrap: str, prefix: str, folder: Path, *, count: int = 12_000, keys: int = 1_500, pause_s: float = 0.012, fetch: int = 100, fill: bool = True
    ) -> None:  # fmt: skip
        self.bootstrap, self.folder, self.count, self.keys = bootstrap, folder, count, keys
        self.source, self.backfill, self.out, self.state = (prefix + n for n in ("in", "in.backfill", "out", "state"))
        self.deadletter, self.group = prefix + "dead", prefix + "group"
        self.client = admin.client(bootstrap)
        plain = [Wanted(name, PARTS, {}) for name in (self.source, self.backfill, self.out, self.deadletter)]
        admin.ensure(self.client, [*plain, Wanted(self.state, PARTS, {"cleanup.policy": "compact"})])
        if fill:
            w.fill(bootstrap, self.source, count, keys)
        self.given: dict[str, Any] = {
            "source": self.source, "backfill": self.backfill, "out": self.out, "state": self.state, "group": self.group,
            "bootstrap": bootstrap, "dir": str(folder), "pause_s": pause_s, "fetch": fetch, "deadletter": self.deadletter,
        }  # fmt: skip
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, **other: Any) -> subprocess.Popen[bytes]:
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.bench.w_stage", json.dumps(self.given | other)]
            worker = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"})
        self.workers.append(worker)
        return worker

    def log(self, worker: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"worker-{self.workers.index(worker)}.log").read_text(errors="replace")

    def assigned(self, worker: subprocess.Popen[bytes]) -> int:
        """How often partitions came to it."""
        return self.log(worker).count(" assigned, ")

    def left(self, *topics: str) -> int:
        partitions = [Partition(topic, p) for topic in topics or (self.source,) for p in range(PARTS)]
        return sum(admin.behind(self.client, self.group, partitions).values())  # nothing transactional is in the inputs

    def done(self) -> int:
        return self.count - self.left()

    def at(self, share: float, wait_s: float = 40) -> None:
        """Return when that share of the input is committed."""
        until(lambda: self.done() >= share * self.count, f"{share:.0%} of the input committed; logs in {self.folder}", wait_s)

    def finish(self, wait_s: float = 60) -> None:
        self.at(1.0, wait_s)

    def stop(self, worker: subprocess.Popen[bytes]) -> float:
        """SIGTERM; seconds until it has ended by itself."""
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        worker.wait(20)
        return time.monotonic() - began

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(20)

    def verdict(self) -> None:
        """Assert: per key the same outputs in the same order as one undisturbed run gives, and the same final state."""
        outputs, states = w.reference(self.count, self.keys)
        found = w.outputs_of(self.bootstrap, self.out)
        lost = sum(max(len(right) - len(found.get(key, [])), 0) for key, right in outputs.items())
        more = sum(max(len(found[key]) - len(outputs.get(key, [])), 0) for key in found)
        assert (lost, more) == (0, 0), f"{lost} outputs lost, {more} doubled"
        wrong = [key for key, right in outputs.items() if found[key] != right]
        assert not wrong, f"{len(wrong)} keys wrong or out of order, first {wrong[0]!r}"
        stored = w.states_of(self.bootstrap, self.state)
        assert stored == states, f"{sum(stored.get(k) != s for k, s in states.items())} states of {len(states)} wrong"
