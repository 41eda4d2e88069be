"""What a document tells others, as its `[tells]` table says: amounts to its order, events to the order's timeline, and who must be read again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.events import Values
from schemas.ids import Ref, parse_ref, to_external
from streams.mapping.lines import loaded
from streams.mapping.normal import stripped
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.mapping.when import Test, condition
from streams.money import ZERO
from streams.rules import Links, News, Read, Word

SOURCE = "netsuite"
#: Stands as the hook of a field that no system has: documents tell it.
TOLD = "told"
#: The entity of the order's timeline.
EVENT = "order_event"
#: Fields that name the document which this one was made from; its link knows the order.
VIA = ("invoice", "return", "credit_memo")
PLACE = re.compile(r"\{([a-z_.]+)\}")
#: Keys of `[tells]` and of each `[[tells.events]]`.
KEYS = frozenset({"refresh", "amounts", "when", "reverted", "amount", "events"})
EVENT_KEYS = frozenset({"type", "text", "when", "was", "suffix", "amount", "quantity", "tracking"})
#: Sums of an order over its documents, and what its payment status is called.
AMOUNTS = ("invoiced", "credited", "paid", "open")
UNPAID, PART_PAID, PAID = "unpaid", "part_paid", "paid"


@dataclass(frozen=True, slots=True)
class Event:
    """One `[[tells.events]]`."""

    type: str
    spec: Mapping[str, str]
    when: Test
    was: Test


def order_of(read: Read, links: Links) -> str | None:
    """The document's order: as its own field says, or as the link of the document that it was made from knows."""
    own = read(SOURCE, "order") or read(SOURCE, "source_order")
    if own:
        return own
    for field in VIA:
        ref = read(SOURCE, field)
        key = links.key_of(ref) if ref else None
        link = links.link(key) if key else None
        if link is not None and (found := link.facts.get("order")):
            return found
    return None


def teller(table: EntityTable, reference: Reference) -> Callable[[str, Read, Read, Links, bool], News] | None:
    """None: this entity tells nobody anything."""
    spec = table.section("tells")
    if not spec:
        return None
    counts = condition(spec.get("when", ()), SOURCE, reference)
    events = [
        Event(e["type"], e, condition(e.get("when", ()), SOURCE, reference), condition(e.get("was", ()), SOURCE, reference)) for e in spec.get("events", ())
    ]

    def tells(key: str, before: Read, now: Read, links: Links, gone: bool) -> News:
        stale = tuple(dict.fromkeys(ref for path in spec.get("refresh", ()) for read in (now, before) for ref in _refs(read, path, now, links)))
        order = key if table.entity == "order" else order_of(now, links)
        if order is None:
            return News((), stale)
        words = [_word(e.type, e.spec, key, order, now) for e in events if not gone and e.when(now) and e.was(before)]
        if gone and "reverted" in spec:
            words.append(_word("reverted", {"text": spec["reverted"], "amount": spec.get("amount", "")}, key, order, now))
        if not gone and spec.get("amounts") and counts(now):
            words.append(Word(order, "order", {name: now(SOURCE, field) for name, field in spec["amounts"].items()}))
        return News(tuple(words), stale)

    return tells


def _refs(read: Read, path: str, now: Read, links: Links) -> Iterator[str]:
    """Addresses that a path names: `customer`, `applications.invoice`, or the document's order. Only NetSuite's own can be read there."""
    for ref in [order_of(now, links)] if path == "order" else _values(read, path):
        native = _native(ref, links) if ref else None
        if native:
            yield native


def _native(ref: str, links: Links) -> str | None:
    if parse_ref(ref).system == SOURCE:
        return ref
    key = links.key_of(ref)
    link = links.link(key) if key else None
    return str(Ref(parse_ref(ref).entity, SOURCE, link.ids[SOURCE])) if link is not None and SOURCE in link.ids else None


def _values(read: Read, path: str) -> list[str]:
    """A field's value, or a child field's of every row."""
    name, _, child = path.partition(".")
    value = read(SOURCE, name)
    if not child:
        return [value] if value else []
    return [str(row[child]) for row in loaded(value) if row.get(child)]


def _word(type_: str, spec: Mapping[str, str], key: str, order: str, read: Read) -> Word:
    document = parse_ref(key)
    suffix = stripped(read(SOURCE, spec["suffix"]) or "", 6).replace(".", "_") if spec.get("suffix") else ""
    ident = "-".join(part for part in (document.id, type_, suffix) if part)
    quantities = [decimal(v) or ZERO for v in _values(read, spec.get("quantity", ""))]
    fields: dict[str, str | None] = {
        "order": order, "type": type_, "at": _midnight(read(SOURCE, "date")), "document": to_external(key), "number": read(SOURCE, "number"),
        "text": PLACE.sub(lambda m: ", ".join(_values(read, m[1])), spec["text"]).strip(),
        "amount": read(SOURCE, spec["amount"]) if spec.get("amount") else None,
        "currency": read(SOURCE, "currency"),
        "quantity": format(sum(quantities, ZERO), "f") if quantities else None,
        "tracking": ", ".join(_values(read, spec.get("tracking", ""))) or None,
    }  # fmt: skip
    return Word(str(Ref(EVENT, SOURCE, ident)), EVENT, fields, once=True)


def _midnight(date: str | None) -> str | None:
    return f"{date}T00:00:00Z" if date else None


def rolled(told: Sequence[str]) -> Values:
    """What an order's documents amount to. A credit lowers what is open on its invoice, so `open` needs no credit taken off."""
    rows: list[dict[str, Any]] = [msgspec.json.decode(text) for text in told]
    sums = {name: sum((decimal(row.get(name)) or ZERO for row in rows), ZERO) for name in AMOUNTS}
    billed = any(row.get("invoiced") is not None for row in rows)
    status = None if not billed else PAID if sums["open"] <= 0 else PART_PAID if sums["paid"] > 0 else UNPAID
    return {**{name: format(value, "f") for name, value in sums.items()}, "payment_status": status}
