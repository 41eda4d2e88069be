"""References in a write's body: `{"$ref": "entity:system:id"}` becomes the target's own id, or it is said what is missing.

`{"$ref": ..., "name": "SKU-9"}` says what people call it, for where no link tells.

The record itself may be named too (a child of a record that is being created): it stays as `{"$self": true}` until its id is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from accord.links import survivor
from schemas.events import Link, Part, Write
from schemas.ids import OTHER, parse_ref
from sinks.checks import checks, kept

SELF: Mapping[str, bool] = {"$self": True}
NAMES = {"salesforce": "Salesforce", "netsuite": "NetSuite"}
#: Documents are sold in NetSuite: there a record out of use can't be named. What has happened (a price, a fulfilment) is told all the same.
SELLS = frozenset({"netsuite"})
INACTIVE_ITEM = "inactive_item"
#: What each missing entity is called, where the write's options name no code (`ref_codes`).
CODES = {"item": "missing_sku", "customer": "missing_customer"}


class Index(Protocol):
    """The links, as far as they have been read (accord.links)."""

    def key_of(self, ref: str) -> str | None: ...
    def link(self, key: str) -> Link | None: ...


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that can't be filled in. `final`: waiting doesn't help, the record named must change (or another be named).

    check: the record is there, but not as the write asks (sinks.checks).
    """

    ref: str
    code: str
    message: str
    final: bool = False
    check: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """One part of a write with its references filled in. `body` and `seeds` in the target's own shape, numbers as int or Decimal."""

    object: str
    id: str
    key: str
    body: Mapping[str, Any]
    seeds: Mapping[str, Any]


def fill(write: Write, links: Index) -> tuple[tuple[Body, ...], tuple[Missing, ...]]:
    """Bodies for the target, and what is missing (then nothing may be sent). Option `after`: a record that must be there first."""
    codes = {**CODES, **json.loads(write.options.get("ref_codes", "{}"))}
    missing: dict[str, Missing] = {}
    own = links.key_of(write.key) or write.key

    def found(ref: str, line: int, name: str) -> Any:
        key = links.key_of(ref)
        if ref == write.key or key == own:
            return SELF
        there = survivor(links, key, write.target)
        link = links.link(there) if there else None
        fault = _fault(ref, link, codes, line, name, write)
        if fault:
            missing.setdefault(f"{fault.code}|{ref}", fault)
            return ref
        return link.ids[write.target] if link else ref

    if before := write.options.get("after"):
        found(before, 0, "")
    bodies = tuple(_part(part, found, seeds=n > 0 or not write.id) for n, part in enumerate(write.parts))
    for check in checks(write):
        there = survivor(links, links.key_of(check.ref), write.target)
        link = links.link(there) if there else None
        if there and link is not None and not check.holds(link.facts):
            missing.setdefault(f"{check.code}|{there}", Missing(there, check.code, check.told(link.facts), check.final, kept(check)))
    return bodies, tuple(missing.values())


def with_self(value: Any, own_id: str) -> Any:
    """The same body with the record's own id where it names itself."""
    if isinstance(value, Mapping):
        return own_id if value == SELF else {k: with_self(v, own_id) for k, v in value.items()}
    return [with_self(v, own_id) for v in value] if isinstance(value, list) else value


def _part(part: Part, found: Callable[[str, int, str], Any], *, seeds: bool) -> Body:
    body = _walk(json.loads(part.body or "{}", parse_float=Decimal), found, 0)
    extra = _walk(json.loads(part.seeds or "{}", parse_float=Decimal), found, 0) if seeds else {}
    return Body(part.object, part.id, part.key, body, extra)


def _walk(value: Any, found: Callable[[str, int, str], Any], line: int) -> Any:
    if isinstance(value, dict):
        ref = value.get("$ref")
        if isinstance(ref, str):
            return found(ref, int(value.get("line", line)), str(value.get("name", "")))
        return {k: _walk(v, found, line) for k, v in value.items()}
    if isinstance(value, list):
        out, n = [], 0
        for v in value:
            n += _names_another(v)  # a discount line under an item names nothing of ours: people don't count it
            out.append(_walk(v, found, n))
        return out
    return value


def _names_another(value: Any) -> bool:
    if isinstance(value, dict):
        return "$ref" in value or any(_names_another(v) for v in value.values())
    return isinstance(value, list) and any(_names_another(v) for v in value)


def _fault(ref: str, link: Link | None, codes: Mapping[str, str], line: int, name: str, write: Write) -> Missing | None:
    entity, target, store = parse_ref(ref).entity, write.target, write.options.get("sold_by", "")
    facts = {**({"name": name} if name else {}), **(link.facts if link else {})}
    at = f"Line {line}: " if line else ""
    what = facts.get("sku") or facts.get("name") or ref
    if link is not None and target in SELLS and entity == "item" and not _in_use(link):
        return Missing(ref, INACTIVE_ITEM, f'{at}"{what}" is no longer sold{f" by {store}" if store else ""}. Replace it or ask the product team.', final=True)
    if link is not None and target in SELLS and link.standing == "deleted":
        return Missing(ref, codes.get(entity, f"missing_{entity}"), f'{at}The {entity} "{what}" was deleted.', final=True)
    if link is not None and link.ids.get(target):
        return None
    return Missing(ref, codes.get(entity, f"missing_{entity}"), at + _unknown(ref, entity, facts, write))


def _in_use(link: Link) -> bool:
    return link.standing == "active" and link.facts.get("inactive") != "true"


def _unknown(ref: str, entity: str, facts: Mapping[str, str], write: Write) -> str:
    where = NAMES[write.target]
    if entity == "item":
        return f'product "{facts.get("sku") or facts.get("name") or _native(ref)}" does not exist in {where} yet. The {write.entity} is sent by itself once it does.'
    return f'The {entity} "{facts.get("name") or _native(ref)}" is not in {where} yet.'


def _native(ref: str) -> str:
    address = parse_ref(ref)
    return f"{NAMES[address.system]} {address.id}" if address.system in OTHER else ref
