"""What a replay takes, and what it leaves alone."""

from __future__ import annotations

import pytest

from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.consumer import read_to_end
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Partition, Record
from accord.kafka.registry import ConfluentRegistry
from ops.pipeline import Pipeline
from ops.replay import REPLAYED, Bound, Span, bound, of_entity, replay, within
from producers.outbox import MARKS
from schemas.topics import Topics, pipeline_topics

ACCOUNTS, CUSTOMERS = "change.salesforce.account", "change.netsuite.customer"


@pytest.fixture
def pipeline(kafka, registry, topic_prefix):
    """Four accounts and two contacts changed, a mark at the end; two customers in the other topic."""
    topics = [t for t in pipeline_topics([("salesforce", "Account"), ("netsuite", "customer")], [], []) if t.name in {ACCOUNTS, CUSTOMERS, "audit"}]
    admin.ensure(admin.client(kafka), admin.wanted(topics, topic_prefix))
    found = Pipeline(kafka, {}, Topics(topic_prefix), Codec(ConfluentRegistry(registry)))
    writer = TransactionalWriter(kafka, f"{topic_prefix}test")
    writer.start()
    for name, key in [
        *((ACCOUNTS, f"{kind}:salesforce:{n}") for n in (1, 2) for kind in ("customer", "contact", "customer")),
        (ACCOUNTS, MARKS.decode()),
        *((CUSTOMERS, f"customer:netsuite:{n}") for n in (1, 2)),
    ]:
        writer.begin()
        writer.send(found.topics.name(name), key.encode(), b"x", partition=0)
        writer.commit()
    writer.close()
    return found


def kept(pipeline, topic):
    return list(read_to_end(pipeline.bootstrap, pipeline.topics.name(topic)))


def test_a_stretch_of_one_topic_goes_into_its_own_partition_of_the_backfill_lane_once(pipeline):
    """An hour that was processed with a wrong mapping is taken again, not fourteen days; and a second replay doesn't multiply the first one's."""
    all_ = kept(pipeline, ACCOUNTS)
    span = Span((ACCOUNTS,), Bound(offset=all_[1].offset), Bound(offset=all_[5].offset))
    assert replay(pipeline, span, 5, dry=True).records == 4
    assert kept(pipeline, f"{ACCOUNTS}.backfill") == kept(pipeline, "audit") == [], "a dry run only counts"
    assert replay(pipeline, span, 5).records == 4
    again = kept(pipeline, f"{ACCOUNTS}.backfill")
    assert [(r.key, r.partition) for r in again] == [(r.key, 0) for r in all_[1:5]]
    assert all(REPLAYED in r.headers for r in again)
    (step,) = kept(pipeline, "audit")
    told = pipeline.codec.decode(step.value)
    assert (told.step, told.message) == ("replayed", f"4 changes of {ACCOUNTS} from {all_[1].offset} to {all_[5].offset}")
    assert {name: each.records for name, each in replay(pipeline, Span(), 6, dry=True).topics.items()} == {ACCOUNTS: 6, CUSTOMERS: 2}


def test_no_change_is_lost_between_two_transactions(pipeline, monkeypatch):
    """The change that the next transaction begins with is easily read by the one before, and thrown away."""
    monkeypatch.setattr("ops.replay.TRANSACTION", 2)
    assert replay(pipeline, Span((ACCOUNTS,)), 5).records == 6
    assert [r.key for r in kept(pipeline, f"{ACCOUNTS}.backfill")] == [r.key for r in kept(pipeline, ACCOUNTS)[:6]]


def test_a_stretch_by_time_and_entity(pipeline):
    """People know when it went wrong, and with what; the broker's index finds the rest without reading everything."""
    all_ = kept(pipeline, ACCOUNTS)
    late = all_[3].timestamp
    expected = [r for r in all_ if r.timestamp >= late and r.key.startswith(b"contact:")]
    sent = replay(pipeline, Span((), Bound(time_ms=late), entity="contact"), 5, dry=True)
    assert {name: (s.records, s.first_ms) for name, s in sent.topics.items()} == {ACCOUNTS: (len(expected), expected[0].timestamp)}
    assert replay(pipeline, Span((), Bound(time_ms=all_[-1].timestamp + 3_600_000)), 5, dry=True).records == 0
    assert replay(pipeline, Span((ACCOUNTS,), end=Bound(time_ms=all_[0].timestamp)), 5, dry=True).records == 0


@pytest.mark.parametrize(
    ("span", "word"),
    [(Span(("record",)), "can't be replayed"), (Span(("entity.order",)), "accord report rebuild"), (Span((), Bound(offset=3)), "say which by --topic")],
)
def test_what_is_state_or_unclear_is_refused(pipeline, span, word):
    """State sent again would be taken for news; an offset means nothing without its topic."""
    with pytest.raises(Rejected, match=word):
        replay(pipeline, span, 5)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Bound()),
        ("1200", Bound(offset=1200)),
        ("2026-11-01", Bound(time_ms=1_793_491_200_000)),
        ("2026-11-01T01:00:00+01:00", Bound(time_ms=1_793_491_200_000)),
    ],
)
def test_a_bound_is_an_offset_or_a_time(text, meant):
    """Taken for the other, the one would replay everything and the other nothing."""
    assert bound(text) == meant


def test_a_bound_that_is_neither_is_refused():
    """A typing error must not replay everything."""
    with pytest.raises(Rejected, match="neither an offset nor a time"):
        bound("yesterday")


def test_marks_tombstones_and_earlier_replays_are_left_out():
    """A mark says that a first load has passed: a replay is none."""
    record = Record("t", 0, 7, b"customer:salesforce:1", b"x", 0)
    assert within(record, {Partition("t", 0): 7}, {Partition("t", 0): 8})
    assert not within(record, {Partition("t", 0): 8}, {})
    assert not within(record, {}, {Partition("t", 0): 7})
    assert [within(record._replace(**change), {}, {}) for change in ({"key": MARKS}, {"value": None}, {"headers": (REPLAYED,)})] == [False] * 3
    assert (of_entity(record, ""), of_entity(record, "customer"), of_entity(record, "custom")) == (True, True, False)
