"""Read requests that wait in a worker until they are due, and are dropped if their reason has gone by then.

A value that we wrote is *assumed* until the system shows it. Usually the change event of our own write does that within the margin, and no
call is spent; only what is still assumed then is asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from schemas.events import ReadRequest


class Due:
    """A heap by time. Nothing in it needs to be kept: it is derived again from the records when they are loaded."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, ReadRequest]] = []
        self._n = 0

    def put(self, partition: int, request: ReadRequest) -> None:
        self._n += 1
        heapq.heappush(self._heap, (request.not_before, self._n, partition, request))

    def take(self, now_ms: int, partitions: Iterable[int], still: Callable[[int, ReadRequest], bool]) -> list[ReadRequest]:
        """What is due, belongs to one of the partitions, and is still wanted."""
        mine, out = set(partitions), []
        while self._heap and self._heap[0][0] <= now_ms:
            _, _, partition, request = heapq.heappop(self._heap)
            if partition in mine and still(partition, request):
                out.append(request)
        return out
