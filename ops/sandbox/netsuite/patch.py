"""A request body as a patch: parsed values, lines and external id, after name and value validation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ops.sandbox.netsuite import values
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.metadata import Field, Metadata, RecordType, Sublist
from ops.sandbox.netsuite.store import Record

Validation = Literal["error", "warning", "ignore"]
IGNORED = frozenset({"links", "id", "externalId", "createdDate", "dateCreated", "lastModifiedDate", "refName", "totalResults"})
LINE_IGNORED = frozenset({"links", "line", "id", "addressId", "lineNumber", "refName"})


class Resolver(Protocol):
    """What parsing asks of the account."""

    metadata: Metadata

    def resolve(self, target: str, ref: Mapping[str, Any] | str | int, path: str) -> int: ...
    def hidden(self, record_type: str) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How strictly a body is read and how its sublists replace (query parameters and headers of the REST API).

    `names`: X-NetSuite-PropertyNameValidation, `data`: X-NetSuite-PropertyValueValidation, `replace`: ?replace=,
    `clear`: ?replaceSelectedFields=true.
    """

    names: Validation = "warning"
    data: Validation = "error"
    replace: frozenset[str] = frozenset()
    clear: bool = False


STRICT = Manner(names="error")


@dataclass(slots=True)
class Patch:
    """What a body asks for. `lines`: sublist -> lines as sent, parsed, with the key under "line" where one was sent."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    external_id: str | None = None
    manner: Manner = field(default_factory=Manner)


def parse(account: Resolver, kind: RecordType, body: Mapping[str, Any], manner: Manner) -> Patch:
    """Raises what NetSuite raises: unknown names (when validated as error), bad values, names that resolve to nothing."""
    patch = Patch(manner=manner)
    hidden = account.hidden(kind.name)
    if body.get("externalId") is not None:
        patch.external_id = str(body["externalId"])
    for name, raw in body.items():
        if name in IGNORED and name not in kind.fields:
            continue
        known = kind.fields.get(name)
        if name in kind.sublists and name not in hidden:
            patch.lines[name] = list(_lines(account, kind.sublists[name], raw, manner))
        elif known is None or known.hidden or name in hidden:
            _unknown(name, manner)
        elif not known.readonly:
            _value(account, known, raw, name, manner, patch.values)
    if manner.clear:
        patch.values |= {name: None for name in manner.replace if name in kind.fields and body.get(name) is None}
    return patch


def _value(account: Resolver, f: Field, raw: Any, path: str, manner: Manner, out: dict[str, Any]) -> None:
    if raw is None and f.kind == "ref":
        return  # a reference is cleared by replaceSelectedFields only
    try:
        out[f.name] = values.parse(f, raw, path, account.metadata.enums, account.resolve)
    except NsError:
        if manner.data == "error":
            raise


def _unknown(path: str, manner: Manner) -> None:
    """By default a misspelt field is dropped with a 204 (OH/section_156570709583)."""
    if manner.names == "error":
        name = path.rsplit(".", 1)[-1]
        raise NsError("NONEXISTENT_FIELD", f"Error while accessing a resource. Unknown field name {name}.", errorPath=path)


def _lines(account: Resolver, sub: Sublist, raw: Any, manner: Manner) -> Iterable[dict[str, Any]]:
    items = raw.get("items") if isinstance(raw, dict) else raw
    if not isinstance(items, list):
        raise NsError("INVALID_CONTENT", "Invalid content in the request body.", errorPath=sub.name)
    for place, item in enumerate(items):
        path = f"{sub.name}.items[{place}]"
        if not isinstance(item, dict):
            raise NsError("INVALID_CONTENT", "Invalid content in the request body.", errorPath=path)
        yield _line(account, sub, item, path, manner)


def _line(account: Resolver, sub: Sublist, item: dict[str, Any], path: str, manner: Manner) -> dict[str, Any]:
    line: dict[str, Any] = {}
    key = item.get(sub.key) if sub.key else None
    if key is None and sub.name == "addressBook":
        key = item.get("addressId")
    if key is not None and sub.key not in sub.fields:
        line["line"] = _key(key, path)
    for name, raw in item.items():
        f = sub.fields.get(name)
        if f is None:
            if name not in LINE_IGNORED:
                _unknown(f"{path}.{name}", manner)
        elif not f.readonly:
            _value(account, f, raw, f"{path}.{name}", manner, line)
    if line.get("amount") is not None and "rate" in sub.fields:
        line["_amount"] = True  # an amount that was sent stands, whatever rate x quantity says
    line |= {f"_{flag}": True for flag in ("defaultBilling", "defaultShipping") if line.get(flag) == "T"}  # the last one set wins
    return line


def _key(raw: Any, path: str) -> int:
    if not str(raw).isdigit():
        raise NsError("INVALID_CONTENT", f"Error while accessing a resource. Invalid line key {raw}.", errorPath=path)
    return int(raw)


def apply(record: Record, patch: Patch, next_line: Any) -> None:
    """Put the patch onto the record. `next_line(sublist)`: a fresh key for an added line."""
    for name, value in patch.values.items():
        if value is None:
            record.values.pop(name, None)
        elif record.type.fields[name].kind == "address":
            merged = {**record.values.get(name, {}), **value}
            record.values[name] = values.settle_state({k: v for k, v in merged.items() if v is not None}, name)
        else:
            record.values[name] = value
    if patch.external_id is not None:
        record.external_id = patch.external_id
    for name, sent in patch.lines.items():
        sub = record.type.sublists[name]
        record.lines[name] = merge(sub, record.lines.get(name, []), sent, replace=name in patch.manner.replace, next_line=next_line)


def merge(sub: Sublist, have: list[dict[str, Any]], sent: list[dict[str, Any]], *, replace: bool, next_line: Any) -> list[dict[str, Any]]:
    """Keyed lines and cells of a matrix are updated, others added; with `replace` those not sent are gone and the order is the sent one."""
    by_key = {_line_key(sub, line): line for line in have}
    out = [] if replace else list(have)
    for place, change in enumerate(sent):
        key = _line_key(sub, change)
        line = by_key.get(key) if key is not None else None
        if line is None and key is not None and not sub.cell and sub.key not in sub.fields:
            raise NsError("INVALID_CONTENT", f"Error while accessing a resource. Line {key} does not exist.", errorPath=f"{sub.name}.items[{place}]")
        if line is None:
            line = {"line": next_line(sub)}
            out.append(line)
        elif replace:
            out.append(line)
        _update(line, change, sub, f"{sub.name}.items[{place}]")
    return out


def _line_key(sub: Sublist, line: Mapping[str, Any]) -> Any:
    if sub.cell:
        return tuple(line.get(name, default) for name, default in sub.cell.items())
    return line.get(sub.key if sub.key in sub.fields else "line") if sub.key else None


def _update(line: dict[str, Any], change: Mapping[str, Any], sub: Sublist, path: str) -> None:
    for name, value in change.items():
        if value is None:
            line.pop(name, None)
        elif name in sub.fields and sub.fields[name].kind == "address":
            merged = {**line.get(name, {}), **value}
            line[name] = values.settle_state({k: v for k, v in merged.items() if v is not None}, f"{path}.{name}")
        else:
            line[name] = value
