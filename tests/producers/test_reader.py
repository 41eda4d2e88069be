"""The reader on a feed in memory, and on the real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from accord.clock import SystemClock, epoch_ms
from accord.errors import AccordError, Rejected, Transient
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import read_to_end
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Offset, Partition, Record
from accord.kafka.registry import ConfluentRegistry
from accord.reads import NetSuiteRead
from producers.inlet import KafkaInlet
from producers.ledger import KafkaLedger, KafkaPositions
from producers.outbox import Outbox
from producers.reader import Reader
from producers.runner import Bench, confirmation
from producers.watch import Watch
from schemas.events import Change, ReadRequest
from schemas.topics import Topics, pipeline_topics
from tests.accord.manual_clock import ManualClock
from tests.producers.fakes import FakeFeed, Kept, Stored, row
from tests.producers.test_runner import Json

READ = NetSuiteRead("customer", "customer", ("companyname",))
TRAIL = (("correlation-id", b"abc"), ("traceparent", b"00-x-y-01"))


class Inlet:
    """Requests from a list; then nothing, while the clock goes on."""

    def __init__(self, *batches: Sequence[Record]) -> None:
        self.batches = list(batches)

    async def poll(self) -> tuple[Sequence[Record], Sequence[Partition]]:
        if self.batches:
            return self.batches.pop(0), ()
        await asyncio.sleep(3600)
        return (), ()

    def group(self) -> Any:
        return "member"


def record(offset: int, id_: str, reason: str = "document", **fields: Any) -> Record:
    request = ReadRequest("customer", "netsuite", "customer", id_, reason, **fields)
    return Record("read.netsuite", 0, offset, b"k", msgspec.json.encode(request), 0, TRAIL)


def decode(value: bytes) -> ReadRequest:
    try:
        return msgspec.json.decode(value, type=ReadRequest)
    except msgspec.DecodeError as error:
        raise Rejected(str(error), code="malformed") from error


class World:
    """A reader in memory. `run` goes on until `done` holds."""

    def __init__(self, *batches: Sequence[Record]) -> None:
        self.clock, self.ledger, self.stored = ManualClock(), Kept(), Stored()
        self.feed = FakeFeed(self.clock, page=2)
        outbox = Outbox(Json(), Topics(), [READ], self.clock.ms, partitions=4)
        bench = Bench(outbox, self.stored, self.clock, Watch(self.clock), lambda: 1.0)
        feeds = {("customer", "customer"): self.feed, ("customer", ""): self.feed}
        self.inlet = Inlet(*batches)
        self.reader = Reader("netsuite", feeds, self.inlet, self.ledger, bench, decode=decode, server_ms=self.clock.ms)

    def run(self, done: Callable[[], bool]) -> None:
        async def scenario() -> None:
            task = asyncio.create_task(self.reader.run())
            async with asyncio.timeout(10):
                while not done():
                    await asyncio.sleep(0)
                    assert not task.done(), task.exception()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(scenario())

    def settled(self, offset: int) -> Callable[[], bool]:
        return lambda: any(Offset("read.netsuite", 0, offset) in offsets for _, offsets in self.ledger.commits)

    def told(self) -> list[tuple[str, str, str]]:
        out = []
        for outs, _ in self.ledger.commits:
            for o in outs:
                kind, _, event = msgspec.json.decode(o.value or b"")
                if kind == "Change":
                    out.append((event["record_id"], event["kind"], event["reason"]))
        return out


def test_what_waits_is_read_in_one_call_and_its_offsets_go_with_the_answers() -> None:
    """One call for each of 200 documents would use up the day; offsets committed apart would lose requests in a crash."""
    world = World([record(n, str(n % 3)) for n in range(6)])
    world.feed.put(*(row(i, 5) for i in range(3)))
    world.run(world.settled(6))
    assert world.told() == [("0", "row", "document"), ("1", "row", "document"), ("2", "row", "document")]
    assert [c[1] for c in world.feed.calls] == ["0,1,2"]
    (outs, offsets), *_ = world.ledger.commits
    assert offsets == [Offset("read.netsuite", 0, 6)]
    assert dict(outs[0].headers)["correlation-id"] == b"abc"


def test_absence_becomes_gone_only_where_the_feed_proved_it() -> None:
    """A record that the mapping leaves out is not deleted."""
    world = World([record(0, "1"), record(1, "2"), record(2, "3")])
    world.feed.put(row(1, 5))
    world.feed.gone = {"2"}
    world.run(world.settled(3))
    assert sorted(world.told()) == [("1", "row", "document"), ("2", "gone", "document")]
    codes = [msgspec.json.decode(o.value or b"")[2].get("code") for outs, _ in world.ledger.commits for o in outs]
    assert codes.count("out_of_scope") == 1


def test_a_request_waits_for_its_time_and_the_row_is_labelled_not_earlier() -> None:
    """A gap is read only when its commit can no longer be beaten by it."""
    world = World([])
    due = world.clock.ms() + 5_000
    world.inlet.batches = [[record(0, "1", "gap", not_before=due)]]
    world.feed.put(row(1, 5))
    world.run(world.settled(1))
    changes = [msgspec.json.decode(o.value or b"") for outs, _ in world.ledger.commits for o in outs]
    assert [c[2]["time"] >= due for c in changes if c[0] == "Change"] == [True]


def test_a_request_that_comes_during_a_read_makes_another_read() -> None:
    """What it asks about may have happened after the query."""
    world = World([record(0, "1", "first")])
    world.feed.put(row(1, 5))

    async def scenario() -> None:
        world.feed.hold = asyncio.Event()
        task = asyncio.create_task(world.reader.run())
        async with asyncio.timeout(10):
            while not world.feed.calls:
                await asyncio.sleep(0)
            world.reader._note(record(1, "1", "second"))
            world.feed.hold.set()
            while not world.settled(2)():
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())
    assert [t[2] for t in world.told()] == ["first", "second"]


def test_a_transient_failure_keeps_the_requests() -> None:
    """Requests that were dropped with a failed call would never be answered, for their offsets pass."""
    world = World([record(0, "1")])
    world.feed.put(row(1, 5))
    faults: list[AccordError] = [Transient("down", code="http_503"), Transient("down", code="http_503")]
    world.feed.faults = faults
    world.run(world.settled(1))
    assert world.told() == [("1", "row", "document")]
    assert len(world.feed.calls) == 3


def test_one_record_that_is_refused_holds_back_no_other() -> None:
    """A call for 200 documents must not fail for ever because of one of them."""
    world = World([record(n, str(n)) for n in range(4)])
    world.feed.put(*(row(i, 5) for i in range(4)))
    world.feed.faults = [Rejected("bad one", code="BAD"), Rejected("bad one", code="BAD"), Rejected("bad one", code="BAD")]
    world.run(world.settled(4))
    assert {t[0] for t in world.told()} == {"1", "2", "3"}


def test_a_window_is_read_page_by_page_and_settled_with_the_last() -> None:
    """A window of a day is no single answer; cut in the middle it is read again."""
    world = World([record(0, "*", "expired replay", since=100), record(1, "1")])
    world.feed.put(row(1, 50), *(row(i, 100 + i) for i in range(2, 7)))
    world.run(world.settled(2))
    assert {t[0] for t in world.told() if t[2] == "expired replay"} == {"2", "3", "4", "5", "6"}
    assert ("1", "row", "document") in world.told()
    lanes = {o.topic for outs, _ in world.ledger.commits for o in outs if "change" in o.topic}
    assert lanes == {"accord.change.netsuite.customer.backfill", "accord.change.netsuite.customer"}


def test_a_malformed_request_goes_whole_to_the_dead_letters() -> None:
    """It must neither stop the reader nor vanish."""
    world = World([Record("read.netsuite", 0, 0, b"k", b"nonsense", 0), record(1, "1")])
    world.feed.put(row(1, 5))
    world.run(world.settled(2))
    kinds = [msgspec.json.decode(o.value or b"")[0] for outs, _ in world.ledger.commits for o in outs]
    assert kinds.count("DeadLetter") == 1
    assert world.told() == [("1", "row", "document")]


def test_many_deletions_wait_for_a_person_while_other_records_are_read() -> None:
    """The brake is on what vanishes, not on what is there."""
    world = World([record(n, str(n)) for n in range(30)] + [record(30, "99")])
    world.feed.gone = {str(n) for n in range(30)}
    world.feed.put(row(99, 5))

    def done() -> bool:
        if world.told() == [("99", "row", "document")]:
            world.stored.positions[confirmation("reader.netsuite")] = str(world.clock.ms() + 10**9)
        return len(world.told()) == 31

    world.run(done)
    assert world.told()[0] == ("99", "row", "document")


def test_requests_are_answered_on_the_real_broker_and_not_again_after_a_restart(kafka: str, registry: str, topic_prefix: str) -> None:
    """Answers and offsets are one transaction: a reader that starts again owes nothing and repeats nothing."""
    topics, names, clock = pipeline_topics([("netsuite", "customer")], [], []), Topics(topic_prefix), SystemClock()
    admin.ensure(admin.client(kafka), admin.wanted(topics, topic_prefix))
    codec = Codec(ConfluentRegistry(registry))
    manual = ManualClock()
    feed = FakeFeed(manual)
    feed.put(*(row(i, 5) for i in range(20)))

    def ask(ids: Sequence[int]) -> None:
        writer = TransactionalWriter(kafka, f"{topic_prefix}asks")
        writer.start()
        writer.begin()
        for i in ids:
            request = ReadRequest("customer", "netsuite", "customer", str(i), "document")
            writer.send(names.name("read.netsuite"), f"customer:netsuite:{i}".encode(), codec.encode("read.netsuite", request))
        writer.commit()

    def told() -> list[str]:
        found = read_to_end(kafka, names.name("change.netsuite.customer"))
        return sorted(e.record_id for r in found if r.value and isinstance(e := codec.decode(r.value), Change))

    async def serve(count: int) -> None:
        outbox = Outbox(codec, names, [READ], lambda: epoch_ms(clock.now()), partitions=4)
        bench = Bench(outbox, KafkaPositions(kafka, names, codec.decode), clock, Watch(clock), lambda: 0.5)
        inlet = KafkaInlet(kafka, f"{topic_prefix}reader.netsuite", [names.name("read.netsuite")])
        ledger = KafkaLedger(kafka, f"{topic_prefix}producer.reader.netsuite")
        reader = Reader("netsuite", {("customer", ""): feed}, inlet, ledger, bench, decode=codec.decode, server_ms=lambda: int(time.time() * 1000))
        task = asyncio.create_task(reader.run())
        async with asyncio.timeout(60):
            while len(await asyncio.to_thread(told)) < count:
                assert not task.done(), task.exception()
                await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await inlet.close()
        await ledger.close()

    ask(range(10))
    asyncio.run(serve(10))
    ask(range(10, 20))
    asyncio.run(serve(20))
    assert told() == sorted(str(i) for i in range(20))
