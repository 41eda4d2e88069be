"""Bad data and bad code: neither is committed over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from accord.kafka.consumer import read_to_end
from tests.bench import w
from tests.streams.faust.fleet import PARTS, Fleet

COUNT, KEYS = 3_000, 500


@pytest.fixture
def fleet(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(kafka, topic_prefix, tmp_path, count=COUNT, keys=KEYS, pause_s=0.0)
    yield made
    made.close()


def poison(fleet: Fleet, count: int) -> None:
    producer = Producer({"bootstrap.servers": fleet.bootstrap})
    for n in range(count):
        producer.produce(fleet.source, b"poison %d" % n, b"key", 1)
    assert producer.flush(10) == 0


def test_one_bad_record_becomes_a_dead_letter_and_the_rest_goes_on(fleet: Fleet):
    """One bad record must stop nothing else, and must not vanish."""
    poison(fleet, 1)
    fleet.start()
    fleet.finish()
    assert [r.value for r in read_to_end(fleet.bootstrap, fleet.deadletter)] == [b"poison 0"]
    fleet.verdict()


def test_a_stage_that_raises_ends_the_worker_without_a_commit(fleet: Fleet):
    """Stock Faust acks an event whose handling raised: it is gone. Here the process ends with 70 and the offset stays before it."""
    fleet.start()
    fleet.finish()
    fleet.stop(fleet.workers[0])
    poison(fleet, 1)
    worker = fleet.start(deadletter="")
    assert worker.wait(30) == 70
    assert "poison" in fleet.log(worker)
    assert fleet.log(worker).count("FATAL") == 1
    assert fleet.left() == 1
    fleet.start()
    fleet.count += 1
    fleet.finish()
    fleet.count -= 1
    fleet.verdict()


def test_dead_letters_in_a_row_stop_the_worker(fleet: Fleet):
    """Fifty in a row is a bug or a missing schema: going on would empty the topic into the dead letters."""
    fleet.start()
    fleet.finish()
    fleet.stop(fleet.workers[0])
    poison(fleet, 60)
    worker = fleet.start()
    assert worker.wait(30) == 70
    assert "dead letters in a row" in fleet.log(worker)
    assert fleet.left() >= 50
    assert len(list(read_to_end(fleet.bootstrap, fleet.deadletter))) < 50


def test_a_record_that_the_broker_refuses_ends_the_worker_and_is_not_committed(fleet: Fleet):
    """Stock Faust logs a refused record and commits its input. Here the transaction falls, and the process with it."""
    huge = {"id": "huge", "system": "salesforce", "version": 2 * 10**12, "fields": {"Name": "x" * 900_000, "City": "y" * 900_000}}
    producer = Producer({"bootstrap.servers": fleet.bootstrap, "message.max.bytes": 4_000_000, "compression.type": "lz4"})
    fleet.start()
    fleet.finish()
    fleet.stop(fleet.workers[0])
    producer.produce(fleet.source, w.encode(w.IN_SCHEMA, w.IN_HEADER, huge), b"huge", PARTS - 1)
    assert producer.flush(10) == 0
    worker = fleet.start(settings={"compression.type": "none"})
    assert worker.wait(40) == 70, fleet.log(worker)[-3000:]
    assert fleet.left() == 1
    assert b"huge" not in w.outputs_of(fleet.bootstrap, fleet.out)
    assert b"huge" not in w.states_of(fleet.bootstrap, fleet.state)
