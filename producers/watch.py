"""The stall detector: a source that gives no sign of life is ended, because a stream can die without an error."""

from __future__ import annotations

import structlog

from accord.clock import Clock
from accord.errors import Fatal

LOG = structlog.get_logger(__name__)
#: Nothing for this long is reported; twice as long ends the process (the supervisor starts it again).
SILENT_S = 300.0


class Watch:
    """Signs of life by source."""

    def __init__(self, clock: Clock, limit_s: float = SILENT_S) -> None:
        self._clock, self._limit_s = clock, limit_s
        self._beats: dict[str, float] = {}

    def beat(self, source: str) -> None:
        """It is alive (it read a page, or it waits and says why)."""
        self._beats[source] = self._clock.monotonic()

    def leave(self, source: str) -> None:
        """It has ended for good."""
        self._beats.pop(source, None)

    def silent(self) -> dict[str, float]:
        """Seconds of silence of each source that has been silent for too long."""
        now = self._clock.monotonic()
        return {name: now - at for name, at in self._beats.items() if now - at > self._limit_s}

    async def run(self) -> None:
        """Look for ever. Raises Fatal when a source stays silent."""
        while True:
            await self._clock.sleep(self._limit_s / 10)
            for name, seconds in self.silent().items():
                if seconds > 2 * self._limit_s:
                    raise Fatal(f"{name} has been silent for {seconds:.0f} s: started anew", code="stalled")
                LOG.error("source is silent", source=name, silent_s=round(seconds))
