"""A record is forgotten because a person asked (GDPR, article 17): what its state still says about it ends here. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.events import Claim, Erasure, Learned, Record
from schemas.ids import Ref
from streams.reconcile.draft import GONE
from streams.reconcile.registers import top


@dataclass(frozen=True, slots=True)
class Erased:
    """`names`: every address that the record was known by. `claims`: withdrawn. `learned`: tell resolve that nothing older brings an id back."""

    names: tuple[str, ...]
    claims: tuple[Claim, ...]
    learned: tuple[Learned, ...]


def kept(record: Record, margin_ms: int) -> str:
    """Why it can't be erased now; empty = it can. What a system still holds would be read again; a write under way would be answered."""
    if record.alias:
        return ""
    there = [s for s in record.ids if (register := record.presence.get(s)) is None or (slot := top(register, margin_ms)) is None or slot.value != GONE]
    if there:
        return f"it is still in {' and '.join(sorted(there))}: delete it there first"
    under_way = sorted(target for target, fields in record.wanted.items() if fields)
    return f"a write to {' and '.join(under_way)} is under way: ask again when it has ended" if under_way else ""


def erase(record: Record, asked: Erasure) -> Erased:
    """What must be told of a record that nobody holds any more."""
    addresses = tuple(dict.fromkeys(str(ref) for ref in _refs(record)))
    claims = tuple(Claim(v, record.entity, s, record.key, withdrawn=True, lane=asked.lane) for s, values in record.claims.items() for v in values)
    learned = tuple(Learned(ref.entity, ref.system, ref.id, "", asked.at) for ref in dict.fromkeys(_refs(record)))
    return Erased(tuple(dict.fromkeys((record.key, *addresses))), claims, learned)


def _refs(record: Record) -> Iterator[Ref]:
    """Every id it has or had."""
    yield from (Ref(record.entity, system, ident) for system, ident in record.ids.items())
    for entry in record.retired:
        system, _, ident = entry.partition(":")
        yield Ref(record.entity, system, ident)
