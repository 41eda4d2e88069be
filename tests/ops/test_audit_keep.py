"""How long rows of the audit trail are kept: when it is looked for old ones, and the word on the real topic."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from accord.clock import SystemClock, epoch_ms
from accord.config import Run
from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import GroupConsumer
from accord.kafka.records import Record
from accord.kafka.registry import ConfluentRegistry
from ops.audit.follow import follow
from ops.audit.keep import DAY_MS, LATE_MS, LOOK_MS, Keeper
from ops.audit.store import AuditStore
from ops.database import engine
from ops.pipeline import Pipeline
from ops.wiring.audit import told
from schemas.topics import Topics, pipeline_topics
from tests.accord.manual_clock import ManualClock
from tests.ops.test_audit_chain import about


class Store:
    """Where so much is due; `fails`: the trail was touched."""

    def __init__(self, fails: bool = False) -> None:
        self.asked: list[int] = []
        self.fails = fails

    async def due(self, until_ms: int) -> str:
        self.asked.append(until_ms)
        if self.fails:
            raise Rejected("touched", code="touched")
        return "detail"


def looked(keeper: Keeper, clock: ManualClock, *after_ms: int, read: tuple[Record, ...] = ()) -> None:
    """Without `read` a step of now has come first."""

    async def run() -> None:
        if not read:
            await keeper.look([Record("audit", 0, 1, None, b"", epoch_ms(clock.now()))])
        for ms in after_ms:
            await clock.sleep(ms / 1000)
            await keeper.look(read)

    asyncio.run(run())


def test_old_rows_are_looked_for_once_an_hour_and_whole_days_go():
    """A look at each batch would read the trail's beginning hundreds of times a minute."""
    store, clock, told = Store(), ManualClock(), []
    looked(Keeper(store, 90, clock, told.append), clock, LOOK_MS // 2, LOOK_MS // 2, LOOK_MS)
    assert len(store.asked) == len(told) == 3
    assert store.asked[0] % DAY_MS == 0
    assert told[0].at - 91 * DAY_MS < store.asked[0] <= told[0].at - 90 * DAY_MS
    assert (told[0].step, told[0].detail) == ("shortened", "detail")


def test_without_a_number_of_days_every_row_stays():
    """Evidence must not go because a version has learned to delete it."""
    store, clock = Store(), ManualClock()
    looked(Keeper(store, Run().audit_days, clock, pytest.fail), clock)
    assert store.asked == []


def test_nothing_goes_while_the_trail_is_read_late():
    """At a rebuild one partition may be read long before the other: a person's erasure would go before the rows that it is about have come."""
    store, clock, told = Store(), ManualClock(), []
    now = epoch_ms(clock.now())
    keeper = Keeper(store, 90, clock, told.append)
    looked(keeper, clock, 0, read=(Record("audit", 0, 1, None, b"", now), Record("audit", 1, 1, None, b"", now - LATE_MS - 1)))
    asyncio.run(keeper.look([]))
    assert store.asked == []
    looked(keeper, clock, 0, read=(Record("audit", 0, 1, None, b"", now),))
    assert len(told) == 1


def test_a_trail_that_was_touched_stays_whole_and_the_role_runs_on():
    """What somebody changed must be found by a person, and the steps of today be kept meanwhile."""
    store, clock = Store(fails=True), ManualClock()
    looked(Keeper(store, 90, clock, pytest.fail), clock, LOOK_MS)
    assert len(store.asked) == 2


PERSON, WAIT_S = "contact:salesforce:003A", 30.0


@pytest.fixture
def pipeline(kafka, registry, topic_prefix):
    """Its audit topic, with a step of forty days ago and one of today."""
    admin.ensure(admin.client(kafka), admin.wanted([t for t in pipeline_topics([], [], []) if t.name == "audit"], topic_prefix))
    found = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    now = epoch_ms(SystemClock().now())
    for at in (now - 40 * DAY_MS, now):
        told(found, replace(about(at, PERSON), correlation_id="c"))  # one partition: the old one is read first
    return found


def test_the_role_says_on_the_topic_that_old_rows_go_and_then_they_do(pipeline, tmp_path):
    """What only the database knew would be undone when it is made anew, and a word that is not on the topic is no part of the chain."""

    async def run():
        store, stop = AuditStore(engine("", tmp_path / "audit.db")), asyncio.Event()
        await store.open()
        consumer = GroupConsumer(pipeline.bootstrap, f"{pipeline.topics.prefix}audit")
        keeper = Keeper(store, 30, SystemClock(), lambda step: told(pipeline, step))
        following = asyncio.create_task(follow(consumer, pipeline.topics.name("audit"), pipeline.codec, store, keeper, stop))
        verdict, deadline = await store.verify({}), time.monotonic() + WAIT_S
        while not verdict.cut and time.monotonic() < deadline and not following.done():
            await asyncio.sleep(0.1)
            verdict = await store.verify({})
        stop.set()
        await following
        kept = [row["step"] for row in await store.trace(PERSON)]
        await store.close()
        return verdict, kept

    verdict, kept = asyncio.run(run())
    assert (verdict.faults, verdict.rows, len(verdict.cut)) == ([], 2, 1), "today's row, and the word"
    assert kept == ["sent"]
