"""Counts, hashes and keys: what a survey finds, and how few calls it makes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.drift.buckets import LEAF, Bucket, Key, Range, hashed, ordered
from ops.drift.survey import survey

PAGE = 1000


class Town:
    """A system of (id -> stamp) that counts calls; with or without a hash, like NetSuite or Salesforce."""

    def __init__(self, rows: Mapping[str, int], *, hashes: bool) -> None:
        self.rows, self.hashes, self.calls = rows, hashes, 0

    async def buckets(self, ranges: list[Range]) -> list[Bucket]:
        self.calls += 1 if self.hashes else len(ranges)
        return [self._bucket(within) for within in ranges]

    def _bucket(self, within: Range) -> Bucket:
        inside = self._inside(within)
        return Bucket(len(inside), max((self.rows[i] for i in inside), default=0), hashed(inside) if self.hashes else None)

    async def keys(self, within: Range, since_ms: int) -> list[Key]:
        found = [Key(i, self.rows[i]) for i in self._inside(within) if self.rows[i] >= since_ms]
        self.calls += max(1, -(-len(found) // PAGE))
        return found

    def _inside(self, within: Range) -> list[str]:
        low, high = int(within.low or 0), int(within.high or 1 << 60)
        return [i for i in self.rows if low <= int(i) < high]


def look(rows, known, since=0, until=1 << 50, *, hashes=True):
    town = Town(rows, hashes=hashes)
    return set(asyncio.run(survey(town, known, since, until)).suspects), town.calls


IDS = st.integers(1, 400).map(str)


@given(st.dictionaries(IDS, st.integers(1, 50), max_size=60), st.integers(50, 60), st.booleans())
def test_nothing_is_suspect_where_both_agree(rows, seen, hashes):
    """A comparison that cries wolf each night is switched off, and then finds nothing at all."""
    assert look(rows, dict.fromkeys(rows, seen), hashes=hashes)[0] == set()


@given(st.dictionaries(IDS, st.integers(1, 50), max_size=60), st.sets(IDS, max_size=9), st.sets(IDS, max_size=9), st.sets(IDS, max_size=9))
def test_whatever_came_went_or_changed_is_suspect_and_nothing_else(both, new, lost, changed):
    """One order that nobody knows of is one that is never billed."""
    new, lost = new - both.keys(), lost - both.keys() - new
    changed &= both.keys()
    rows = {**both, **dict.fromkeys(new, 10)} | dict.fromkeys(changed, 99)
    known = dict.fromkeys([*both, *lost], 60)
    assert look(rows, known)[0] == new | lost | changed


def test_what_is_young_may_still_be_under_way():
    """The pipeline needs seconds: a change that it is about to take must not be reported as lost."""
    assert look({"1": 100, "2": 100}, {"1": 50}, until=90)[0] == set()
    assert look({"1": 100, "2": 100}, {"1": 50}, until=100)[0] == {"1", "2"}


def test_one_lost_and_one_new_record_are_found_by_the_hash_although_their_number_is_right():
    """Counts alone are content with a customer deleted and another one made."""
    rows = {str(n): 10 for n in range(1, 101)}
    known = {**dict.fromkeys(rows, 60), "777": 60}
    del known["50"]
    assert look(rows, known, since=50)[0] == {"50", "777"}


@pytest.mark.parametrize("hashes", [True, False])
def test_forty_thousand_records_that_agree_cost_one_call_and_one_lost_one_a_few_more(hashes):
    """A full read costs forty calls a night, which the account's users would miss."""
    rows = {str(n): 10 for n in range(40_000)}
    assert look(rows, dict.fromkeys(rows, 60), hashes=hashes) == (set(), 1)
    known = {**dict.fromkeys(rows, 60), "90000": 60}
    suspects, calls = look(rows, known, hashes=hashes)
    assert suspects == {"90000"}
    assert calls < (10 if hashes else 25) < len(rows) / PAGE


def test_a_thousand_changes_since_the_last_comparison_cost_their_keys_only():
    """The cost must follow what changed, not what there is."""
    rows = {str(n): 100 if n % 100 == 0 else 10 for n in range(40_000)}
    suspects, calls = look(rows, {i: 60 if at == 10 else 100 for i, at in rows.items()}, since=70)
    assert (suspects, calls) == (set(), 2)


def test_ids_stand_in_each_systems_own_order():
    """Ranges cut in another order than the system's would leave gaps in which a record is never counted."""
    assert ordered(["10", "9", "100"]) == ["9", "10", "100"]
    assert ordered(["001b", "001A", "0010"]) == ["0010", "001A", "001b"]
    assert LEAF <= 2 * PAGE
