"""The brake on mass deletion: more than max(20, 1 %) within an hour is taken for a mistake until a person says otherwise. Pure."""

from __future__ import annotations

from collections import deque

from accord.errors import Fatal

HOUR_MS = 60 * 60 * 1000
FREE = 20
SHARE = 100


class Stopped(Fatal):
    """The source stops until someone confirms; nothing of the page that met the brake was emitted."""

    def __init__(self, message: str, brake: Brake) -> None:
        super().__init__(message, code="mass_delete")
        self.brake = brake


class Brake:
    """Counts the deletions of one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._times: deque[int] = deque()
        self._confirmed_ms = 0

    def confirm(self, until_ms: int) -> None:
        """A person has looked: deletions are let through until then."""
        self._confirmed_ms = until_ms

    def admit(self, count: int, now_ms: int, total: int = 0) -> None:
        """Let `count` more deletions through, or raise Stopped. `total`: records known, 0 = unknown."""
        while self._times and self._times[0] <= now_ms - HOUR_MS:
            self._times.popleft()
        allowed = max(FREE, total // SHARE)
        if now_ms >= self._confirmed_ms and len(self._times) + count > allowed:
            raise Stopped(
                f"{self.source}: {len(self._times) + count} deletions within an hour (more than {allowed}): is this meant, or has somebody "
                f"taken a permission away? Nothing of it was passed on. To let them through: accord position confirm {self.source}",
                self,
            )
        self._times.extend([now_ms] * count)
