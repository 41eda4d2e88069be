"""The REST record service: create, read, change, delete, upsert, transform, attach, list (netsuite.md section 8.1)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from ops.sandbox.netsuite import catalog, reading
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.attach import attach
from ops.sandbox.netsuite.call import Answer, Call
from ops.sandbox.netsuite.errors import NsError, missing, permission, user_error
from ops.sandbox.netsuite.metadata import RecordType
from ops.sandbox.netsuite.patch import Manner, Validation
from ops.sandbox.netsuite.qfilter import Filter
from ops.sandbox.netsuite.reading import RECORDS, View
from ops.sandbox.netsuite.sight import sees
from ops.sandbox.netsuite.store import Record
from ops.sandbox.netsuite.transform import transform

EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
MAX_LIMIT = 1000
LOCKED = "This record has been locked by a user defined workflow."


def handle(account: Account, call: Call, stamp: str = "") -> Answer:
    """One synchronous call below /services/rest/record/v1. `stamp`: when the save began, for late commits."""
    parts = [unquote(p) for p in call.path.removeprefix(RECORDS).strip("/").split("/")]
    if parts[0] == "metadata-catalog":
        return catalog.handle(account, call, parts[1:])
    kind = account.kind(parts[0])
    _check_permission(account, kind, call)
    if len(parts) == 1:
        return _on_type(account, call, kind, stamp)
    if len(parts) == 4 and parts[2] == "!transform" and call.method == "POST":
        source = _id(account, kind, parts[1])
        made = transform(account, kind.name, source, parts[3], call.document() if call.body else {}, manner(call), stamp=stamp)
        return _made(call, parts[3], made)
    if len(parts) == 5 and parts[2:4] == ["!attach", "contact"] and call.method == "POST":
        other = _id(account, account.kind("contact"), parts[4])
        attach(account, kind.name, _id(account, kind, parts[1]), other, call.document() if call.body else {}, stamp=stamp)
        return Answer(204)
    if len(parts) == 2:
        return _on_record(account, call, kind, parts[1], stamp)
    if call.method == "GET" and len(parts) in (3, 4):
        return _part(account, call, account.get(kind.name, _id(account, kind, parts[1])), parts[2:])
    raise NsError("NONEXISTENT_ID", "Invalid URL", 404, errorUrl=call.path)


def manner(call: Call) -> Manner:
    """Headers and parameters that say how the body is taken."""
    replace = frozenset(filter(None, call.params.get("replace", "").split(",")))
    return Manner(_validation(call, "name", "warning"), _validation(call, "value", "error"), replace, call.flag("replaceSelectedFields"))


def _validation(call: Call, what: str, default: Validation) -> Validation:
    sent = call.headers.get(f"x-netsuite-property{what}validation", default).lower()
    if sent not in ("error", "warning", "ignore"):
        header = f"X-NetSuite-Property{what.capitalize()}Validation"
        raise NsError("INVALID_HEADER", f"Invalid value of the header {header}.", errorHeader=header)
    return sent  # type: ignore[return-value]


def view(call: Call) -> View:
    fields = call.params.get("fields")
    return View(call.base, call.flag("expandSubResources"), call.flag("simpleEnumFormat"), frozenset(fields.split(",")) if fields else None)


def _check_permission(account: Account, kind: RecordType, call: Call) -> None:
    for fault in account.faults.active():
        if fault.name == "permission_removed" and "field" not in fault.params and fault.match.get("type") == kind.name:
            raise permission(f"You need the permission for {kind.name} records to access this resource.")
    if call.method != "GET" and account.faults.strike("record_locked", type=kind.name, method=call.method):
        raise user_error(LOCKED)


def _id(account: Account, kind: RecordType, text: str) -> int:
    """The internal id of `123` or `eid:X`; 404 where there is none."""
    if text.startswith("eid:"):
        found = account.by_external(kind.name, _external(text))
        if found is None or not sees(account, kind, found):
            raise missing(f"{RECORDS}/{kind.name}/{text}")
        return found
    if not text.isdigit() or not sees(account, kind, int(text)):
        raise missing(f"{RECORDS}/{kind.name}/{text}")
    return int(text)


def _external(text: str) -> str:
    external = text[4:]
    if not EXTERNAL_ID.fullmatch(external):
        raise NsError("INVALID_CONTENT", "Invalid external ID. Use only letters, digits, underscores and hyphens.", errorUrl=text)
    return external


def _made(call: Call, name: str, record_id: int) -> Answer:
    return Answer(204, headers={"Location": f"{call.base}{RECORDS}/{name}/{record_id}"})


def _on_type(account: Account, call: Call, kind: RecordType, stamp: str) -> Answer:
    if call.method == "POST":
        return _made(call, kind.name, account.create(kind.name, call.document(), manner(call), stamp=stamp))
    if call.method == "GET":
        return _list(account, call, kind)
    raise NsError("METHOD_NOT_ALLOWED", f"Method {call.method} is not allowed.", 405)


def _list(account: Account, call: Call, kind: RecordType) -> Answer:
    limit, offset = paging(call, MAX_LIMIT)
    where, params = "rectype=?", [kind.name]
    text = call.params.get("q", "")
    if text:
        query = Filter(account, kind, text)
        where += f" and {query.sql()}"
        params += query.params
    total = account.store.rows(f'select count(*) from "{kind.table}" where {where}', params)[0][0]
    rows = account.store.rows(f'select id from "{kind.table}" where {where} order by id limit ? offset ?', (*params, limit, offset))
    shown = view(call)
    items = reading.item_links(kind, (row[0] for row in rows), shown)
    rest = "&".join(p for p in call.query.split("&") if p and p.partition("=")[0] not in ("limit", "offset"))
    return Answer(200, reading.collection(items, shown, call.path, rest, limit, offset, total), "collection")


def paging(call: Call, default: int) -> tuple[int, int]:
    """A limit of 1 to 1000 and an offset that is a multiple of it (OH/section_156414087576)."""
    try:
        limit, offset = int(call.params.get("limit", default)), int(call.params.get("offset", 0))
    except ValueError:
        raise NsError("INVALID_PARAMETER", "Invalid limit or offset. Provide a number.", errorQueryParam="limit") from None
    if not 1 <= limit <= MAX_LIMIT:
        raise NsError("INVALID_PARAMETER", "Invalid limit. Provide a number from 1 to 1000.", errorQueryParam="limit")
    if offset < 0 or offset % limit:
        raise NsError("INVALID_PARAMETER", "Invalid offset. The offset must be divisible by the limit.", errorQueryParam="offset")
    return limit, offset


def _on_record(account: Account, call: Call, kind: RecordType, text: str, stamp: str) -> Answer:
    if call.method == "PUT":
        return _upsert(account, call, kind, text, stamp)
    record_id = _id(account, kind, text)
    if call.method == "GET":
        record = account.find(kind.name, record_id)
        if record is None:
            raise missing(call.path)
        return Answer(200, reading.show(account, record, view(call)))
    if call.method == "PATCH":
        account.update(kind.name, record_id, call.document(), manner(call), stamp=stamp)
        return _made(call, kind.name, record_id)
    if call.method == "DELETE":
        account.delete(kind.name, record_id)
        return Answer(204)
    raise NsError("METHOD_NOT_ALLOWED", f"Method {call.method} is not allowed.", 405)


def _upsert(account: Account, call: Call, kind: RecordType, text: str, stamp: str) -> Answer:
    """PUT eid: creates or updates (OH/article_0807093604)."""
    if not text.startswith("eid:"):
        raise NsError("INVALID_CONTENT", "To use the PUT method, provide the external ID of the record.", errorUrl=call.path)
    external = _external(text)
    body = {**call.document(), "externalId": external}
    found = account.by_external(kind.name, external)
    if found is None:
        return _made(call, kind.name, account.create(kind.name, body, manner(call), stamp=stamp))
    account.update(kind.name, found, body, manner(call), stamp=stamp)
    return _made(call, kind.name, found)


def _part(account: Account, call: Call, record: Record, names: list[str]) -> Answer:
    """A sublist, one line of it, or an address by its own URL."""
    shown = view(call)
    f = record.type.fields.get(names[0])
    if f is not None and f.kind == "address" and not f.hidden:
        path = f"/{record.type.name}/{record.id}"
        return Answer(200, reading.address(record.values.get(f.name, {}), shown, path, f))
    sub = record.type.sublists.get(names[0])
    if sub is None:
        raise NsError("NONEXISTENT_ID", "Invalid URL", 404, errorUrl=call.path)
    if len(names) == 1:
        return Answer(200, _lines(account, call, record, names[0]), "collection")
    row = next((r for r in record.lines[sub.name] if str(reading.line_key(sub, r)) == names[1]), None)
    if row is None:
        raise missing(call.path)
    return Answer(200, reading.line(account, record, sub, row, shown))


def _lines(account: Account, call: Call, record: Record, name: str) -> dict[str, Any]:
    """Lines in full with expandSubResources, else their links."""
    shown = view(call)
    sub = record.type.sublists[name]
    whole = reading.sublist(account, record, sub, shown)
    if not shown.expand:
        whole["items"] = [{"links": item["links"]} for item in whole["items"]]
    return whole | {"count": len(whole["items"]), "hasMore": False, "offset": 0}
