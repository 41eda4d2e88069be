"""The sandboxes' own clock: real time plus an offset that a test may move, so that 72 hours pass in no time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SandboxClock:
    """Seconds and milliseconds of the sandbox; `advance` moves it forward (or back: a skewed clock)."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def time(self) -> float:
        return time.time() + self.offset_s

    def ms(self) -> int:
        return int(self.time() * 1000)

    def advance(self, seconds: float) -> None:
        self.offset_s += seconds
