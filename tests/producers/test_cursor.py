from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.brake import HOUR_MS, Brake, Stopped
from producers.cursor import WIDEST_MS, Cursor, horizon, moved, read, text, widened
from producers.packed import ROOM, pack_contents, pack_ids, unpack_contents, unpack_ids
from producers.seen import Seen


def test_the_cursor_never_passes_the_horizon() -> None:
    """A save that began before the query and commits after it would lie behind the cursor for good."""
    at = 1_000_000
    limit = horizon(at, 10_000, 300_000)
    assert limit == 690_000
    assert moved(Cursor(), 995_000, "7", limit, complete=False, at_ms=at).since_ms == limit
    assert moved(Cursor(), 500_000, "7", limit, complete=False, at_ms=at) == Cursor(since_ms=500_000, since_id="7", at=at)
    assert moved(Cursor(), 500_000, "7", limit, complete=True, at_ms=at) == Cursor(since_ms=limit, at=at)


def test_a_cursor_survives_its_text() -> None:
    """A position that reads back differently loses rows at the next start."""
    cursor = Cursor("ACC", 5, "7", done=True, definition="h", overlap_ms=9, rows=3, at=4)
    assert read(text(cursor)) == cursor
    assert read(None) == Cursor()


def test_the_overlap_widens_to_twice_the_lateness_and_has_a_bound() -> None:
    """Too narrow loses the next late commit; without a bound one odd record would make every round read everything."""
    assert widened(300_000, 200_000) == 400_000
    assert widened(300_000, 10) == 300_000
    assert widened(300_000, 10 * WIDEST_MS) == WIDEST_MS


def test_only_the_newest_content_of_a_record_counts_as_seen() -> None:
    """A, B, A within one second: a set of all contents would swallow the last A."""
    seen = Seen()
    told = []
    for content in ("A", "A", "B", "A"):
        if seen.fresh("1", 5, content):
            seen.note("1", 5, content)
            told.append(content)
    assert told == ["A", "B", "A"]
    seen.forget(6)
    assert len(seen) == 0


def test_the_brake_takes_many_deletions_for_a_mistake() -> None:
    """A permission taken away looks like everything deleted; passed on, it would empty the other system."""
    brake = Brake("netsuite.deleted")
    brake.admit(20, 0)
    with pytest.raises(Stopped, match="accord position confirm netsuite"):
        brake.admit(1, 1000)
    brake.admit(1, HOUR_MS + 1)
    Brake("big").admit(100, 0, total=10_000)
    with pytest.raises(Stopped):
        Brake("big").admit(101, 0, total=10_000)


def test_a_person_releases_the_brake_for_a_while() -> None:
    """A confirmation that lasted for ever would be no brake the next time."""
    brake = Brake("x")
    brake.confirm(5000)
    brake.admit(500, 4999)
    with pytest.raises(Stopped):
        brake.admit(1, 5000)


@given(st.sets(st.one_of(st.integers(0, 10**9).map(str), st.from_regex(r"[A-Za-z0-9]{15,18}", fullmatch=True))))
def test_id_sets_survive_packing(ids: set[str]) -> None:
    """An id lost in packing would be taken for a deleted record."""
    packed = pack_ids(ids)
    assert packed is not None
    assert unpack_ids(packed) == ids


@given(st.dictionaries(st.from_regex(r"[0-9]{1,6}-[0-9]-[A-Z]{3}", fullmatch=True), st.from_regex(r"[0-9a-f]{16}", fullmatch=True)))
def test_contents_survive_packing(contents: dict[str, str]) -> None:
    """A hash that is lost in packing would tell every price as changed at each start."""
    packed = pack_contents(contents)
    assert packed is not None
    assert unpack_contents(packed) == contents


def test_a_hundred_thousand_ids_fit_into_one_position() -> None:
    """A position is one record, and the broker takes 1 MB."""
    packed = pack_ids(str(i) for i in range(1, 300_000, 3))
    assert packed is not None
    assert len(packed) < ROOM / 10
    assert len(pack_contents({str(i): f"{i * 2654435761 % 2**64:016x}" for i in range(200_000 // 64)})) < ROOM / 10
