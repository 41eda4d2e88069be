"""The worker's loop without a broker: what ends it, what it waits for, what one bad record may do."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from accord.clock import SystemClock
from accord.errors import Fatal, Rejected, Transient
from accord.kafka.records import Offset, Partition, Record
from schemas.events import DeadLetter, Outcome, Write
from schemas.topics import Topics
from sinks import feed
from sinks.journal import Sealed
from sinks.ledger import Ledger
from sinks.limits import Limits
from sinks.metrics import Metrics
from sinks.retry import Policy
from sinks.target import Job, Verdict
from sinks.worker import Worker
from tests.sinks.builders import Scripted, a_write

TOPICS = Topics("t.")
LIVE = Partition("t.write.netsuite", 0)


class Codec:
    """Anything to bytes and back; `down`: that many decodes find no registry."""

    def __init__(self) -> None:
        self.down = 0

    def encode(self, topic: str, event: Any) -> bytes:
        return pickle.dumps(event)

    def decode(self, value: bytes) -> Any:
        if self.down:
            self.down -= 1
            raise Transient("registry down", wait_s=0.01)
        try:
            return pickle.loads(value)  # noqa: S301 (our own test's bytes)
        except pickle.UnpicklingError as error:
            raise Rejected(str(error), code="malformed") from error


@dataclass
class Lines:
    """Feed and journal in memory."""

    alive_at: float = field(default_factory=time.monotonic)
    committed: list[tuple[list[Any], Mapping[tuple[str, int], tuple[int, str]]]] = field(default_factory=list)
    paused: frozenset[str] = frozenset()
    offset: int = 0
    post: Callable[[feed.Event], None] = lambda _: None
    started: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, post: Callable[[feed.Event], None]) -> None:
        self.post = post
        post(feed.Assigned([Offset(*LIVE, -1001)], {LIVE: 0}, [], None))
        self.started.set()

    def stop(self) -> None:
        self.post(feed.Revoked([LIVE], lambda: None))
        self.post(feed.Closed(None))

    def pause(self, topics: frozenset[str]) -> None:
        self.paused = topics

    def put(self, *values: Write | bytes) -> None:
        records = []
        for value in values:
            raw = value if isinstance(value, bytes) else pickle.dumps(value)
            records.append(Record(*LIVE, self.offset, b"k", raw, 0))
            self.offset += 1
        self.post(feed.Arrived(records))

    def commit(self, events: Sequence[Sealed], offsets: Mapping[tuple[str, int], tuple[int, str]], group: Any) -> None:
        self.committed.append(([pickle.loads(e.value) for e in events if e.value is not None], offsets))  # noqa: S301

    def events(self, kind: type) -> list[Any]:
        return [e for events, _ in self.committed for e in events if isinstance(e, kind)]

    def offsets(self) -> list[tuple[int, str]]:
        return [o[tuple(LIVE)] for _, o in self.committed if tuple(LIVE) in o]


def play(target: Any, story: Callable[[Lines, Codec], Any], limits: Limits | None = None) -> Lines:
    """Run a worker while the story is told; stop it in order at the end."""

    async def main() -> Lines:
        lines, codec = Lines(), Codec()
        ledger = Ledger("netsuite", size=target.size, parallel=8, calls=8, policy=Policy(base_s=0.001), rng=Random(1), call_s=1.0)
        worker = Worker(
            target,
            ledger,
            lines,
            lines,
            codec,
            TOPICS,
            SystemClock(),
            Metrics("netsuite", CollectorRegistry()),
            limits or Limits(tick_s=0.02),
        )
        running = asyncio.create_task(worker.run())
        await lines.started.wait()
        telling = asyncio.create_task(story(lines, codec))
        await asyncio.wait({running, telling}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if telling.done():
            telling.result()
            worker.stop()
        else:
            telling.cancel()
        await asyncio.wait_for(running, 10)
        return lines

    return asyncio.run(main())


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def writes(count: int) -> list[Write]:
    return [a_write(f"customer:salesforce:{n}", 1) for n in range(count)]


def test_the_mark_goes_before_the_first_call_and_a_clean_end_is_told() -> None:
    """Without the first mark a crash would look like no work at all; without the last one every restart would hold records."""

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(*writes(3))
        await until(lambda: len(lines.events(Outcome)) == 3)

    target = Scripted()
    lines = play(target, story)
    assert (lines.offsets()[0], lines.offsets()[-1]) == ((0, "1;open;"), (3, "1;clean;"))


def test_wrong_credentials_end_the_sink_without_a_commit() -> None:
    """Nothing was decided about the record: the next process must find it untouched."""

    class Locked(Scripted):
        async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
            raise Fatal("invalid_grant: check the key")

    seen: list[Lines] = []

    async def story(lines: Lines, _: Codec) -> None:
        seen.append(lines)
        lines.put(*writes(1))
        await asyncio.sleep(30)

    with pytest.raises(Fatal, match="invalid_grant"):
        play(Locked(), story)
    assert seen[0].events(Outcome) == []
    assert {at for at, _ in seen[0].offsets()} == {0}


def test_a_registry_that_is_down_is_waited_for() -> None:
    """Taking "can't decode now" for "is garbage" would throw away good writes."""

    async def story(lines: Lines, codec: Codec) -> None:
        codec.down = 3
        lines.put(*writes(1))
        await until(lambda: lines.events(Outcome))

    assert play(Scripted(), story).events(DeadLetter) == []


def test_a_bug_that_one_record_wakes_stops_that_record_alone() -> None:
    """Its neighbours in the same call go through, it comes back to its user, and it is kept whole for us."""

    class Buggy(Scripted):
        async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
            if any(j.write.key.endswith(":1") for j in jobs):
                raise KeyError("oops")
            return await super().apply(jobs)

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(*writes(3))
        await until(lambda: len(lines.events(Outcome)) == 3)

    lines = play(Buggy(rows=10), story)
    assert {o.key[-1]: o.kind for o in lines.events(Outcome)} == {"0": "applied", "1": "rejected", "2": "applied"}
    [letter] = lines.events(DeadLetter)
    assert (letter.code, pickle.loads(letter.value).key) == ("bug", "customer:salesforce:1")  # noqa: S301


def test_many_dead_letters_in_a_row_stop_the_sink() -> None:
    """Fifty are a bug or a wrong schema, not bad data: burying a whole topic would lose it."""

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(*[b"junk"] * 60)
        await asyncio.sleep(30)

    with pytest.raises(Fatal, match="in a row"):
        play(Scripted(), story)


def test_a_write_for_the_other_system_is_a_dead_letter() -> None:
    """Sent here it would go to the wrong system."""

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(a_write(target="salesforce"))
        await until(lambda: lines.events(DeadLetter))

    assert play(Scripted(), story).events(Outcome) == []


def test_no_call_is_started_while_the_group_has_not_heard_of_us() -> None:
    """A process that was frozen may have lost its partitions without knowing."""
    target = Scripted()

    async def story(lines: Lines, _: Codec) -> None:
        lines.alive_at = time.monotonic() - 60
        lines.put(*writes(1))
        await asyncio.sleep(0.2)
        assert target.asked == []
        lines.alive_at = time.monotonic()
        await until(lambda: target.asked)

    play(target, story)


def test_a_clean_end_waits_for_calls_under_way_and_starts_none() -> None:
    """The last answers are committed; what waits is the next one's."""

    class Slow(Scripted):
        async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
            self.asked += jobs
            await asyncio.sleep(0.3)
            return [Verdict("applied", id="7") for _ in jobs]

    target = Slow()

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(*writes(20))
        await until(lambda: target.asked)

    lines = play(target, story)
    assert len(lines.events(Outcome)) == len(target.asked) == 8
    assert lines.offsets()[-1][1].startswith("1;clean;")


def test_a_call_that_hangs_past_the_clean_end_leaves_the_partition_marked() -> None:
    """The successor must hold that record: it may land any moment."""

    class Hung(Scripted):
        async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
            self.asked += jobs
            await asyncio.sleep(3)
            return [Verdict("applied") for _ in jobs]

    target = Hung()

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(*writes(1))
        await until(lambda: target.asked)

    lines = play(target, story, Limits(finish_s=0.2, tick_s=0.02))
    assert all(";open;" in text for _, text in lines.offsets())


def test_fetching_pauses_while_too_much_waits_backfill_first() -> None:
    """A first load must neither fill the memory nor delay live writes."""

    class Stuck(Scripted):
        async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
            await asyncio.sleep(0.5)
            return [Verdict("applied") for _ in jobs]

    async def story(lines: Lines, _: Codec) -> None:
        lines.put(*writes(30))
        await until(lambda: lines.paused == frozenset({"t.write.netsuite.backfill"}))
        lines.put(*[a_write(f"customer:salesforce:x{n}", 1) for n in range(30)])
        await until(lambda: len(lines.paused) == 2)

    play(Stuck(), story, Limits(live=50, tick_s=0.02))
