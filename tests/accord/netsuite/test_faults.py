from __future__ import annotations

import pytest

from accord.errors import Fatal, Rejected, Transient
from accord.netsuite.faults import Fault, crowded, faults_in, judge, missing, taken


def detail(code: str, text: str, path: str = "") -> dict[str, object]:
    return {"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": text, "o:errorCode": code, "o:errorPath": path}]}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (detail("INVALID_CONTENT", "no such item", "item.items[0].item"), Fault("INVALID_CONTENT", "no such item", "item.items[0].item")),
        ({"error": {"code": "SSS_INVALID_SCRIPTLET_ID", "message": "none"}}, Fault("SSS_INVALID_SCRIPTLET_ID", "none")),
        (
            {
                "error": {
                    "code": "UNEXPECTED_ERROR",
                    "message": '{"type":"error.SuiteScriptError","name":"ACCORD_ZONE","message":"set it to GMT"}',
                }
            },
            Fault("ACCORD_ZONE", "set it to GMT"),
        ),
        (
            {"type": "error.SuiteScriptError", "name": "SSS_USAGE_LIMIT_EXCEEDED", "message": "units"},
            Fault("SSS_USAGE_LIMIT_EXCEEDED", "units"),
        ),
        ({"error": "invalid_client"}, Fault("invalid_client", "")),
    ],
)
def test_all_shapes_of_errors_are_read(body: object, fault: Fault) -> None:
    """A script error wrapped in another is the cause; taken by its wrapper it would be retried for ever."""
    assert faults_in(body) == (fault,)


def test_an_answer_without_a_fault_has_none() -> None:
    """An ordinary answer that was taken for a fault would reject good records."""
    assert faults_in({"rows": [], "version": "1.0.0"}) == faults_in([1]) == faults_in(None) == ()


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("CONCURRENCY_LIMIT_EXCEEDED", "blocked", 429, Transient),
        ("SSS_REQUEST_LIMIT_EXCEEDED", "blocked", 400, Transient),
        ("RCRD_HAS_BEEN_CHANGED", "raced", 400, Transient),
        ("USER_ERROR", "This record has been locked by a workflow.", 400, Transient),
        ("USER_ERROR", "Please enter value(s) for: Company Name", 400, Rejected),
        ("INVALID_CONTENT", "no", 400, Rejected),
        ("INSUFFICIENT_PERMISSION", "no", 403, Fatal),
        ("INVALID_LOGIN", "no", 401, Fatal),
        ("", "moved", 302, Fatal),
        ("", "offline", 503, Transient),
    ],
)
def test_each_code_has_its_consequence(code: str, message: str, status: int, kind: type[Exception]) -> None:
    """A RESTlet's "too many at once" comes as a 400: taken for a bad record it would be reported to a user."""
    assert type(judge((Fault(code, message),), status=status, write=True, what="x")) is kind


def test_only_a_server_error_on_a_write_is_ambiguous() -> None:
    """A refusal at the door has written nothing: looking up after each one would double the calls just when there are too many."""
    down = judge((Fault("UNEXPECTED_ERROR", "oops"),), status=500, write=True, what="x")
    full = judge((Fault("CONCURRENCY_LIMIT_EXCEEDED", "blocked"),), status=429, write=True, what="x")
    assert isinstance(down, Transient)
    assert isinstance(full, Transient)
    assert (down.ambiguous, full.ambiguous) == (True, False)
    assert (crowded(down), crowded(full)) == (False, True)


def test_missing_and_taken_are_told_apart() -> None:
    """ "Gone" must never be concluded from "taken"."""
    gone = judge((Fault("NONEXISTENT_ID", "Record does not exist."),), status=404, write=True, what="x")
    there = judge((Fault("USER_ERROR", "This record already exists"),), status=400, write=True, what="x")
    assert (missing(gone), taken(gone), missing(there), taken(there)) == (True, False, False, True)
