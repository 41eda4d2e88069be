from dataclasses import replace

from ops.sandbox.salesforce import replay
from ops.sandbox.salesforce.journal import FIRST_COMMIT
from tests.ops.sandbox.salesforce_pubsub.test_cdc import PLAIN

HOUR = replay.HOUR_MS
NOW = 1_790_000_000_000


class Ledger:
    """Commits at given hours before NOW."""

    def __init__(self, *hours_ago: float) -> None:
        numbered = enumerate(hours_ago, FIRST_COMMIT + 1)
        self.entries = [replace(PLAIN, commit_number=number, commit_ms=int(NOW - ago * HOUR)) for number, ago in numbered]

    @property
    def last(self) -> int:
        return self.entries[-1].commit_number if self.entries else FIRST_COMMIT

    def since(self, commit_number, limit):
        return [entry for entry in self.entries if entry.commit_number > commit_number][:limit]

    def subscribe(self, callback):
        return lambda: None


def test_ids_are_ten_bytes_ending_in_zeros_and_eight_bytes_mean_the_same():
    """A client in use keeps only the first eight bytes and must be able to come back."""
    raw = replay.encode(replay.position(FIRST_COMMIT + 7, 3))
    assert (len(raw), raw[8:]) == (10, b"\0\0")
    assert replay.decode(raw[:8]) == replay.decode(raw) == replay.position(FIRST_COMMIT + 7, 3)
    assert replay.decode(raw) < 2**53


def test_what_is_no_id_is_none():
    """Garbage must be refused, not read as some position."""
    assert [replay.decode(raw) for raw in (b"", b"abc", b"\0" * 9 + b"\1")] == [None, None, None]


def test_an_id_ages_out_after_72_hours():
    """A position older than the bus keeps must be refused: resuming there would silently skip what was dropped."""
    ledger = Ledger(73, 71)
    old, young = (replay.position(entry.commit_number, 1) for entry in ledger.entries)
    assert (replay.alive(ledger, old, NOW), replay.alive(ledger, young, NOW)) == (False, True)


def test_an_id_of_another_org_is_refused():
    """An id beyond the newest commit was never given out here."""
    ledger = Ledger(1)
    assert not replay.alive(ledger, replay.position(ledger.last + 1, 1), NOW)


def test_a_keepalive_keeps_a_quiet_topic_resumable():
    """Nothing was committed for four days: the last event's own id is dead, the keepalive's id of an hour ago is not."""
    ledger = Ledger(96)
    mark = replay.quiet(ledger, ledger.last, NOW - HOUR)
    assert not replay.alive(ledger, replay.position(ledger.last, 1), NOW)
    assert replay.alive(ledger, mark, NOW)
    assert not replay.alive(ledger, mark, NOW + 74 * HOUR)


def test_earliest_is_before_the_oldest_event_kept():
    """EARLIEST gives all of the 72 hours and nothing before."""
    ledger = Ledger(100, 80, 73, 72, 50, 1)
    assert [entry.commit_number for entry in ledger.since(replay.commit_of(replay.earliest(ledger, NOW)), 9)] == [
        FIRST_COMMIT + 4,
        FIRST_COMMIT + 5,
        FIRST_COMMIT + 6,
    ]
    assert replay.commit_of(replay.earliest(Ledger(), NOW)) == FIRST_COMMIT
