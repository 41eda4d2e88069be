"""Registers: what a system was seen, or is assumed, to hold, and which of it counts.

A register keeps the best event, the last row and the last assumption apart and decides when it is read, because comparing them pairwise is
not transitive: the outcome would depend on the order of arrival. Times are the system's own, epoch milliseconds; `margin` likewise.
"""

from __future__ import annotations

from schemas.events import AssumedValue, EventValue, Register, RowValue

Slot = EventValue | RowValue | AssumedValue
EMPTY = Register()


def seen(register: Register, margin: int) -> EventValue | RowValue | None:
    """The best of event and row. A row has the time at which its query started: within the margin before it, the event wins."""
    event, row = register.event, register.row
    if event is None:
        return row
    if row is None or event.time >= row.time - margin:
        return event
    return row


def top(register: Register, margin: int) -> Slot | None:
    """The slot that counts. An assumption ranks from the moment before it was sent; events within the margin of it beat it."""
    event, best, assumed = register.event, register.row, register.assumed
    if event is not None and (best is None or event.time >= best.time - margin):
        if assumed is None or event.time >= assumed.before - margin:
            return event
        return assumed
    if assumed is None or (best is not None and best.time >= assumed.before):
        return best
    return assumed


def time_of(slot: Slot) -> int:
    return slot.before if isinstance(slot, AssumedValue) else slot.time


def with_event(register: Register, event: EventValue) -> Register:
    """Events are ordered by commit number: clocks skew. The same number twice (a repeat) changes nothing."""
    old = register.event
    if old is not None and old.number >= event.number:
        return register
    return Register(event, register.row, register.assumed)


def with_row(register: Register, row: RowValue) -> Register:
    """The later query start wins; of two queries that started together the greater text, so that order of arrival decides nothing."""
    old = register.row
    if old is not None and (old.time > row.time or (old.time == row.time and (old.value or "") >= (row.value or ""))):
        return register
    return Register(register.event, row, register.assumed)


def with_assumed(register: Register, assumed: AssumedValue) -> Register:
    old = register.assumed
    if old is not None and old.before >= assumed.before:
        return register
    return Register(register.event, register.row, assumed)


def merged(one: Register, other: Register) -> Register:
    """Both registers' knowledge in one."""
    out = one
    if other.event is not None:
        out = with_event(out, other.event)
    if other.row is not None:
        out = with_row(out, other.row)
    if other.assumed is not None:
        out = with_assumed(out, other.assumed)
    return out


def with_slot(register: Register, slot: Slot) -> Register:
    """Take a slot of any kind; the same object comes back when it is not newer."""
    if isinstance(slot, EventValue):
        return with_event(register, slot)
    return with_row(register, slot) if isinstance(slot, RowValue) else with_assumed(register, slot)
