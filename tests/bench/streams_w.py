"""Workload W, ours beside others in one run: `python -m tests.bench.streams_w [--count N] [--keys N]`.

Records per CPU-second (user + system) of the worker process, between the first and the last record that the broker appended to its output:
the broker's clock is the same for all, and starting up isn't counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from accord.kafka import admin
from accord.kafka.admin import Wanted
from accord.kafka.consumer import read_to_end
from accord.kafka.records import Partition
from ops.local import stack
from tests.bench import w

ROOT = Path(__file__).parents[2]
PARTS = 4
QUIET_S = 4.0  # no output for this long: the input is done
LIMIT_S = 300.0
QUIX = ("quixstreams==3.28.1", "fastavro==1.13.1")
PEERS = {"bare": "bare confluent-kafka loop", "quix": "Quix Streams", "faust": "stock Faust"}


#: (time, CPU seconds) every 50 ms; resident megabytes.
Watched = tuple[list[tuple[float, float]], int]


@dataclass(frozen=True, slots=True)
class Run:
    """One variant's measurement. `correct`: the last value of every field equals the reference."""

    variant: str
    records: int
    seconds: float
    cpu_s: float
    rss_mb: int
    outputs: int
    correct: bool

    @property
    def per_cpu_s(self) -> float:
        return self.records / self.cpu_s


def command(variant: str, given: dict[str, Any]) -> list[str]:
    module = ["tests.bench.w_stage"] if variant == "accord" else ["tests.bench.w_peers", variant]
    return [quix_python() if variant == "quix" else sys.executable, "-m", *module, json.dumps(given)]


def quix_python() -> str:
    """Quix Streams in an environment of its own: its current release wants an older confluent-kafka than ours."""
    folder = ROOT / ".accord" / "bench" / "quix"
    python = str(folder / "bin" / "python")
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *QUIX], check=True)
        (folder / "ready").touch()
    return python


def measure(variant: str, bootstrap: str, source: str, right: w.Outputs, count: int) -> Run:
    """Run one variant over the whole input and check what it made."""
    prefix = f"bench{uuid.uuid4().hex[:6]}."
    client, names = admin.client(bootstrap), {name: prefix + name for name in ("out", "state")}
    stamped = Wanted(names["out"], PARTS, {"message.timestamp.type": "LogAppendTime"})
    admin.ensure(client, [stamped, Wanted(names["state"], PARTS, {"cleanup.policy": "compact"})])
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:
        given = {"source": source, "group": prefix + "g", "bootstrap": bootstrap, "dir": folder, **names}
        samples, rss = watch(command(variant, given), log, lambda: sum(admin.log_ends(client, [Partition(names["out"], p) for p in range(PARTS)]).values()))
        outs = list(read_to_end(bootstrap, names["out"]))
        assert outs, f"{variant} made no output:\n{Path(folder, 'log').read_text(errors='replace')[-3000:]}"
    first, last = min(r.timestamp for r in outs) / 1000, max(r.timestamp for r in outs) / 1000
    found = merged([(r.key or b"", w.decode(w.OUT_SCHEMA, r.value or b"")["fields"]) for r in outs])
    correct = found == merged([(key, fields) for key, all_of in right.items() for fields in all_of])
    admin.delete(client, prefix)
    return Run(variant, count, last - first, cpu_at(samples, last) - cpu_at(samples, first), rss, len(outs), correct)


def merged(outputs: Sequence[tuple[bytes, dict[str, str]]]) -> dict[bytes, dict[str, str]]:
    final: dict[bytes, dict[str, str]] = {}
    for key, fields in outputs:
        final.setdefault(key, {}).update(fields)
    return final


def watch(words: Sequence[str], log: IO[bytes], written: Callable[[], int]) -> Watched:
    """Run this command until its output stands still."""
    worker = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    try:
        return _watched(worker, written)
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _watched(worker: subprocess.Popen[bytes], written: Callable[[], int]) -> Watched:
    """(time, CPU seconds) of the worker every 50 ms until its output stands still; and its resident megabytes."""
    process, samples, stop = psutil.Process(worker.pid), [], threading.Event()

    def sample() -> None:
        while not stop.wait(0.05):
            try:
                used = process.cpu_times()
            except psutil.NoSuchProcess:
                return
            samples.append((time.time(), used.user + used.system))

    thread = threading.Thread(target=sample)
    thread.start()
    began = changed = time.monotonic()
    seen, rss = 0, 0
    while worker.poll() is None and time.monotonic() - began < LIMIT_S:
        now = written()
        if now != seen:
            seen, changed = now, time.monotonic()
            rss = process.memory_info().rss >> 20
        elif seen and time.monotonic() - changed > QUIET_S:
            break
        time.sleep(0.25)
    stop.set()
    thread.join()
    return samples, rss


def cpu_at(samples: Sequence[tuple[float, float]], moment: float) -> float:
    """Interpolated."""
    before = samples[0]
    for sample in samples:
        if sample[0] >= moment:
            span = sample[0] - before[0]
            return sample[1] if span <= 0 else before[1] + (sample[1] - before[1]) * (moment - before[0]) / span
        before = sample
    return samples[-1][1]


def run(bootstrap: str, *, count: int = 400_000, keys: int = 50_000, variants: Sequence[str] = tuple(PEERS)) -> list[dict[str, Any]]:
    """Measurements as `bench.json` has them: ours once per peer, each from this run."""
    source = f"bench{uuid.uuid4().hex[:6]}.in"
    client = admin.client(bootstrap)
    admin.ensure(client, [Wanted(source, PARTS, {})])
    try:
        w.fill(bootstrap, source, count, keys)
        right, _ = w.reference(count, keys)
        runs = {variant: measure(variant, bootstrap, source, right, count) for variant in ("accord", *variants)}
    finally:
        admin.delete(client, source)
    for made in runs.values():
        sys.stderr.write(f"{made.variant:8} {made.per_cpu_s:9,.0f} records/CPU-s  {made.records / made.seconds:9,.0f} /s  {made.rss_mb} MB  ")
        sys.stderr.write(f"{made.outputs} outputs, {'right' if made.correct else 'WRONG'}\n")
    ours = round(runs["accord"].per_cpu_s)
    return [
        {
            "name": "streams.w", "value": ours, "unit": "records/CPU-s", "peer": PEERS[variant],
            "peer_value": round(runs[variant].per_cpu_s), "ratio": round(runs["accord"].per_cpu_s / runs[variant].per_cpu_s, 2),
        }
        for variant in variants
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400_000)
    parser.add_argument("--keys", type=int, default=50_000)
    parser.add_argument("--kafka", default=os.environ.get("ACCORD_KAFKA"))
    parser.add_argument("--variants", nargs="*", default=list(PEERS))
    given = parser.parse_args()
    bootstrap = given.kafka or stack.up(progress=True).kafka
    sys.stdout.write(json.dumps(run(bootstrap, count=given.count, keys=given.keys, variants=given.variants), indent=1) + "\n")


if __name__ == "__main__":
    main()
