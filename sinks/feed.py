"""What happens to a sink: records that arrive, partitions that come and go, tables that change. Threads of Kafka's on one side, one callback on the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.clock import Clock
from accord.kafka import admin, consumer
from accord.kafka.records import Offset, Partition, Record

#: Seconds that a rebalance waits for the worker to finish its calls and to commit.
GIVE_UP_S = 15.0
POLL_S = 0.2
#: A turn that took so long: this process was frozen, or a rebalance was long. The group is believed again after `SURE_S`, in which it tells what it took away.
FROZEN_S = 4.0
SURE_S = 2.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """Records of the write topics."""

    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Changed:
    """Records of the tables (links, parked writes of all partitions)."""

    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Partitions are ours: what was committed, where the logs end now, and the state that belongs to them. `group`: our generation."""

    committed: Sequence[Offset]
    ends: Mapping[Partition, int]
    state: Sequence[Record]
    group: Any


@dataclass(frozen=True, slots=True)
class Revoked:
    """Partitions are taken away; `done` lets the rebalance go on."""

    partitions: Sequence[Partition]
    done: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Closed:
    """The feed has ended. `error`: why, None = it was asked to."""

    error: Exception | None


Event = Arrived | Changed | Assigned | Revoked | Closed


class KafkaFeed:
    """Two threads: one loads and follows the tables, one is a member of the sink's group. Events come in order through `post`.

    The member starts when the tables are loaded, so that no write is judged by half of the links.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        clock: Clock,
        *,
        topics: Sequence[str],
        state: Sequence[str],
        tables: Sequence[str],
        settings: Mapping[str, str],
    ) -> None:
        self._bootstrap, self._group, self._clock, self._settings = bootstrap, group, clock, settings
        self._topics, self._state, self._tables = topics, state, tables
        self._stop = threading.Event()
        self._paused: frozenset[str] = frozenset()
        self._post: Callable[[Event], None] = lambda _: None
        self.alive_at = self._clock.monotonic()

    def start(self, post: Callable[[Event], None]) -> None:
        self._post = post
        threading.Thread(target=self._ending(self._follow), name="tables", daemon=True).start()

    def stop(self) -> None:
        """Leave the group (its partitions are revoked in order), then `Closed`."""
        self._stop.set()

    def pause(self, topics: frozenset[str]) -> None:
        """Fetch nothing of these topics until told otherwise."""
        self._paused = topics

    def _ending(self, run: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                run()
            except Exception as error:  # noqa: BLE001 (a thread's end must end the process: the worker raises it)
                self._post(Closed(error))

        return guarded

    def _follow(self) -> None:
        table = consumer.Table(self._bootstrap, self._tables, self._settings)
        self._post(Changed(list(table.load())))
        threading.Thread(target=self._ending(self._consume), name="writes", daemon=True).start()
        while not self._stop.is_set():
            if records := table.follow(POLL_S):
                self._post(Changed(records))
        table.close()

    def _consume(self) -> None:
        member = consumer.GroupConsumer(self._bootstrap, self._group, self._settings)
        mine: dict[Partition, bool] = {}

        def assigned(partitions: list[Partition]) -> None:
            mine.update(dict.fromkeys(partitions, False))
            numbers = {p.partition for p in partitions}
            ends = admin.log_ends(admin.client(self._bootstrap, self._settings), partitions)
            state = list(consumer.read_to_end(self._bootstrap, *self._state, extra=self._settings, partitions=numbers)) if numbers else []
            self.alive_at = self._clock.monotonic()
            self._post(Assigned(member.committed(partitions), ends, state, member.group()))

        def revoked(partitions: list[Partition]) -> None:
            for p in partitions:
                mine.pop(p, None)
            done = threading.Event()
            self._post(Revoked(partitions, done.set))
            done.wait(GIVE_UP_S)

        member.subscribe(self._topics, assigned, revoked)
        turned = self._clock.monotonic()
        trusted = turned
        while not self._stop.is_set():
            records = member.poll(POLL_S)
            now = self._clock.monotonic()
            if now - turned > FROZEN_S:  # what comes out of the queue now says nothing about the group, which may have given us up
                trusted = now + SURE_S
            turned = now
            if now >= trusted:
                self.alive_at = now
            if records:
                self._post(Arrived(records))
            self._set_flow(member, mine)
        member.close()
        self._post(Closed(None))

    def _set_flow(self, member: consumer.GroupConsumer, mine: dict[Partition, bool]) -> None:
        wanted = {p: p.topic in self._paused for p in mine}
        if stop := [p for p, paused in wanted.items() if paused and not mine[p]]:
            member.pause(stop)
        if go := [p for p, paused in wanted.items() if not paused and mine[p]]:
            member.resume(go)
        mine.update(wanted)
