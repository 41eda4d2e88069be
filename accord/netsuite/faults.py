"""NetSuite's error codes and what they mean for us, as data. OH/<id> = the page <id> of Oracle's NetSuite online help.

Bodies come in four shapes: REST's `o:errorDetails`; a RESTlet's `{"error": {code, message}}`, whose message may itself be JSON; a script
error as it is (`{"type": "error.SuiteScriptError", name, message}`), which a script that catches its errors sends with HTTP 200; and
the token endpoint's `{"error": "..."}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from accord.errors import AccordError, Rejected, Transient
from accord.verdict import Verdict, error_of

CONCURRENCY = "OH/bridgehead_1525252812"
RESTLET = "OH/section_4634920277"
REST = "OH/section_156570709583"
CODE_LIST = "OH/section_N3624517"
OURS = "ops/netsuite: our own RESTlet"
ROLE = "give the integration role this permission (ops/netsuite has the role)"

CODES: Mapping[str, Verdict] = {
    "CONCURRENCY_LIMIT_EXCEEDED": Verdict("transient", CONCURRENCY, 0.5),
    "SSS_REQUEST_LIMIT_EXCEEDED": Verdict("transient", CONCURRENCY, 0.5),
    "RCRD_HAS_BEEN_CHANGED": Verdict("transient", CODE_LIST, 0.5),
    "UNEXPECTED_ERROR": Verdict("transient", REST, 2.0),
    "SSS_USAGE_LIMIT_EXCEEDED": Verdict("transient", "OH/section_4640094112: ask for a smaller page", 0.0),
    "SSS_TIME_LIMIT_EXCEEDED": Verdict("transient", "OH/section_4640094112: ask for a smaller page", 0.0),
    "ACCORD_OUT_OF_UNITS": Verdict("transient", OURS, 0.0),
    "ACCORD_GROUP_TOO_LARGE": Verdict("transient", OURS, 0.0),
    "ACCORD_ZONE": Verdict("fatal", OURS, advice="Home > Set Preferences of the integration user"),
    "ACCORD_BAD_REQUEST": Verdict("fatal", OURS),
    "INSUFFICIENT_PERMISSION": Verdict("fatal", CODE_LIST, advice=ROLE),
    "INVALID_LOGIN": Verdict("fatal", REST, advice="see the Login Audit Trail; check the netsuite section of the configuration"),
    "INVALID_LOGIN_ATTEMPT": Verdict("fatal", RESTLET, advice="see the Login Audit Trail; check the netsuite section of the configuration"),
    "INVALID_LOGIN_CREDENTIALS": Verdict("fatal", "OH/article_0320025211", advice="the role must not be 'Web Services Only'"),
    "INVALID_SEARCH": Verdict("fatal", RESTLET, advice="the saved search of the mapping does not exist or is hidden from the role"),
    "SSS_INVALID_SCRIPTLET_ID": Verdict("fatal", RESTLET, advice="deploy ops/netsuite, or correct netsuite.restlet_script and restlet_deploy"),
    "SSS_MISSING_REQD_ARGUMENT": Verdict("fatal", RESTLET),
    "SSS_INVALID_SRCH_COL": Verdict("fatal", CODE_LIST, advice="a field of the mapping is missing in this account: deploy ops/netsuite"),
    "SSS_INVALID_SRCH_FILTER": Verdict("fatal", CODE_LIST, advice="a filter of the mapping names a field that is missing in this account"),
}

#: USER_ERROR is a catch-all (workflow lock, closed period, script text): permanent, but for messages that say "not now".
PASSING = re.compile(r"has been locked|is locked by|record has been changed|being processed|please try again|try again later", re.IGNORECASE)
LATER = Verdict("transient", "USER_ERROR by its message; netsuite.md 9.2", 5.0)

STATUS: Mapping[int, Verdict] = {
    302: Verdict("fatal", RESTLET, advice="wrong data centre: check netsuite.account and the URLs"),
    401: Verdict("fatal", REST, advice="see the Login Audit Trail"),
    403: Verdict("fatal", REST, advice=ROLE),
    429: Verdict("transient", CONCURRENCY, 0.5),
}
REJECTED = Verdict("rejected", REST)
SERVER = Verdict("transient", REST, 2.0)

#: The refusals that say "too many at once" (for the pace).
CROWDED = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "http_429"})
#: There is no record with that id.
MISSING = frozenset({"NONEXISTENT_ID", "RCRD_DSNT_EXIST", "http_404"})
#: Another record has that key already.
TAKEN = frozenset({"DUP_RCRD", "DUP_ENTITY", "UNIQUE_CUST_ID_REQD", "DUP_ITEM", "DUPLICATE_EXTERNAL_ID"})
_TAKEN_TEXT = re.compile(r"already exists|duplicate", re.IGNORECASE)
#: A smaller page may go through.
TOO_MUCH = frozenset({"SSS_USAGE_LIMIT_EXCEEDED", "SSS_TIME_LIMIT_EXCEEDED", "ACCORD_OUT_OF_UNITS"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer."""

    code: str
    message: str
    field: str = ""


def faults_in(body: Any) -> tuple[Fault, ...]:
    """All errors of a parsed answer, none where it holds none."""
    if not isinstance(body, Mapping):
        return ()
    if "o:errorDetails" in body:
        details: Sequence[Mapping[str, Any]] = body["o:errorDetails"]
        named = tuple(
            Fault(str(d.get("o:errorCode", "")), str(d.get("detail", "")), str(d.get("o:errorPath") or d.get("o:errorQueryParam") or "")) for d in details
        )
        return named or (Fault("", str(body.get("title", ""))),)
    if str(body.get("type", "")).startswith("error."):
        return (Fault(str(body.get("name", "")), str(body.get("message", ""))),)
    error = body.get("error")
    if isinstance(error, Mapping):
        return (_nested(str(error.get("code", "")), str(error.get("message", ""))),)
    return (Fault(str(error), str(body.get("error_description", ""))),) if isinstance(error, str) else ()


def _nested(code: str, message: str) -> Fault:
    """A RESTlet's message is often a script error as JSON text: that one is the cause."""
    if message.startswith("{"):
        try:
            inner = msgspec.json.decode(message)
        except msgspec.DecodeError:
            return Fault(code, message)
        if isinstance(inner, dict) and inner.get("name"):
            return Fault(str(inner["name"]), str(inner.get("message", "")))
    return Fault(code, message)


def judge(faults: Sequence[Fault], *, status: int, write: bool, what: str) -> AccordError:
    """The consequence of an answer that is not what was asked for."""
    fault = faults[0] if faults else Fault("", f"HTTP {status}")
    code = fault.code or f"http_{status}"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = f"{what}: {code}: {fault.message}{more}"
    return error_of(_verdict(fault, status), message, code=code, field=fault.field, ambiguous=write and status >= 500)


def _verdict(fault: Fault, status: int) -> Verdict:
    if fault.code == "USER_ERROR" and status == 400 and PASSING.search(fault.message):
        return LATER
    if fault.code in CODES:
        return CODES[fault.code]
    return STATUS.get(status) or (SERVER if status >= 500 else REJECTED)


def missing(error: AccordError) -> bool:
    """Does it say that there is no such record?"""
    return isinstance(error, Rejected) and error.code in MISSING


def taken(error: AccordError) -> bool:
    """Does it say that another record has that key? (How the old codes appear in REST isn't documented: the text counts too.)"""
    return isinstance(error, Rejected) and (error.code in TAKEN or bool(_TAKEN_TEXT.search(str(error))))


def crowded(error: Transient) -> bool:
    """Was it refused because too many calls were under way?"""
    return error.code in CROWDED
