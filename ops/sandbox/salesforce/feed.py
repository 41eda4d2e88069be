"""One subscriber's place on the bus: what it gets next, a few events at a time."""

from __future__ import annotations

from collections import deque

from ops.sandbox.salesforce import replay
from ops.sandbox.salesforce.bus import Bus, Delivery
from ops.sandbox.salesforce.channels import Topic

READ_AHEAD = 500  # journal entries fetched at once


class Feed:
    """The deliveries of a topic after position `at`, in commit order."""

    def __init__(self, bus: Bus, topic: Topic, at: int) -> None:
        self._bus = bus
        self._topic = topic
        self._after = at
        self._read_to = replay.commit_of(at) - 1  # the transaction that `at` lies in is read again: it may lie in its middle
        self._ready: deque[Delivery] = deque()

    def take(self, count: int) -> list[Delivery]:
        """Up to `count` deliveries that are there now."""
        while len(self._ready) < count and self._fill():
            pass
        return [self._ready.popleft() for _ in range(min(count, len(self._ready)))]

    def put_back(self, deliveries: list[Delivery]) -> None:
        self._ready.extendleft(reversed(deliveries))

    def _fill(self) -> bool:
        entries = self._bus.org.journal.since(self._read_to, READ_AHEAD)
        if not entries:
            return False
        for event in self._bus.events(entries):
            if event.at > self._after and event.object in self._topic.members:
                self._ready.extend(self._bus.render(event, self._topic.members[event.object]))
        self._read_to = entries[-1].commit_number
        return True

    def quiet(self) -> bytes:
        """The replay id of a keepalive: everything before it was delivered."""
        now_ms = self._bus.org.clock.ms()
        return replay.encode(max(self._after, replay.quiet(self._bus.org.journal, self._read_to, now_ms)))
