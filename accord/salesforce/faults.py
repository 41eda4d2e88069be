"""Salesforce's error codes and what they mean for us, as data. Sources: REST API guide "Status Codes and Error Responses" unless said otherwise.

There are four shapes of errors: a list of {errorCode, message, fields}; collections' rows with {statusCode, message, fields}; Bulk's
`sf__Error` text; and the token endpoint's {error, error_description}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.errors import AccordError
from accord.verdict import Verdict, error_of

REST = "REST/errorcodes.htm"
LIMITS = "Salesforce Developer Limits and Allocations Quick Reference"
SOAP = "SOAP API guide, StatusCode"
PERMIT = "assign the permission set Accord_Integration, or deploy ops/salesforce"

#: Code -> verdict on a write of one record. What is not here and is no 5xx is Rejected: a person must look at it.
CODES: Mapping[str, Verdict] = {
    "UNABLE_TO_LOCK_ROW": Verdict("transient", SOAP, 1.0),
    "ENTITY_IS_LOCKED": Verdict("transient", f"{SOAP}: locked by an approval, which ends some day", 5.0),
    "REQUEST_RUNNING_TOO_LONG": Verdict("transient", REST, 5.0),
    "QUERY_TIMEOUT": Verdict("transient", REST, 5.0),
    "TOO_MANY_APEX_REQUESTS": Verdict("transient", SOAP, 5.0),
    "PROCESSING_HALTED": Verdict("transient", "REST, Composite Graph: a victim of another row", 0.0),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Verdict("transient", "REST/resources_composite_sobjects_collections: a victim of another row", 0.0),
    "REQUEST_LIMIT_EXCEEDED": Verdict("transient", LIMITS, 60.0),
    "SERVER_UNAVAILABLE": Verdict("transient", REST, 5.0),
    "UNKNOWN_EXCEPTION": Verdict("transient", REST, 5.0),
    "INVALID_QUERY_LOCATOR": Verdict("transient", "REST/resources_query_more_results.htm: a locator lives two days", 0.0),
    "UNPROCESSED": Verdict("transient", "BULK: unprocessed records of a job", 5.0),
    "JOB_NOT_COMPLETE": Verdict("transient", "BULK/query_get_job_results.htm", 1.0),
    "INVALID_SESSION_ID": Verdict("transient", REST, 0.0),
    "API_DISABLED_FOR_ORG": Verdict("fatal", REST, advice="the API must be enabled for this org and user"),
    "API_CURRENTLY_DISABLED": Verdict("fatal", REST, advice="the API must be enabled for this org and user"),
    "USER_DEACTIVATED": Verdict("fatal", "JWT bearer flow", advice="activate the integration user"),
}

#: Codes that end a reader: what it needs can't be read, and a value that isn't read would look like null.
READ_CODES: Mapping[str, Verdict] = {
    "INVALID_FIELD": Verdict("fatal", REST, advice=f"the field is missing or hidden from the integration user: {PERMIT}"),
    "INVALID_TYPE": Verdict("fatal", REST, advice=f"the object is missing or hidden from the integration user: {PERMIT}"),
    "INSUFFICIENT_ACCESS": Verdict("fatal", REST, advice=PERMIT),
    "INSUFFICIENT_ACCESS_OR_READONLY": Verdict("fatal", REST, advice=PERMIT),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Verdict("fatal", REST, advice=PERMIT),
    "FUNCTIONALITY_NOT_ENABLED": Verdict("fatal", REST, advice=PERMIT),
    "FeatureNotEnabled": Verdict("fatal", "BULK guide", advice="the Bulk API is not enabled in this org"),
}

#: Where the same code hides something that passes by itself. Matched in lower case.
PATTERNS: tuple[tuple[str, re.Pattern[str], Verdict], ...] = (
    ("REQUEST_LIMIT_EXCEEDED", re.compile("concurrent"), Verdict("transient", LIMITS, 5.0)),
    ("", re.compile("record currently unavailable|unable_to_lock_row|unable to obtain exclusive access"), Verdict("transient", SOAP, 1.0)),
)

#: HTTP status without a code we know.
STATUS: Mapping[int, Verdict] = {
    401: Verdict("fatal", REST, advice="the org refuses the token just made: check the app's policies and IP ranges"),
    408: Verdict("transient", REST, 1.0),
    420: Verdict("transient", REST, 5.0),
    429: Verdict("transient", REST, 5.0),
}
REJECTED = Verdict("rejected", REST)
SERVER = Verdict("transient", REST, 2.0)
#: The refusals that say "too many at once".
CROWDED = frozenset({420, 429})


@dataclass(frozen=True, slots=True)
class RowError:
    """One error of one record, whatever shape it came in."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


def row_errors(content: Any) -> tuple[RowError, ...]:
    """Errors of a parsed answer: a list (REST, collections), one object, or a list of URLs (300: several records have that key)."""
    items: Sequence[Any] = content if isinstance(content, list) else [content]
    out = []
    for item in items:
        if isinstance(item, Mapping):
            code = item.get("errorCode") or item.get("statusCode") or item.get("exceptionCode") or item.get("error") or ""
            message = item.get("message") or item.get("exceptionMessage") or item.get("error_description") or ""
            out.append(RowError(str(code), str(message), tuple(item.get("fields") or ())))
        elif item:
            out.append(RowError("", str(item)[:500]))
    return tuple(out)


def bulk_error(text: str) -> RowError:
    """`sf__Error`: "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"."""
    code, _, rest = text.partition(":")
    message, _, fields = rest.rpartition(":")
    named = tuple(f.strip() for f in fields.removesuffix("--").split(",") if f.strip())
    return RowError(code, message or rest, named)


def judge(errors: Sequence[RowError], *, status: int = 400, write: bool, what: str = "") -> AccordError:
    """The consequence of these errors. A victim of another row's failure never hides the culprit."""
    culprit = next((e for e in errors if e.code not in {"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}), None)
    error = culprit or (errors[0] if errors else RowError("", f"HTTP {status}"))
    verdict = _verdict(error, status, write=write)
    message = f"{what}: {error.code or f'HTTP {status}'}: {error.message}" if what else f"{error.code}: {error.message}"
    ambiguous = write and status >= 500
    code = error.code or f"http_{status}"
    return error_of(verdict, message, code=code, field=", ".join(error.fields), ambiguous=ambiguous)


def _verdict(error: RowError, status: int, *, write: bool) -> Verdict:
    for code, pattern, verdict in PATTERNS:
        if code in {"", error.code} and pattern.search(error.message.lower()):
            return verdict
    if not write and error.code in READ_CODES:
        return READ_CODES[error.code]
    if error.code in CODES and status != 401:
        return CODES[error.code]
    return STATUS.get(status) or (SERVER if status >= 500 else REJECTED)


#: OAuth token errors (help.salesforce.com "OAuth 2.0 Error Codes"): every one needs a person, but for a server that is down.
TOKEN_ADVICE: Mapping[str, str] = {
    "invalid_grant": "check user name, private key, the user's pre-authorisation for the app, and this machine's clock",
    "invalid_client_id": "check salesforce.client_id",
    "invalid_client": "check salesforce.client_id and the client secret",
    "unsupported_grant_type": "the app does not allow this flow: choose another salesforce.auth",
    "invalid_request": "the app needs a 'Run As' user for client credentials",
    "app_not_found": "salesforce.login_url must be the org's My Domain address",
}
