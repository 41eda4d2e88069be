"""Topics, transactions and tables on a real broker."""

from __future__ import annotations

import os
import threading
import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from accord.errors import Fatal, Transient
from accord.kafka import admin
from accord.kafka.admin import Wanted
from accord.kafka.consumer import GroupConsumer, Table, Tail, read_to_end
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Offset, Partition, Record
from schemas.topics import Topic
from tests.waiting import until


@pytest.fixture
def client(kafka: str) -> AdminClient:
    return admin.client(kafka)


def topic(client: AdminClient, name: str, partitions: int = 1, **config: str) -> str:
    admin.ensure(client, [Wanted(name, partitions, config)])
    until(lambda: admin.partition_counts(client, [name])[name] == partitions, "all partitions", 10)
    return name


def writer(kafka: str, name: str) -> TransactionalWriter:
    made = TransactionalWriter(kafka, name)
    made.start()
    return made


def test_topics_are_made_as_stated_and_a_second_time_nothing_happens(client: AdminClient, topic_prefix: str):
    """Default retention on a state topic would forget every record after a week."""
    wanted = admin.wanted([Topic("record", "k", ("Record",), compact=True), Topic("outcome", "k", ("Outcome",), twin=True)], topic_prefix, 2)
    assert [w.name for w in wanted] == [topic_prefix + n for n in ("record", "outcome", "outcome.backfill")]
    assert set(admin.ensure(client, wanted)) == {w.name for w in wanted}
    assert admin.ensure(client, wanted) == ()


def test_wrong_settings_are_told_all_at_once_with_what_was_found(client: AdminClient, topic_prefix: str):
    """A `record` topic that isn't compacted loses state silently, weeks later: the start must refuse it."""
    name = topic(client, f"{topic_prefix}record", 2, **{"cleanup.policy": "delete"})
    with pytest.raises(Fatal) as raised:
        admin.ensure(client, [Wanted(name, 4, {"cleanup.policy": "compact"})])
    assert f"{name}: has 2 partitions, expected 4" in str(raised.value)
    assert f"{name}: cleanup.policy is delete, expected compact" in str(raised.value)


def test_a_transaction_is_seen_whole_or_not_at_all(kafka: str, client: AdminClient, topic_prefix: str):
    """Events without their position, or a position without its events, is a gap or a repeat."""
    name = topic(client, f"{topic_prefix}x")
    one = writer(kafka, f"{topic_prefix}one")
    one.begin()
    one.send(name, b"k", b"rolled back")
    one.abort()
    one.begin()
    one.send(name, b"k", b"kept", headers=(("correlation-id", b"c"),))
    one.commit()
    (record,) = read_to_end(kafka, name)
    assert (record.key, record.value, record.headers) == (b"k", b"kept", (("correlation-id", b"c"),))


def test_what_the_broker_refuses_is_named(kafka: str, client: AdminClient, topic_prefix: str):
    """A topic that takes no more, for its size limit or a full disk, must be found by the message, and a person be called."""
    name = topic(client, f"{topic_prefix}small", **{"max.message.bytes": "100"})
    one = writer(kafka, f"{topic_prefix}one")
    one.begin()
    one.send(name, b"k", os.urandom(1000))
    with pytest.raises(Fatal, match=f"{name} .*Message size too large") as refused:
        one.commit()
    assert not refused.value.passing, "it is as large at the next try"
    assert list(read_to_end(kafka, name)) == []


def test_a_second_instance_fences_the_first(kafka: str, client: AdminClient, topic_prefix: str):
    """Two producers of one source would write every change twice and move the position under each other."""
    name = topic(client, f"{topic_prefix}x")
    old = writer(kafka, f"{topic_prefix}same")
    old.begin()
    old.send(name, b"k", b"old")
    new = writer(kafka, f"{topic_prefix}same")
    with pytest.raises(Fatal) as raised:
        old.commit()
    assert raised.value.code == "fenced"
    new.begin()
    new.send(name, b"k", b"new")
    new.commit()
    assert [r.value for r in read_to_end(kafka, name)] == [b"new"]


def test_a_record_that_the_broker_refuses_takes_its_transaction_with_it(kafka: str, client: AdminClient, topic_prefix: str):
    """Stock clients log a refused record and commit its input: the event is gone. Here nothing is committed."""
    name = topic(client, f"{topic_prefix}small", 1, **{"max.message.bytes": "2000"})
    one = writer(kafka, f"{topic_prefix}w")
    one.begin()
    one.send(name, b"k", b"fits")
    one.send(name, b"k", os.urandom(20_000))
    with pytest.raises((Transient, Fatal)):
        one.commit()
    one.close()
    assert list(read_to_end(kafka, name)) == []


def test_offsets_and_outputs_go_together_with_metadata(kafka: str, client: AdminClient, topic_prefix: str):
    """What is settled beyond the committed offset travels in the commit's metadata: lost, those writes would be sent again."""
    source, target = topic(client, f"{topic_prefix}in"), topic(client, f"{topic_prefix}out")
    one = writer(kafka, f"{topic_prefix}w")
    one.begin()
    for n in range(3):
        one.send(source, b"k", str(n).encode())
    one.commit()
    assigned: list[Partition] = []
    member = GroupConsumer(kafka, f"{topic_prefix}g")
    member.subscribe([source], assigned.extend, lambda _: None)
    records: list[Record] = []
    until(lambda: records.extend(member.poll(0.2)) or len(records) >= 3, "three records", 20)
    assert assigned == [Partition(source, 0)]
    one.begin()
    one.offsets([Offset(source, 0, records[1].offset, "settled=2")], member.group())
    one.send(target, b"k", records[0].value)
    one.commit()
    assert member.committed([Partition(source, 0)]) == [Offset(source, 0, 1, "settled=2")]
    assert admin.behind(client, f"{topic_prefix}g", [Partition(source, 0)]) == {Partition(source, 0): 3}  # two records and a commit marker
    member.close()


def test_a_table_is_read_to_the_end_over_holes_and_then_followed(kafka: str, client: AdminClient, topic_prefix: str):
    """A table that is loaded only in part answers `no such record` for one that exists: a double is created."""
    name = topic(client, f"{topic_prefix}link", 3, **{"cleanup.policy": "compact"})
    one = writer(kafka, f"{topic_prefix}w")
    one.begin()
    for n in range(30):
        one.send(name, str(n).encode(), b"1", partition=n % 3)
    one.commit()
    one.begin()
    one.send(name, b"x", b"rolled back", partition=0)
    one.abort()  # two control records stand at the end now
    table = Table(kafka, [name])
    assert {int(r.key or b"") for r in table.load()} == set(range(30))
    one.begin()
    one.send(name, b"30", b"later", partition=1)
    one.commit()
    assert until(lambda: [r.key for r in table.follow(0.2)], "what came later", 10) == [b"30"]
    table.close()


def test_loading_waits_for_a_commit_that_is_on_its_way(kafka: str, client: AdminClient, topic_prefix: str):
    """State written just before a crash may still lack its commit marker: reading past it would start from older state."""
    name = topic(client, f"{topic_prefix}record")
    one = writer(kafka, f"{topic_prefix}w")
    one.begin()
    one.send(name, b"k", b"committed later")
    one._producer.flush(10)
    committing = threading.Timer(0.7, one.commit)
    committing.start()
    assert [r.value for r in read_to_end(kafka, name)] == [b"committed later"]
    committing.join()
    one.begin()
    one.send(name, b"k", b"never committed")
    one._producer.flush(10)
    table = Table(kafka, [name])
    with pytest.raises(Transient, match="transaction is open"):
        list(table.load(wait_s=0.5))
    table.close()
    one.abort()


def test_a_table_that_is_written_to_all_the_time_is_loaded_all_the_same(kafka: str, client: AdminClient, topic_prefix: str):
    """Under load the end of the log is never reached: sinks that load links while streams write them waited for a pause that never came."""
    name, stop = topic(client, f"{topic_prefix}busy"), threading.Event()
    one = writer(kafka, f"{topic_prefix}one")

    def write() -> None:
        while not stop.is_set():
            one.begin()
            one.send(name, b"k", b"v")
            one.commit()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        until(lambda: list(read_to_end(kafka, name)), "the first record", 20)
        assert list(read_to_end(kafka, name))
    finally:
        stop.set()
        writing.join()


def test_a_tail_that_is_spoken_on_all_the_time_is_read_to_its_end_all_the_same(kafka: str, client: AdminClient, topic_prefix: str):
    """Some workers that each speak once a second leave no pause for the end mark: whoever became owner of a budget then allotted nothing, for ever."""
    name, stop, said = topic(client, f"{topic_prefix}spoken"), threading.Event(), threading.Event()
    speaker = Producer({"bootstrap.servers": kafka, "linger.ms": 0})

    def speak() -> None:
        while not stop.wait(0.1):
            speaker.produce(name, b"word", on_delivery=lambda *_: said.set())
            speaker.poll(0)

    speaking = threading.Thread(target=speak)
    speaking.start()
    try:
        assert said.wait(20)
        tail, seen, deadline, caught_up = Tail(kafka, name, 2_000), 0, time.monotonic() + 10, False
        while not caught_up and time.monotonic() < deadline:
            records, caught_up = tail.read(0.5)
            seen += len(records)
        assert caught_up
        assert seen
        tail.close()
    finally:
        stop.set()
        speaking.join()
        speaker.flush(10)


def test_a_topic_that_is_gone_holds_up_no_question_for_lag(client: AdminClient, topic_prefix: str, monkeypatch: pytest.MonkeyPatch):
    """The broker forgets the offsets of a deleted topic some time after it: until then all of `accord topics` failed, for want of a leader."""
    there, gone = Partition(topic(client, f"{topic_prefix}there"), 0), Partition(f"{topic_prefix}gone", 0)
    monkeypatch.setattr(admin, "_committed", lambda *_: {there: 0, gone: 3})
    assert admin.read_by(client, "group") == [there]
