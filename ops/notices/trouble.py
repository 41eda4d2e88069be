"""What is wrong with a record, in the words that stand on the record itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ops.queues.letters import name_of
from schemas.events import DeadLetter, Record
from schemas.ids import SYSTEMS, parse_ref
from streams.mapping import Entity, Reference
from streams.reconcile.draft import Draft
from streams.reconcile.status import trouble
from streams.rules import MISSING, REJECTED, WAITING, Links
from streams.stages.reconcile import reader

DEAD = "dead"
#: What needs a person comes before what may heal by itself.
RANK = {REJECTED: 0, MISSING: 1, WAITING: 2}


class Trouble(NamedTuple):
    """One record's trouble; `system`: where it is told and repaired."""

    key: str
    entity: str
    system: str
    status: str
    code: str
    message: str
    stores: tuple[str, ...] = ()
    ids: Mapping[str, str] = {}


def of_record(record: Record, found: Mapping[str, Entity], reference: Reference, links: Links) -> Trouble | None:
    """The gravest trouble of a record; None = all is well, or it is another record now."""
    entity = found.get(record.entity)
    if entity is None or record.alias:
        return None
    draft = Draft(record, entity.rules, links)
    told = [(system, *trouble(draft, system)) for system in SYSTEMS if system in record.ids]
    bad = sorted((t for t in told if t[1] in RANK), key=lambda t: RANK[t[1]])
    if not bad:
        return None
    system, status, code, message = bad[0]
    return Trouble(record.key, record.entity, system, status, code or "", message or "", stores_of(record, entity, reference), dict(record.ids))


def stores_of(record: Record, entity: Entity, reference: Reference) -> tuple[str, ...]:
    """The store that the record names, else every store of its subsidiary; none where it says neither."""
    read = reader(record, entity.rules.margin_ms)
    values = {name: next((v for s in SYSTEMS if (v := read(s, name))), None) for name in ("store", "subsidiary")}
    if values["store"]:
        return (values["store"],)
    return tuple(code for code, store in reference.stores.items() if values["subsidiary"] and store.subsidiary == values["subsidiary"])


def of_letter(letter: DeadLetter) -> Trouble:
    """A message that could not be decoded or met a bug."""
    key = (letter.key or b"").decode(errors="replace")
    try:
        entity = parse_ref(key).entity
    except ValueError:
        entity = ""
    return Trouble(name_of(letter), entity, "", DEAD, letter.code, f"{letter.stage}: {letter.error} (record {key})")
