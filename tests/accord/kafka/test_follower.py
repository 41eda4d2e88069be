"""Reading from offsets that somebody else keeps, on a real broker."""

from __future__ import annotations

import time

import pytest

from accord.errors import Fatal
from accord.kafka import admin
from accord.kafka.admin import Wanted
from accord.kafka.follower import Follower
from accord.kafka.lag import waiting
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Offset, Partition
from tests.waiting import until


def told(kafka: str, name: str, values: list[bytes]) -> None:
    writer = TransactionalWriter(kafka, f"{name}.writer")
    writer.start()
    writer.begin()
    for value in values:
        writer.send(name, b"k", value)
    writer.commit()
    writer.close()


def test_it_reads_on_from_where_it_is_told_and_shows_how_far_it_is(kafka: str, topic_prefix: str):
    """Positions stand in a database: what a group committed must not count, but people look for lag in one place."""
    name, group = f"{topic_prefix}golden", f"{topic_prefix}reporting"
    admin.ensure(admin.client(kafka), [Wanted(name, 1, {})])
    told(kafka, name, [b"a", b"b", b"c"])
    place = Partition(name, 0)
    for start, values in ((0, [b"a", b"b", b"c"]), (1, [b"b", b"c"])):
        follower, seen, deadline = Follower(kafka, group, {place: start}), [], time.monotonic() + 30
        while len(seen) < len(values) and time.monotonic() < deadline:
            seen += follower.poll(0.2, 2)
        assert [r.value for r in seen] == values
        follower.show([Offset(name, 0, seen[-1].offset + 1)])
        follower.close()
    until(lambda: waiting(kafka, group) == {place: 0}, "no lag")


def test_another_log_is_not_taken_for_the_one_that_was_read(kafka: str, topic_prefix: str):
    """A topic made anew ends before the stored position: going on there would skip, or repeat, without a word."""
    name = f"{topic_prefix}golden"
    admin.ensure(admin.client(kafka), [Wanted(name, 1, {})])
    with pytest.raises(Fatal, match="ends at 0, read up to 7"):
        Follower(kafka, f"{topic_prefix}reporting", {Partition(name, 0): 7})
