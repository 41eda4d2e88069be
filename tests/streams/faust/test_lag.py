"""Which lane has to wait."""

from __future__ import annotations

from accord.kafka.records import Partition
from streams.faust.lag import PATIENCE_S, Lag

LIVE = Partition("live", 0)


def test_the_backfill_waits_until_every_live_partition_was_seen_at_its_end():
    """After a restart nothing is known of the live lane: a backfill of a million must not go first."""
    lag = Lag()
    lag.assigned([LIVE, Partition("live", 1)])
    assert lag.lagging(0)
    lag.ended(LIVE)
    assert lag.lagging(0)
    lag.ended(Partition("live", 1))
    assert not lag.lagging(0)


def test_a_live_backlog_stops_the_backfill_until_it_is_read():
    """A salesperson's change must not wait behind a backfill."""
    lag = Lag()
    lag.assigned([])
    lag.seen(LIVE, 10.0)
    assert lag.lagging(10.0 + PATIENCE_S)
    lag.seen(LIVE, 11.0)
    assert lag.lagging(11.0)
    lag.ended(LIVE)
    assert not lag.lagging(11.0)


def test_a_trickle_of_live_events_does_not_stop_the_backfill():
    """Live events that are read at once are no lag; pausing for each would throw prefetched records away and starve the backfill."""
    lag = Lag()
    lag.assigned([])
    for n in range(100):
        lag.seen(LIVE, n * 0.1)
        assert not lag.lagging(n * 0.1 + 0.05)
        lag.ended(LIVE)
