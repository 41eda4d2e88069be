"""How records are named. One text form, `entity:system:id`, serves for a source record's address and for an entity key."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

System = Literal["salesforce", "netsuite"]
SYSTEMS: tuple[System, ...] = get_args(System)
OTHER: dict[str, System] = {"salesforce": "netsuite", "netsuite": "salesforce"}


class Ref(NamedTuple):
    """Entity, system and the id there: `item:netsuite:55`.

    The address of a source record; the key of an entity is the address of the record under which it was first seen.
    """

    entity: str
    system: str
    id: str

    def __str__(self) -> str:
        return f"{self.entity}:{self.system}:{self.id}"


def parse_ref(text: str) -> Ref:
    """`entity:system:id` -> Ref. Raises ValueError with what was found."""
    parts = text.split(":", 2)
    if len(parts) != 3 or parts[1] not in OTHER or not parts[0] or not parts[2]:
        raise ValueError(f"not a record address: {text!r} (expected entity:salesforce|netsuite:id)")
    return Ref(*parts)


def to_external(key: str) -> str:
    """Key in the form that both systems can hold: NetSuite's `eid:` allows letters, digits, `_` and `-` only."""
    return key.replace(":", "-", 2)


def from_external(text: str) -> str:
    """Undo `to_external`. Raises ValueError where the text is no key of ours."""
    return str(parse_ref(text.replace("-", ":", 2)))


#: Beginning of the reason of a change or request about a record that was merged into another one of its system.
MERGED = "merged into "


def merged_into(reason: str) -> str:
    """Native id of the survivor that a reason names; empty = it names none."""
    return reason.removeprefix(MERGED) if reason.startswith(MERGED) else ""
