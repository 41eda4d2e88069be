"""A call into librdkafka that never returns."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import time
from accord.kafka import producer
producer.START_S, producer.HUNG_S, producer.WATCH_S = 0.1, 0.1, 0.05
writer = producer.TransactionalWriter("127.0.0.1:9", "hung")
class Stuck:
    def init_transactions(self, _): time.sleep(60)
writer._producer = Stuck()
writer.start()
"""


def test_a_call_that_never_returns_ends_the_process():
    """After a broker's death a sink was seen waiting for ever in `send_offsets_to_transaction`: alive, silent, writing nothing more. Only a
    new process helps, so this one must end by itself and say why."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 70, done.stderr
    assert "hung: a call to the broker has not returned" in done.stderr
