"""The role: follows records, dead letters and people's word, keeps notices on the topic `notice`, and tells routes.

What was read and what follows from it is one transaction. A message goes out after the notice is stored and before it is marked as told: killed in
between, the same message (with the same id) goes out once more. The route of kind `topic` is told in the marking transaction, so exactly once.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Gauge

from accord.clock import Clock, epoch_ms
from accord.config import Notices
from accord.errors import Rejected, Transient
from accord.kafka.consumer import GATHERED, GroupConsumer, read_to_end
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Offset, Partition, Record
from ops.notices.book import Book, Due
from ops.notices.channels import Send, channels
from ops.notices.trouble import Trouble, of_letter
from ops.notices.words import body, subject
from ops.terms.publish import Cluster
from schemas.events import DeadLetter, Handling, Notice
from schemas.events import Record as State

LOG = structlog.get_logger(__name__)
INPUTS = ("record", "deadletter", "handling")
WAIT_S = 0.5
LIMIT = 2_000
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 600.0
OPEN = Gauge("accord_notices_open", "Records with a trouble that a person may have to look at")
TOLD = Counter("accord_notices_told_total", "Messages sent", ["route"])
FAILED = Counter("accord_notices_failed_total", "Messages that a route did not take", ["route"])
Changes = Sequence[tuple[str, Notice | None]]
Judge = Callable[[State], Trouble | None]


@dataclass(slots=True)
class Patience:
    """A route that failed is left alone for a while, longer each time; the others go on."""

    failures: dict[str, int] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)

    def failed(self, route: str, now: float) -> None:
        self.failures[route] = self.failures.get(route, 0) + 1
        self.until[route] = now + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (self.failures[route] - 1))

    def took(self, route: str) -> None:
        self.failures.pop(route, None)
        self.until.pop(route, None)

    def waits(self, route: str, now: float) -> bool:
        return now < self.until.get(route, 0.0)


class Desk:
    """One instance; a second one fences it. `org`: address of the Salesforce org, for links."""

    def __init__(self, cluster: Cluster, given: Notices, judge: Judge, clock: Clock, org: str) -> None:
        self._cluster, self._given, self._judge, self._clock, self._org = cluster, given, judge, clock, org
        self._book, self._patience = Book(given), Patience()
        self._channels: Mapping[str, Send] = channels(given)
        self._writer = TransactionalWriter(cluster.bootstrap, f"{cluster.topics.prefix}notices", cluster.settings)
        self._consumer = GroupConsumer(cluster.bootstrap, f"{cluster.topics.prefix}notices", {**cluster.settings, **GATHERED})

    def run(self, stop: threading.Event) -> None:
        """Until stopped. Blocking."""
        self._writer.start()
        self._load()
        self._consumer.subscribe([self._cluster.topics.name(t) for t in INPUTS], _ignore, _ignore)
        try:
            while not stop.is_set():
                self._take(self._consumer.poll(WAIT_S, LIMIT))
                self._tell()
        finally:
            self._consumer.close()
            self._writer.close()

    def _load(self) -> None:
        for record in read_to_end(self._cluster.bootstrap, self._cluster.topics.name("notice"), extra=self._cluster.settings):
            self._book.load((record.key or b"").decode(), None if record.value is None else self._cluster.codec.decode(record.value))

    def _take(self, records: Sequence[Record]) -> None:
        if not records:
            return
        changes = [change for record in records for change in self._changes(record)]
        self._writer.begin()
        self._writer.offsets(ends(records), self._consumer.group())
        self._store(changes)
        self._writer.commit()

    def _changes(self, record: Record) -> Changes:
        key = (record.key or b"").decode(errors="replace")
        try:
            event = None if record.value is None else self._cluster.codec.decode(record.value)
        except Rejected as error:
            LOG.warning("left out of the notices", topic=record.topic, key=key, why=str(error))
            return []
        if isinstance(event, Handling):
            return self._book.handled(event)
        if isinstance(event, DeadLetter):
            found = of_letter(event)
            return self._book.observe(found.key, found, record.timestamp)
        return self._book.observe(key, self._judge(event) if event else None, record.timestamp)

    def _tell(self) -> None:
        for route, due in self._book.due(epoch_ms(self._clock.now())).items():
            if self._patience.waits(route, self._clock.monotonic()) or not self._sent(route, due):
                continue
            self._writer.begin()
            self._store(self._book.told(route, due, epoch_ms(self._clock.now())))
            if self._given.routes[route].kind == "topic":
                for each in due:
                    topic = self._cluster.topics.name("notified")
                    self._writer.send(topic, each.notice.key.encode(), self._cluster.codec.encode("notified", each.notice))
            self._writer.commit()
            TOLD.labels(route).inc()
        OPEN.set(len(self._book.open()))

    def _sent(self, route: str, due: Sequence[Due]) -> bool:
        send = self._channels.get(route)
        if send is None:
            return True
        try:
            send(subject(due), body(due, self._book.open(), self._org), ident(route, due))
        except Transient as error:
            FAILED.labels(route).inc()
            self._patience.failed(route, self._clock.monotonic())
            LOG.warning("people could not be told", route=route, records=len(due), why=str(error))
            return False
        self._patience.took(route)
        return True

    def _store(self, changes: Changes) -> None:
        for key, notice in changes:
            value = None if notice is None else self._cluster.codec.encode("notice", notice)
            self._writer.send(self._cluster.topics.name("notice"), key.encode(), value)


def ident(route: str, due: Sequence[Due]) -> str:
    """The same message has the same id, also from another process."""
    words = [route, *(f"{d.event} {d.notice.key} {d.notice.code} {d.notice.since}" for d in due)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:40]


def ends(records: Sequence[Record]) -> list[Offset]:
    """Where to go on, for each partition of a batch."""
    last = {Partition(r.topic, r.partition): r.offset + 1 for r in records}
    return [Offset(p.topic, p.partition, offset) for p, offset in last.items()]


def _ignore(_: list[Partition]) -> None:
    """A single instance holds all partitions; its writer's name fences another."""
