"""Faults of the HTTP side, by their name on the switchboard. `match` narrows where they strike, `params` says how.

| name | match | params | what happens |
|---|---|---|---|
| latency | method, shape | seconds | every matching call takes this much longer |
| error | method, shape, object | status, code, message | the call is refused so: 401 INVALID_SESSION_ID, 403 REQUEST_LIMIT_EXCEEDED, 420, 500, 502, 503 ... |
| lock_row | object, id | | this row is refused with UNABLE_TO_LOCK_ROW (single, collections, Bulk alike) |
| row_error | object, id | code, message, fields | this row is refused with that code |
| reset_before_commit | method, shape | | the connection is cut, nothing was written |
| reset_after_commit | method, shape | | all is written, the connection is cut without an answer |
| late_commit | method, shape | seconds | stamps are taken at once, the commit comes that much later |
| token_revoked | user | | the session of the next call is ended: 401 |
| permission_removed | | object, field (optional) | the field (or the whole object) is hidden: INVALID_FIELD, INVALID_TYPE, null in events |
| trigger | object | field, value (or prefix) | a trigger alters the value that is written, in the same save |
| async_flow | object | field, value, seconds | a flow alters it in a transaction of its own, later (0 by default), origin empty |
| truncate | object | field, length | the field is cut to that length without a word |
| validation_rule | object | message, field | FIELD_CUSTOM_VALIDATION_EXCEPTION |
| not_unique | | object, field | the admin forgot the mark "unique": the field takes a value twice, and calls by such a key answer 300 |
| daily_limit | | | the day's calls are used up: 403 REQUEST_LIMIT_EXCEEDED, "TotalRequests Limit exceeded." |
| clock_skew | | seconds | stamps of records are that much off while it is on |

`shape` is the path with ids and values left out ("/sobjects/{object}/{id}"), as `GET /counts` shows it.
"""

from __future__ import annotations

from ops.sandbox.faults import Fault, Switchboard


def on(faults: Switchboard, name: str) -> list[Fault]:
    """The faults of one name that are switched on; asking strikes nothing."""
    return [fault for fault in faults.active() if fault.name == name]


def hidden(faults: Switchboard, object_name: str, field: str | None = None) -> bool:
    """A permission was taken away: the object (field None) or one field can't be seen."""
    for fault in on(faults, "permission_removed"):
        wanted = fault.params | fault.match
        if wanted.get("object") == object_name and wanted.get("field") in ({None} if field is None else {None, field}):
            return True
    return False


def may_repeat(faults: Switchboard, object_name: str, field: str) -> bool:
    """The field's mark "unique" was forgotten."""
    wanted = {"object": object_name, "field": field}
    return any(wanted.items() <= (fault.params | fault.match).items() for fault in on(faults, "not_unique"))


def skew(faults: Switchboard) -> float:
    """Seconds by which the stamps are off."""
    return sum(float(fault.params.get("seconds", 0)) for fault in on(faults, "clock_skew"))
