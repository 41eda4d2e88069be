"""A role that crashes comes back, with a clear word why."""

from __future__ import annotations

import asyncio

from accord.clock import SystemClock
from ops.supervise import Role, Supervisor, last_word, wait_before_restart


def test_the_wait_doubles_and_has_an_end():
    """A role that can't start must neither spin nor be forgotten."""
    waits = [wait_before_restart(n) for n in range(1, 12)]
    assert waits[:3] == [0.2, 0.4, 0.8]
    assert waits == sorted(waits)
    assert waits[-1] == 15.0


def test_the_last_word_of_a_log_is_its_last_line(tmp_path):
    """Crash-only roles say why they end in their last line; what librdkafka adds about each lost connection hides it."""
    log = tmp_path / "x.log"
    log.write_text("starting\n" * 5000 + "FATAL: wrong credentials\n%3|1795444763.130|FAIL|rdkafka#consumer-4| Connection refused\n\n")
    assert last_word(log) == "FATAL: wrong credentials"
    assert last_word(tmp_path / "none") == "it wrote no log"


def test_a_crashed_role_is_started_again_and_stop_ends_it(tmp_path):
    """Nobody watches at night."""
    said = []

    async def run():
        role = Role("bad", ("no-such-command",))
        supervisor = Supervisor([role], tmp_path, {"PATH": "/usr/bin:/bin"}, SystemClock(), lambda r, t: said.append((r, t)))
        task = asyncio.create_task(supervisor.run())
        while len(said) < 2:
            await asyncio.sleep(0.02)
        await supervisor.stop()
        await asyncio.wait_for(task, 10)
        return supervisor

    supervisor = asyncio.run(asyncio.wait_for(run(), 60))
    assert len(supervisor.children["bad"].exits) >= 2
    assert said[0][0] == "bad"
    assert "ended with exit code" in said[0][1]
