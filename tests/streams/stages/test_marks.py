"""Marks, claims and state across the stages, on a broker in memory."""

from __future__ import annotations

import pickle

from accord.errors import Rejected
from schemas.events import Change, Claim, Mark, Match
from streams.match import passed
from streams.resolve import Reading
from streams.stage import Message
from streams.stages.marks import hand_on
from streams.stages.match import MatchStage
from streams.stages.resolve import ResolveStage, Source
from streams.stages.shelf import Shelf
from tests.streams.stages.memory import PARTITIONS, Memory, desk

MATCH_VALUE = "customer|number|1"


class Relay:
    """Stands where reconcile does: hands a mark on to the matcher once it has come from every partition."""

    name = "relay"
    state = "t.record"
    tables = ()

    def __init__(self, at):
        self._desk = at
        self._marks = {}
        self.inputs, self.inputs_backfill = (at.topics.name("observation"),), (at.topics.name("observation", "backfill"),)

    def handle(self, partition, batch):
        outs = []
        for message in batch:
            event = self._desk.codec.decode(message.value)
            if isinstance(event, Mark):
                self._marks[partition], done = passed(self._marks.get(partition, ()), event)
                outs += hand_on(self._desk, "claim", event, partition, PARTITIONS, ()) if done else []
        return outs


def pipeline():
    at = desk()
    stages = [
        ResolveStage(at, {}, ["change.salesforce.account", "change.netsuite.customer"], partitions=PARTITIONS, margin_ms=0),
        Relay(at),
        MatchStage(at, partitions=PARTITIONS),
    ]
    return Memory(stages)


def snapshot_ends(memory, system, topic):
    for partition in range(PARTITIONS):
        memory.put(topic, "~marks", Mark("customer", system, "s", 0, 1), lane="backfill", partition=partition)


def test_the_gate_opens_only_when_both_snapshots_have_gone_through_every_partition_of_every_stage():
    """A create before that would double what a partition that lags behind still brings."""
    memory = pipeline()
    memory.put("claim", MATCH_VALUE, Claim(MATCH_VALUE, "customer", "salesforce", "customer:salesforce:1"))
    snapshot_ends(memory, "salesforce", "change.salesforce.account")
    memory.run()
    assert memory.of("observation", Match) == []
    snapshot_ends(memory, "netsuite", "change.netsuite.customer")
    memory.run()
    assert [(m.key, m.other) for m in memory.of("observation", Match)] == [("customer:salesforce:1", "")]


def test_marks_that_come_again_answer_nobody_twice():
    """A producer that is started anew in the middle of its snapshot sends its marks again."""
    memory = pipeline()
    memory.put("claim", MATCH_VALUE, Claim(MATCH_VALUE, "customer", "salesforce", "customer:salesforce:1"))
    for _ in range(2):
        snapshot_ends(memory, "salesforce", "change.salesforce.account")
        snapshot_ends(memory, "netsuite", "change.netsuite.customer")
        memory.run()
    assert len(memory.of("observation", Match)) == 1


def test_what_can_not_be_decoded_goes_whole_to_the_dead_letters_and_stops_nobody():
    """One bad record must not stop the others, nor be lost."""
    at = desk()
    stage = MatchStage(at, partitions=PARTITIONS)
    good = at.codec.encode("claim", Claim(MATCH_VALUE, "customer", "salesforce", "customer:salesforce:1"))

    def decode(value):
        if value == b"rubbish":
            raise Rejected("not ours", code="malformed")
        return pickle.loads(value)  # noqa: S301

    at.codec.decode = decode
    outs = stage.handle(0, [Message("t.claim", 0, 7, b"k", b"rubbish", 0), Message("t.claim", 0, 8, b"k", good, 0)])
    by_topic = {out.topic: pickle.loads(out.value) for out in outs}  # noqa: S301
    letter = by_topic["t.deadletter"]
    assert (letter.value, letter.offset, letter.code) == (b"rubbish", 7, "malformed")
    assert by_topic["t.claims"].claims[0].key == "customer:salesforce:1"


def test_a_body_that_is_nested_without_end_is_a_dead_letter_and_stops_nobody():
    """It would end the worker, and its successor too, at the same message."""
    at, seen = desk(), Reading()
    source = Source(lambda _system, _object, body, _kind: (dict(body), True), seen)
    stage = ResolveStage(at, {("netsuite", "customer", ""): source}, ["change.netsuite.customer"], partitions=1, margin_ms=0)

    def message(offset, body):
        change = Change(f"e{offset}", "customer", "netsuite", "customer", str(offset), "row", 0, 1_000, "", "", "", "", "", body)
        return Message("t.change.netsuite.customer", 0, offset, str(offset).encode(), at.codec.encode("change", change), 0)

    outs = stage.handle(0, [message(1, '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"), message(2, "[" * 5_000), message(3, '{"name": "A"}')])
    found = [(out.topic, pickle.loads(out.value)) for out in outs]  # noqa: S301
    assert [event.offset for topic, event in found if topic == "t.deadletter"] == [1, 2]
    assert [event.source_id for topic, event in found if topic == "t.observation"] == ["3"]


def test_a_shelf_forgets_what_was_deleted_and_what_belongs_to_another():
    """State of a partition that has moved would be written over by its new owner's, or over it."""
    shelf = Shelf(bytes.decode)
    shelf.load(0, b"a", b"1")
    shelf.load(0, b"b", b"2")
    shelf.load(0, b"a", None)
    assert shelf.of(0) == {b"b": "2"}
    shelf.drop([0])
    assert shelf.of(0) == {}
