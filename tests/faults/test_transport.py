"""The Faust transport under faults, with real processes on a real broker: what comes out is what an undisturbed run gives."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.streams.faust.fleet import Fleet
from tests.waiting import until

SESSION_S = 6.0


@pytest.fixture
def fleet(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(kafka, topic_prefix, tmp_path)
    yield made
    made.close()


def test_kill_9_of_a_worker_loses_and_doubles_nothing(fleet: Fleet):
    """A killed worker's batch is either committed with its state and outputs or not at all: its successor starts exactly there."""
    fleet.start()
    for share in (0.15, 0.4):
        fleet.at(share)
        victim = fleet.workers[-1]
        victim.kill()
        victim.wait(10)
        fleet.start()
    fleet.finish()
    fleet.verdict()


def test_a_frozen_worker_that_wakes_up_changes_nothing(fleet: Fleet):
    """A zombie with a full batch in memory must be refused when it commits: it would overwrite newer state with older."""
    zombie = fleet.start()
    fleet.at(0.1)
    zombie.send_signal(signal.SIGSTOP)
    before = fleet.done()
    heir = fleet.start()
    until(lambda: fleet.done() > before + 1_000, "the heir takes the partitions over", 60)
    zombie.send_signal(signal.SIGCONT)
    until(lambda: zombie.poll() is not None or fleet.assigned(zombie) > 1 or fleet.assigned(heir) > 1, "the zombie to notice", 30)
    fleet.finish()
    assert zombie.poll() in {None, 70, 75}, fleet.log(zombie)[-2000:]
    assert heir.poll() is None, fleet.log(heir)[-2000:]
    fleet.verdict()


def test_two_workers_share_and_one_leaves_within_5_s(fleet: Fleet):
    """A rebalance must commit what was handled before the partitions go, or the new owner repeats it; SIGTERM is a clean goodbye."""
    first = fleet.start()
    fleet.at(0.1)
    second = fleet.start()
    until(lambda: fleet.assigned(second), "the second worker gets partitions", 30)
    fleet.at(0.4)
    fleet.stop(first)
    assert first.returncode == 0, fleet.log(first)[-2000:]
    left = time.monotonic()
    until(lambda: "[0, 1, 2, 3] assigned" in fleet.log(second), "all partitions at once, not after the session's time-out", 5)
    assert time.monotonic() - left < SESSION_S
    fleet.finish()
    fleet.verdict()
