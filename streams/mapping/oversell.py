"""What of a draft order can't be promised: its lines against what the store's locations have free, before it is activated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.events import Link
from streams.mapping.lines import Body, Factory, Hook, dumped, loaded
from streams.mapping.normal import stripped
from streams.mapping.order_lines import salesforce_rows
from streams.mapping.stores import Reference, decimal
from streams.mapping.table import EntityTable
from streams.money import ZERO
from streams.rules import Links, Read

Compute = Callable[[str, Read, Links], str | None]
SF = "salesforce"
#: Status of an order that can still be changed; afterwards NetSuite's own commitments tell.
DRAFT = "Draft"
STOCKED = frozenset({"inventory", "assembly"})
#: Items that NetSuite sells although there are none: short, but no oversell.
BACK_ORDERED = frozenset({"ENABLE", "ENABLENMSG"})
ENOUGH = "Enough in stock."
MESSAGE_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """One line that is shipped from stock. `free`: what earlier lines leave of it; `receipt`: day of the next one, empty if none is known."""

    number: int
    key: str
    wanted: Decimal
    free: Decimal
    receipt: str
    back_ordered: bool

    @property
    def short(self) -> Decimal:
        return max(ZERO, self.wanted - self.free)


def judged(read: Read, links: Links, reference: Reference) -> list[Judged] | None:
    """All lines of a draft that are shipped from stock; None where the order is no draft (any more), or names no store."""
    store = reference.store(read(SF, "store"))
    if read(SF, "sf_status") != DRAFT or store is None:
        return None
    notes = {row["key"]: row for row in loaded(read(SF, "line_notes"))}
    taken: dict[str, Decimal] = {}
    out: list[Judged] = []
    for number, row in enumerate(loaded(read(SF, "lines")), 1):
        place = notes.get(row["key"], {}).get("location") or read(SF, "location")
        line = _judged(number, row, [place] if place else list(store.locations), links, reference, taken)
        if line is not None:
            out.append(line)
    return out


def _judged(number: int, row: Mapping[str, str], places: list[str], links: Links, reference: Reference, taken: dict[str, Decimal]) -> Judged | None:
    link = _link(links, row.get("item"))
    parts = list(_parts(link, links)) if link else []
    if link is None or not parts:
        return None
    wanted = decimal(row.get("quantity")) or ZERO
    free, days = [], []
    for part, each in parts:
        stock = [_link(links, f"inventory:netsuite:{part.ids.get('netsuite')}-{reference.codes['locations'].get(p)}") for p in places]
        here = sum((max(ZERO, decimal(s.facts.get("available")) or ZERO) for s in stock if s), ZERO) - taken.get(part.key, ZERO)
        taken[part.key] = taken.get(part.key, ZERO) + wanted * each
        free.append(max(ZERO, here // each if len(parts) > 1 or each != 1 else here))
        days.append(min((s.facts["next_receipt"] for s in stock if s and s.facts.get("next_receipt")), default=""))
    return Judged(number, row["key"], wanted, min(free), max(days), link.facts.get("out_of_stock") in BACK_ORDERED)


def _parts(link: Link, links: Links) -> Iterator[tuple[Link, Decimal]]:
    """What leaves the stock for one of it: itself, or the members of a kit."""
    if link.facts.get("kind") in STOCKED:
        yield link, Decimal(1)
    elif link.facts.get("kind") == "kit":
        for member in loaded(link.facts.get("members")):
            part, each = _link(links, member.get("item")), decimal(member.get("quantity")) or ZERO
            if part is not None and each > 0 and part.facts.get("kind") in STOCKED:
                yield part, each


def _link(links: Links, ref: str | None) -> Link | None:
    key = links.key_of(ref) if ref else None
    return links.link(key) if key else None


# ---------------------------------------------------------------- what is written


def line_stock(reference: Reference) -> Compute:
    """What is free, and what is short, of each line."""

    def compute(_target: str, read: Read, links: Links) -> str | None:
        lines = judged(read, links, reference)
        return dumped([{"key": j.key, "available": _number(j.free), "short": _number(j.short)} for j in lines]) if lines else None

    return compute


def oversell(reference: Reference) -> Compute:
    """Would NetSuite have to order something that it doesn't sell without having it?"""

    def compute(_target: str, read: Read, links: Links) -> str | None:
        lines = judged(read, links, reference)
        return None if lines is None else "true" if any(j.short and not j.back_ordered for j in lines) else "false"

    return compute


def stock_message(reference: Reference) -> Compute:
    """The short lines in words, or that there is enough."""

    def compute(_target: str, read: Read, links: Links) -> str | None:
        lines = judged(read, links, reference)
        if not lines:
            return None
        store = reference.store(read(SF, "store"))
        return " · ".join(_words(j, store.code if store else "") for j in lines if j.short)[:MESSAGE_LIMIT] or ENOUGH

    return compute


def _words(line: Judged, store: str) -> str:
    receipt = f", next receipt {line.receipt}" if line.receipt else ""
    return f"Line {line.number}: {_number(line.wanted)} wanted, {_number(line.free)} free at {store}{receipt}"


def _number(value: Decimal) -> str:
    return stripped(format(value, "f"), 6)


# ---------------------------------------------------------------- what is read


def salesforce_stock(_columns: tuple[str, ...], table: EntityTable, reference: Reference) -> Hook:
    rows = salesforce_rows(table, reference)

    def read(body: Body) -> str | None:
        return dumped([{name: row.get(name) for name in ("key", "available", "short")} for row in rows(body)])

    return read


def stock_normal(text: str) -> str:
    """Lines of which something was said; numbers without trailing zeros."""
    told = [row for row in loaded(text) if row.get("available") is not None or row.get("short") is not None]
    return dumped([{"key": row["key"], **{n: stripped(row.get(n) or "0", 6) for n in ("available", "short")}} for row in told])


OVERSELL_HOOKS: Mapping[str, Factory] = {"salesforce_stock": salesforce_stock}
