"""Strikes on a ground that only notes them: what is switched on is switched off again, and each is counted under its own name."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ops.local import process
from ops.soak import faults as striking
from ops.soak.faults import Faults
from ops.soak.ground import Ground
from ops.soak.kinds import Kind
from ops.soak.plan import Strike


@dataclass
class Noted:
    """The sandboxes' control side in memory."""

    on: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    options: dict[str, str] = field(default_factory=dict)
    local: Path = Path("nowhere")
    running_roles: tuple[str, ...] = ()

    async def control(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        if path.endswith("/options"):
            self.options |= body
        elif method == "POST":
            self.on[body["name"]] += 1
        elif method == "DELETE":
            self.on = Counter({n: c for n, c in self.on.items() if params and n != params["name"]})
        return {"struck": dict(self.struck) if "/netsuite" in path else {}}


def faults(ground: Noted) -> Faults:
    return Faults(cast("Ground", ground), ())


def test_two_kinds_of_the_same_fault_are_told_apart():
    """A conflict of records is the sandbox's `error` with another code: counted under one name, nobody would know which of the two has ever struck."""
    ground = Noted()

    async def scenario() -> Faults:
        struck = faults(ground)
        for n, kind in enumerate(("netsuite_error", "netsuite_record_changed")):
            await struck._begin(Strike(n, kind, 5))
            ground.struck["error"] += 3 + n
            await struck._end(struck._on[-1])
        return struck

    struck = asyncio.run(scenario())
    assert struck.struck == {"netsuite_error": 3, "netsuite_record_changed": 4}
    assert not +ground.on


def test_a_state_is_counted_once_and_the_zone_is_put_back():
    """A right that is taken away strikes no counted call; an account left in another zone would stop the pipeline for ever."""
    ground = Noted()

    async def scenario() -> Faults:
        struck = faults(ground)
        for kind in ("netsuite_subsidiary_hidden", "netsuite_summer_time"):
            await struck._begin(Strike(0, kind, 5))
        assert (ground.on, ground.options) == ({"subsidiary_removed": 1}, {"time_zone": "America/Los_Angeles"})
        assert all(on.deadline for on in struck._on), "people wait for what is hidden: it ends by the clock too"
        for on in list(struck._on):
            await struck._end(on)
        return struck

    struck = asyncio.run(scenario())
    assert struck.struck == {"netsuite_subsidiary_hidden": 1, "netsuite_summer_time": 1}
    assert (+ground.on, ground.options) == ({}, {"time_zone": "GMT"})


def test_a_worker_that_does_not_leave_is_killed(monkeypatch):
    """A soak that ends with an exception for a slow start of one process has judged nothing (seed 7103)."""
    monkeypatch.setattr(striking, "LEAVE_S", 0.05)
    worker = subprocess.Popen(["sleep", "60"])
    striking.gone(worker)
    assert worker.returncode == -signal.SIGKILL


def test_a_broker_is_started_again_only_after_it_has_stopped(monkeypatch, tmp_path):
    """A clean stop takes seconds: what was still on its way out was taken for a broker that runs, and the soak ended with an exception (seed 7104, each time)."""
    slow = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), sys.exit())); print('up', flush=True); time.sleep(60)"
    pid_file, log, seen = tmp_path / "kafka.pid", tmp_path / "log", list[Any]()
    process.start([sys.executable, "-c", slow], env={}, log=log, pid_file=pid_file)
    deadline = time.monotonic() + 20
    while not log.exists() or "up" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    monkeypatch.setattr(striking.stack, "up", lambda _: seen.append(process.running(pid_file)))
    asyncio.run(faults(Noted(local=tmp_path))._hurt(Kind("stack", ("kafka", "stopped"))))
    assert seen == [None]
