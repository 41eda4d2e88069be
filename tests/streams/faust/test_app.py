"""What is checked before anything is read, and the lanes and tables on a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from accord.errors import Fatal
from accord.kafka import admin
from accord.kafka.admin import Wanted
from accord.kafka.consumer import read_to_end
from streams.faust.app import check_partitions, worker
from streams.faust.tables import GlobalTables, load_state
from tests.bench import w
from tests.bench.w_stage import WStage
from tests.streams.faust.fleet import PARTS, Fleet
from tests.waiting import until


def test_unequal_partition_counts_are_fatal_and_named():
    """With 4 and 6 partitions a record's observation and outcome meet in no worker: its state would be split in two."""
    stage = WStage("in", "out", "state", backfill="in.backfill")
    with pytest.raises(Fatal, match=r"in has 4, in\.backfill has 4, state has 6"):
        check_partitions([stage], {"in": 4, "in.backfill": 4, "state": 6})
    check_partitions([stage], {"in": 4, "in.backfill": 4, "state": 4, "link": 9})


def test_missing_topics_are_fatal_before_anything_is_read(kafka: str, topic_prefix: str, tmp_path: Path):
    """A worker that waits silently for a topic with a typo in its name looks healthy for ever."""
    stage = WStage(f"{topic_prefix}nope", f"{topic_prefix}out", f"{topic_prefix}state")
    with pytest.raises(Fatal, match=f"{topic_prefix}nope, {topic_prefix}state"):
        worker([stage], app_id=f"{topic_prefix}g", bootstrap=kafka, datadir=tmp_path)


@pytest.fixture
def fleet(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(kafka, topic_prefix, tmp_path, count=2_000, keys=300, pause_s=0.01, fetch=50, fill=False)
    yield made
    made.close()


def observation(name: str, version: int) -> bytes:
    return w.encode(w.IN_SCHEMA, w.IN_HEADER, {"id": name, "system": "netsuite", "version": version, "fields": {"Name": f"{name} {version}"}})


def send(kafka: str, topic: str, kind: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
    for n in range(count):
        name = f"{kind}-{n}"
        producer.produce(topic, observation(name, n), name.encode())
    assert producer.flush(30) == 0


def test_the_backfill_is_paused_while_the_live_lane_has_lag(fleet: Fleet):
    """An order that was just activated must not wait behind a backfill of the whole catalogue."""
    send(fleet.bootstrap, fleet.backfill, "backfill", 3_000)
    send(fleet.bootstrap, fleet.source, "live", 2_000)
    fleet.start()
    until(lambda: fleet.left(fleet.source, fleet.backfill) == 0, "both lanes read", 60)
    early = dict.fromkeys(range(PARTS), 0)
    last_live: dict[int, int] = {}
    outs = list(read_to_end(fleet.bootstrap, fleet.out))
    for record in outs:
        if (record.key or b"").startswith(b"live"):
            last_live[record.partition] = record.offset
    for record in outs:
        if (record.key or b"").startswith(b"backfill") and record.offset < last_live[record.partition]:
            early[record.partition] += 1
    assert len(outs) == 5_000
    assert sum(early.values()) <= 100, f"{early} backfill records went before the last live one"


class Seen(WStage):
    """Notes what it is given."""

    def __init__(self, state: str, tables: tuple[str, ...]) -> None:
        super().__init__("in", "out", state, tables=tables)
        self.loaded: list[tuple[int, bytes]] = []

    def load(self, partition: int, key: bytes, value: bytes | None) -> None:
        self.loaded.append((partition, key))


def test_global_tables_are_whole_before_the_start_and_followed_between_batches(kafka: str, topic_prefix: str):
    """A worker that starts with half the links creates doubles; one that doesn't follow parks what it could send."""
    name = f"{topic_prefix}link"
    admin.ensure(admin.client(kafka), [Wanted(name, PARTS, {"cleanup.policy": "compact"})])
    send(kafka, name, "link", 5_000)
    stage = Seen("", (name,))
    failures: list[BaseException] = []
    tables = GlobalTables(kafka, [stage], lambda _, error: failures.append(error))
    assert tables.start() == 5_000
    assert len(stage.table) == 5_000
    send(kafka, name, "later", 1)
    until(lambda: tables._waiting, "the later one", 10)
    assert b"later-0" not in stage.table
    tables.drain()
    assert b"later-0" in stage.table
    tables.stop()
    assert failures == []


def test_state_of_the_assigned_partitions_is_loaded_and_no_other(kafka: str, topic_prefix: str):
    """State of a partition that another worker owns would go stale in our memory and be written back."""
    name = f"{topic_prefix}state"
    admin.ensure(admin.client(kafka), [Wanted(name, PARTS, {"cleanup.policy": "compact"})])
    send(kafka, name, "record", 400)
    stage = Seen(name, ())
    count = load_state(kafka, [stage], {1, 3})
    assert count == len(stage.loaded)
    assert {partition for partition, _ in stage.loaded} == {1, 3}
    assert load_state(kafka, [stage], set()) == 0
