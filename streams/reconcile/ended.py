"""When reports must forget a record."""

from __future__ import annotations

from schemas.events import Record
from streams.reconcile.draft import GONE
from streams.reconcile.registers import top
from streams.rules import Rules


def ended(record: Record, rules: Rules) -> bool:
    """It is part of another record now, or no system has it any more, or its master's was deleted where that takes the mirror along.

    A customer that was deleted on one side only stays: the orders of the other side name it.
    """
    slots = {system: top(register, rules.margin_ms) for system, register in record.presence.items()}
    gone = {system for system, slot in slots.items() if slot is not None and slot.value == GONE}
    mirror_goes = rules.master in gone and rules.on_delete(rules.master) == "delete"
    return bool(record.alias) or mirror_goes or (bool(gone) and len(gone) == len(slots))
