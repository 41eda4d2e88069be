"""Registers: which of what was heard counts."""

from __future__ import annotations

from itertools import permutations

import pytest

from schemas.events import AssumedValue, EventValue, Register, RowValue
from streams.reconcile.registers import EMPTY, Slot, merged, seen, top, with_slot

MARGIN = 5


def finals(*slots: Slot) -> set[str | None]:
    """The values that count at the end, over all orders of arrival."""
    out = set()
    for order in permutations(slots):
        register = EMPTY
        for slot in order:
            register = with_slot(register, slot)
        best = top(register, MARGIN)
        out.add(best.value if best else None)
    return out


def test_the_value_does_not_depend_on_the_order_of_arrival() -> None:
    """split_register: compared pairwise, event 6 beats event 5, the row beats event 6 and event 5 beats the row: each order ended in
    another value, and two workers that replayed the same topic disagreed for ever."""
    assert finals(EventValue(5, 100, "old"), EventValue(6, 96, "new"), RowValue(103, "row")) == {"row"}


def test_events_are_ordered_by_commit_number_and_not_by_time() -> None:
    """Clocks of Salesforce's servers differ: by time the older of two commits would win and an edit be lost."""
    assert finals(EventValue(5, 100, "old"), EventValue(6, 96, "new")) == {"new"}


def test_within_the_margin_an_event_beats_a_row() -> None:
    """A row whose query started just after the commit may have been read before it: the row's old value would bury the edit."""
    assert finals(EventValue(5, 100, "event"), RowValue(105, "row")) == {"event"}
    assert finals(EventValue(5, 100, "event"), RowValue(106, "row")) == {"row"}


def test_an_event_of_our_own_write_beats_the_assumption_though_its_clock_is_behind() -> None:
    """assumed_margin: a trigger changed what we wrote, and the event's clock is one behind ours: the trigger's value was ignored."""
    assert finals(AssumedValue(100, 104, "ours"), EventValue(9, 99, "trigger's")) == {"trigger's"}


def test_an_assumption_is_ranked_at_the_time_before_it_was_sent() -> None:
    """rank_at_send: ranked at the answer it would outlive a value that was seen after our write took effect."""
    assert finals(AssumedValue(100, 140, "ours"), RowValue(120, "later")) == {"later"}
    assert finals(AssumedValue(100, 140, "ours"), RowValue(99, "earlier")) == {"ours"}


def test_two_rows_of_one_moment_end_alike_in_every_order() -> None:
    """Two queries may start in the same millisecond and see different values: arrival must not decide which stays."""
    assert len(finals(RowValue(100, "x"), RowValue(100, "y"))) == 1
    assert len(finals(RowValue(100, None), RowValue(100, "y"))) == 1


@pytest.mark.parametrize("slot", [EventValue(5, 100, "v"), RowValue(100, "v"), AssumedValue(100, 104, "v")])
def test_a_repeat_leaves_the_register_itself(slot: Slot) -> None:
    """Every topic may be replayed: a repeat that counts as new would be decided on again."""
    once = with_slot(EMPTY, slot)
    assert with_slot(once, slot) is once


def test_seen_never_answers_with_an_assumption() -> None:
    """A stage read from what we only assume would give a document's lines to another owner before the target moved."""
    assert seen(Register(None, None, AssumedValue(100, 104, "ours")), MARGIN) is None


def test_merged_registers_hold_the_best_of_both() -> None:
    """A handover that kept only one side's slots would let a value older than the other key's come back."""
    one = Register(EventValue(5, 100, "e5"), RowValue(50, "r50"), None)
    other = Register(EventValue(4, 90, "e4"), RowValue(60, "r60"), AssumedValue(70, 71, "a"))
    assert merged(one, other) == Register(EventValue(5, 100, "e5"), RowValue(60, "r60"), AssumedValue(70, 71, "a"))
    assert merged(other, one) == merged(one, other)
