"""Judges what the mapping needs of Salesforce against the descriptions of its objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ops.doctor.needs import Need

#: As `accord.salesforce.rest.Salesforce.describe` answers it: {"fields": {name: field}, "childRelationships": [...]}; None = hidden or not there.
Described = Mapping[str, Mapping[str, Any] | None]
#: Types of describe that can hold a value of our converter. What isn't listed may stand in a text.
HOLDERS: Mapping[str, frozenset[str]] = {
    "bool": frozenset({"boolean"}),
    "not": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"datetime"}),
    **dict.fromkeys(("money", "qty", "pct", "fx"), frozenset({"currency", "double", "percent", "int"})),
    "int": frozenset({"int", "double"}),
    "ref": frozenset({"reference"}),
}
TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "id", "reference", "combobox"})


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is needed and isn't so. `what`: missing, hidden, type, short, create, update, object."""

    need: Need
    what: str
    message: str


def unknown(needs: Iterable[Need], described: Described) -> set[str]:
    """Objects that must be described before the needs can be judged; ask again after describing them."""
    out: set[str] = set()
    for need in needs:
        object_, field = located(need, described)
        wanted = object_ or need.object.partition(".")[0]
        if wanted not in described:
            out.add(wanted)
            continue
        for step in _path(wanted, field, described):
            if step not in described:
                out.add(step)
    return out


def located(need: Need, described: Described) -> tuple[str, str]:
    """(object, field) with a child relationship followed; the object is empty where it can't be followed."""
    root, _, relationship = need.object.partition(".")
    if not relationship:
        return root, need.field
    rows = (described.get(root) or {}).get("childRelationships", ())
    return next((str(row["childSObject"]) for row in rows if row.get("relationshipName") == relationship), ""), need.field


def _path(object_: str, field: str, described: Described) -> list[str]:
    """Objects that a path leads through: `Product2.StockKeepingUnit` of OrderItem leads to Product2."""
    out: list[str] = []
    for name in field.split(".")[:-1]:
        fields = (described.get(object_) or {}).get("fields", {})
        found = next((f for f in fields.values() if f.get("relationshipName") == name), None)
        if found is None or not found.get("referenceTo"):
            return [*out, ""]
        object_ = str(found["referenceTo"][0])
        out.append(object_)
    return out


def gaps(needs: Iterable[Need], described: Described) -> list[Gap]:
    """Everything that is not as it must be. All objects of `unknown` have been described."""
    return [gap for need in needs if (gap := _gap(need, described)) is not None]


def _gap(need: Need, described: Described) -> Gap | None:
    object_, field = located(need, described)
    shown = object_ or need.object
    if not object_ or described.get(object_) is None:
        return Gap(need, "object", f"object {shown} is not there, or hidden")
    path = _path(object_, field, described)
    last = path[-1] if path else object_
    found = ((described.get(last) or {}).get("fields") or {}).get(field.rpartition(".")[2]) if last else None
    if found is None:
        return Gap(need, "missing", f"field {shown}.{field} is not there, or hidden")
    if not path:
        return _unfit(need, f"{shown}.{field}", found)
    return None


def _unfit(need: Need, name: str, found: Mapping[str, Any]) -> Gap | None:
    type_, wanted = str(found["type"]), HOLDERS.get(need.type, TEXTS)
    if (need.create or need.update) and need.type != "id" and type_ not in wanted and need.type not in ("lines", "json", "enum", "map"):
        return Gap(need, "type", f"field {name} is of type {type_}, which can't hold {need.type}")
    if need.update and not found.get("updateable"):
        return Gap(need, "update", f"field {name} may not be edited by this user")
    if need.create and not found.get("createable"):
        return Gap(need, "create", f"field {name} may not be set by this user")
    if (need.create or need.update) and 0 < int(found.get("length") or 0) < need.length:
        return Gap(need, "short", f"field {name} holds {found['length']} characters, the mapping writes up to {need.length}")
    return None
