"""What one committed transaction becomes on the event bus: folded, merged, cut off by overflow. Pure.

Source: Change Data Capture guide ("Change Events", "Merged Change Events", "Gap Events", "Overflow Events").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ops.sandbox.salesforce import replay
from ops.sandbox.salesforce.journal import Entry

OVERFLOW_AT = 100_000  # changes of one transaction (overflow events, CDC guide)
OVERFLOW = "GAP_OVERFLOW"


@dataclass(frozen=True, slots=True)
class BusEvent:
    """One event on the bus before it is rendered for a subscriber.

    `at`: bus position. `entries`: the journal entries that it stands for, one record each; for an overflow only the first that was cut.
    `change`: changeType of the header.
    """

    at: int
    object: str
    change: str
    sequence: int
    entries: tuple[Entry, ...]

    @property
    def record_ids(self) -> tuple[str, ...]:
        return () if self.change == OVERFLOW else tuple(entry.record_id for entry in self.entries)


def transactions(entries: Iterable[Entry]) -> Iterable[list[Entry]]:
    """Split a run of the journal at commit numbers."""
    group: list[Entry] = []
    for entry in entries:
        if group and group[0].commit_number != entry.commit_number:
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def bus_events(transaction: Sequence[Entry], overflow_at: int = OVERFLOW_AT) -> list[BusEvent]:
    """The events of one transaction in order, over all objects."""
    kept, cut = _cut(_fold(transaction), overflow_at)
    events: list[BusEvent] = []
    for entry in kept:
        last = events[-1] if events else None
        if last is not None and _mergeable(last.entries[0], entry):
            events[-1] = replace(last, entries=(*last.entries, entry))
        else:
            at = replay.position(entry.commit_number, entry.sequence)
            events.append(BusEvent(at, entry.object, entry.change, entry.sequence, (entry,)))
    for entry in _first_of_each_object(cut):
        at = replay.position(entry.commit_number, entry.sequence)
        events.append(BusEvent(at, entry.object, OVERFLOW, entry.sequence, (entry,)))
    return events


def _fold(transaction: Sequence[Entry]) -> list[Entry]:
    """Several changes of one record in one transaction are one event with the final state, at the place of the first."""
    folded: dict[str, Entry] = {}
    for entry in transaction:
        before = folded.get(entry.record_id)
        if before is None:
            folded[entry.record_id] = entry
            continue
        together = _together(before, entry)
        if together is None:
            del folded[entry.record_id]
        else:
            folded[entry.record_id] = together
    return list(folded.values())


def _together(first: Entry, second: Entry) -> Entry | None:
    """What two changes of one record amount to; None when nothing is left."""
    if second.change == "DELETE":
        return None if first.change == "CREATE" else replace(second, sequence=first.sequence)
    if first.change in {"CREATE", "UNDELETE"}:
        return replace(second, sequence=first.sequence, change=first.change, changed=(), nulled=())
    if first.change == "DELETE":
        return None
    changed = tuple(dict.fromkeys((*first.changed, *second.changed)))
    nulled = tuple(name for name in changed if name in {*first.nulled, *second.nulled} and second.values.get(name) is None)
    return replace(second, sequence=first.sequence, changed=changed, nulled=nulled)


def _cut(entries: Sequence[Entry], limit: int) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Creates, deletes and undeletes count one, each changed field of an update counts one."""
    count = 0
    for index, entry in enumerate(entries):
        count += len(entry.changed) if entry.change == "UPDATE" else 1
        if count > limit:
            return entries[:index], entries[index:]
    return entries, ()


def _first_of_each_object(entries: Iterable[Entry]) -> list[Entry]:
    firsts: dict[str, Entry] = {}
    for entry in entries:
        firsts.setdefault(entry.object, entry)
    return list(firsts.values())


def _mergeable(first: Entry, other: Entry) -> bool:
    """The same change to another record of the object: same fields, same values."""
    if (first.object, first.change, first.changed, first.nulled) != (other.object, other.change, other.changed, other.nulled):
        return False
    if first.change == "DELETE":
        return True
    if first.change == "UPDATE":
        return all(first.values.get(name) == other.values.get(name) for name in first.changed)
    return {**first.values, "Id": None} == {**other.values, "Id": None}
