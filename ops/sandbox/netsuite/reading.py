"""A record as the REST API shows it: references with names and links, enumerations, sublists in place or as links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.metadata import Field, RecordType, Sublist
from ops.sandbox.netsuite.store import NUMBERS, Record
from ops.sandbox.netsuite.values import country_name, number_out, stamp_out

RECORDS = "/services/rest/record/v1"


@dataclass(frozen=True, slots=True)
class View:
    """How a client asked to see it. `base`: scheme and host that the client used; `fields`: only these, None = all."""

    base: str
    expand: bool = False
    simple_enums: bool = False
    fields: frozenset[str] | None = None

    def link(self, rel: str, path: str) -> dict[str, str]:
        return {"rel": rel, "href": f"{self.base}{RECORDS}{path}"}


def show(account: Account, record: Record, view: View) -> dict[str, Any]:
    """The whole record; what is null is left out."""
    path = f"/{record.type.name}/{record.id}"
    hidden = account.hidden(record.type.name)
    out: dict[str, Any] = {"links": [view.link("self", path)], "id": str(record.id)}
    if record.external_id:
        out["externalId"] = record.external_id
    out[record.type.created] = stamp_out(record.created)
    out["lastModifiedDate"] = stamp_out(record.modified)
    for f in record.type.fields.values():
        if not f.hidden and f.name not in hidden:
            _put(account, out, f, record.values.get(f.name), view, path)
    for sub in (s for s in record.type.sublists.values() if s.name not in hidden):
        out[sub.name] = sublist(account, record, sub, view) if view.expand else {"links": [view.link("self", f"{path}/{sub.name}")]}
    if view.fields is not None:
        out = {name: value for name, value in out.items() if name in view.fields or name in ("links", "id")}
    return out


def sublist(account: Account, record: Record, sub: Sublist, view: View) -> dict[str, Any]:
    path = f"/{record.type.name}/{record.id}/{sub.name}"
    items = [line(account, record, sub, row, view) for row in record.lines.get(sub.name, [])]
    return {"links": [view.link("self", path)], "items": items, "totalResults": len(items)}


def line(account: Account, record: Record, sub: Sublist, row: dict[str, Any], view: View) -> dict[str, Any]:
    """One line with its key and link."""
    key = line_key(sub, row)
    path = f"/{record.type.name}/{record.id}/{sub.name}/{key}"
    out: dict[str, Any] = {"links": [view.link("self", path)]}
    if sub.key and sub.key not in sub.fields:
        out[sub.key] = str(key) if sub.key == "id" else key
    if sub.name == "addressBook":
        out["addressId"] = str(key)
    for f in sub.fields.values():
        _put(account, out, f, row.get(f.name), view, path)
    return out


def line_key(sub: Sublist, row: dict[str, Any]) -> Any:
    return row.get(sub.key) if sub.key in sub.fields else row["line"]


def _put(account: Account, out: dict[str, Any], f: Field, value: Any, view: View, path: str) -> None:
    if f.kind == "bool":
        out[f.name] = value == "T"
    elif value is not None:
        out[f.name] = _value(account, f, value, view, path)
    elif f.kind == "address" and f.arg:
        out[f.name] = {"links": [view.link("self", f"{path}/{f.name}")]}


def _value(account: Account, f: Field, value: Any, view: View, path: str) -> Any:
    if f.kind in NUMBERS:
        return {"value": number_out(value)} if f.kind == "break" else number_out(value)
    if f.kind == "ref":
        return reference(account, f.arg, value, view)
    if f.kind in ("enum", "country"):
        name = country_name(value) if f.kind == "country" else account.metadata.enums[f.arg].get(value, value)
        return value if view.simple_enums else {"id": value, "refName": name}
    if f.kind == "address":
        return _address(value, view, path, f) if view.expand or not f.arg else {"links": [view.link("self", f"{path}/{f.name}")]}
    return stamp_out(value) if f.kind == "datetime" else value


def reference(account: Account, target: str, value: int, view: View) -> dict[str, Any]:
    """{"links", "id", "refName"}; the type in the link is the record's own."""
    if value == -1:
        return {"links": [], "id": "-1", "refName": "Custom"}
    kind = account.metadata.types[target]
    rows = account.store.rows(f'select rectype, "{kind.fields[kind.title].column}" from "{kind.table}" where id=?', (value,))
    name, title = rows[0] if rows else (target, str(value))
    return {"links": [view.link("self", f"/{name}/{value}")], "id": str(value), "refName": str(title)}


def _address(parts: dict[str, Any], view: View, path: str, f: Field) -> dict[str, Any]:
    out: dict[str, Any] = {"links": [view.link("self", f"{path}/{f.name}")]}
    for name, value in parts.items():
        if name == "country" and not view.simple_enums:
            out[name] = {"id": value, "refName": country_name(value)}
        else:
            out[name] = value
    return out


def address(parts: dict[str, Any], view: View, path: str, f: Field) -> dict[str, Any]:
    """A sub-record read by its own URL."""
    return _address(parts, view, path, f)


def collection(items: Iterable[dict[str, Any]], view: View, path: str, query: str, limit: int, offset: int, total: int) -> dict[str, Any]:
    """A page with links self, first, prev, next, last, all absolute with limit and offset."""
    page = list(items)
    base = f"{view.base}{path}"
    more = f"&{query}" if query else ""

    def at(rel: str, place: int) -> dict[str, str]:
        return {"rel": rel, "href": f"{base}?limit={limit}&offset={place}{more}"}

    links = [at("self", offset)]
    if offset:
        links += [at("first", 0), at("prev", max(offset - limit, 0))]
    if offset + len(page) < total:
        links += [at("next", offset + limit), at("last", (total - 1) // limit * limit)]
    return {
        "links": links,
        "count": len(page),
        "hasMore": offset + len(page) < total,
        "items": page,
        "offset": offset,
        "totalResults": total,
    }


def item_links(kind: RecordType, ids: Iterable[int], view: View) -> list[dict[str, Any]]:
    return [{"links": [view.link("self", f"/{kind.name}/{i}")], "id": str(i)} for i in ids]
