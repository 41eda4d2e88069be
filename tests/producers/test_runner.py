"""The runner on a ledger in memory, and on the real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from accord.clock import SystemClock, epoch_ms
from accord.errors import AccordError, Fatal, Rejected, Transient
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import read_to_end
from accord.kafka.registry import ConfluentRegistry
from accord.reads import NetSuiteRead
from producers.brake import Brake, Stopped
from producers.feed import change
from producers.ledger import KafkaLedger, KafkaPositions
from producers.outbox import Outbox
from producers.runner import Bench, confirmation, delay, run
from producers.source import Page
from producers.watch import Watch
from schemas.events import Audit, Change, Mark, Position, ReadRequest
from schemas.topics import Topics, pipeline_topics
from tests.accord.manual_clock import ManualClock
from tests.producers.fakes import FakeFeed, Kept, Stored, row

READ = NetSuiteRead("customer", "customer", ("companyname",))


class Json:
    """Encodes for tests without a registry."""

    def encode(self, topic: str, event: Any) -> bytes:
        return msgspec.json.encode([type(event).__name__, topic, event])


def bench(clock: ManualClock, positions: Stored, topics: Topics | None = None) -> Bench:
    outbox = Outbox(Json(), topics or Topics(), [READ], clock.ms, partitions=4)
    return Bench(outbox, positions, clock, Watch(clock), lambda: 1.0)


def a_change(id_: int, value: str = "x") -> Change:
    clock = ManualClock()
    return change(FakeFeed(clock), row(id_, clock.ms(), value), clock.ms())


class Script:
    """A source that plays what it is given: a page, or an error to raise."""

    name = "netsuite.customer"

    def __init__(self, *acts: Page | AccordError) -> None:
        self.acts, self.began = list(acts), []

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        self.began.append(position)
        while self.acts:
            act = self.acts.pop(0)
            if isinstance(act, AccordError):
                raise act
            yield act


def test_changes_and_the_position_behind_them_are_one_transaction() -> None:
    """A position stored without its changes loses them; changes without it come twice."""
    clock, ledger = ManualClock(), Kept()
    page = Page(
        [a_change(1)],
        [ReadRequest("customer", "netsuite", "customer", "*", "gap")],
        [Mark("customer", "netsuite", "s", 0, 1)],
        "P1",
        "backfill",
    )
    asyncio.run(run(Script(page, Page()), ledger, bench(clock, Stored())))
    ((outs, offsets),) = ledger.commits
    kinds = [msgspec.json.decode(o.value or b"")[0] for o in outs]
    assert kinds == ["Change", "Audit", "ReadRequest", "Mark", "Mark", "Mark", "Mark", "Position"]
    assert [o.topic for o in outs][:3] == ["accord.change.netsuite.customer.backfill", "accord.audit", "accord.read.netsuite"]
    assert [o.partition for o in outs if o.key == b"~marks"] == [0, 1, 2, 3]
    assert outs[0].key == b"customer:netsuite:1"
    assert offsets == []
    assert ledger.started == 1


def test_a_transient_failure_goes_on_from_the_last_committed_position() -> None:
    """Neither the page before the failure again, nor anything left out."""
    clock, ledger = ManualClock(), Kept()
    source = Script(
        Page([a_change(1)], position="P1"),
        Transient("down", wait_s=7.0, code="http_503"),
        Transient("down"),
        Page([a_change(2)], position="P2"),
    )
    asyncio.run(run(source, ledger, bench(clock, Stored({"netsuite.customer": "P0"}))))
    assert source.began == ["P0", "P1", "P1"]
    assert len(ledger.commits) == 2
    assert clock.slept == [7.0, 1.0]


def test_the_wait_grows_has_a_bound_and_never_undercuts_what_was_asked() -> None:
    """Coming back before the asked time is how an account gets blocked; waiting without bound is how it is forgotten."""
    assert [delay(n, None, 1.0) for n in (0, 1, 2, 50)] == [0.5, 1.0, 2.0, 60.0]
    assert delay(0, 30.0, 0.0) == 30.0
    assert 0 < delay(3, None, 0.0) < delay(3, None, 0.9)


@pytest.mark.parametrize("error", [Fatal("wrong org"), Rejected("bad query", code="MALFORMED_QUERY")])
def test_what_can_not_heal_ends_the_process(error: AccordError) -> None:
    """A source that goes on without being able to read is a loss that nobody sees."""
    with pytest.raises(Fatal):
        asyncio.run(run(Script(error), Kept(), bench(ManualClock(), Stored())))


def test_a_commit_that_is_refused_ends_the_process() -> None:
    """A fenced producer must not write a second time what its successor writes."""
    ledger = Kept()
    ledger.faults.append(Fatal("fenced by a newer instance", code="fenced"))
    with pytest.raises(Fatal, match="fenced"):
        asyncio.run(run(Script(Page([a_change(1)], position="P1")), ledger, bench(ManualClock(), Stored())))


def test_a_source_that_met_the_brake_stands_still_until_somebody_confirms() -> None:
    """Ending the process would stop every other source with it, and a restart would meet the brake again."""
    clock, positions = ManualClock(), Stored()
    brake = Brake("netsuite.customer")
    source = Script(Stopped("39 deletions", brake), Page([a_change(1)], position="P1"))

    class Confirming(Stored):
        async def load(self) -> dict[str, str]:
            if clock.slept:
                return {confirmation("netsuite.customer"): str(clock.ms() + 60_000)}
            return dict(positions.positions)

    ledger = Kept()
    asyncio.run(run(source, ledger, bench(clock, Confirming())))
    assert clock.slept == [10.0]
    assert len(ledger.commits) == 1
    brake.admit(500, clock.ms())


def test_a_silent_source_is_reported_and_then_ended() -> None:
    """A stream can die without an error: without this nothing would ever arrive again, and nothing would say so."""
    clock = ManualClock()
    watch = Watch(clock, 300)
    watch.beat("quiet")
    watch.beat("done")
    watch.leave("done")
    clock.advance(301)
    assert set(watch.silent()) == {"quiet"}
    with pytest.raises(Fatal, match="quiet has been silent"):
        asyncio.run(watch.run())


# The real broker


class Counting:
    """Emits one change at a time, for ever; its position is the last number."""

    name = "netsuite.customer"

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        number = int(position or 0)
        while True:
            number += 1
            yield Page([a_change(number)], position=str(number))
            await asyncio.sleep(0.01)


@pytest.fixture
def real(kafka: str, registry: str, topic_prefix: str) -> Any:
    topics = pipeline_topics([("netsuite", "customer")], [], [])
    admin.ensure(admin.client(kafka), admin.wanted(topics, topic_prefix))
    codec = Codec(ConfluentRegistry(registry))
    names = Topics(topic_prefix)
    clock = SystemClock()

    def made() -> tuple[KafkaLedger, Bench]:
        outbox = Outbox(codec, names, [READ], lambda: epoch_ms(clock.now()), partitions=4)
        positions = KafkaPositions(kafka, names, codec.decode)
        return KafkaLedger(kafka, f"{topic_prefix}producer.netsuite.customer"), Bench(outbox, positions, clock, Watch(clock), lambda: 0.5)

    def read(topic: str) -> list[Any]:
        return [codec.decode(r.value) for r in read_to_end(kafka, names.name(topic)) if r.value]

    return made, read


def test_a_second_instance_fences_the_first_and_nothing_is_lost_or_doubled(real: Any) -> None:
    """Two pollers of one source would tell everything twice and move the position over each other's gaps."""
    made, read = real

    async def scenario() -> None:
        first = asyncio.create_task(run(Counting(), *made()))
        async with asyncio.timeout(30):
            while len(await asyncio.to_thread(read, "position")) < 3:
                assert not first.done(), first.exception()
                await asyncio.sleep(0.05)
        second = asyncio.create_task(run(Counting(), *made()))
        async with asyncio.timeout(30):
            with pytest.raises(Fatal, match="fenced"):
                await first
        stood = len(await asyncio.to_thread(read, "position"))
        async with asyncio.timeout(30):
            while len(await asyncio.to_thread(read, "position")) < stood + 3:
                await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)

    asyncio.run(scenario())
    changes = [int(e.record_id) for e in read("change.netsuite.customer") if isinstance(e, Change)]
    positions = [int(e.position) for e in read("position") if isinstance(e, Position)]
    assert sorted(changes) == list(range(1, len(changes) + 1)) == positions
    assert len([e for e in read("audit") if isinstance(e, Audit) and e.step == "read"]) == len(changes)
