from __future__ import annotations

import pytest

from accord.errors import Fatal, Rejected, Transient
from accord.salesforce.faults import RowError, bulk_error, judge, row_errors


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"message": "bad", "errorCode": "MALFORMED_ID", "fields": ["Id"]}], RowError("MALFORMED_ID", "bad", ("Id",))),
        ([{"statusCode": "DUPLICATE_VALUE", "message": "dup", "fields": []}], RowError("DUPLICATE_VALUE", "dup")),
        ({"exceptionCode": "FeatureNotEnabled", "exceptionMessage": "no"}, RowError("FeatureNotEnabled", "no")),
        ({"error": "invalid_grant", "error_description": "expired"}, RowError("invalid_grant", "expired")),
        (["/services/data/v67.0/sobjects/Account/1"], RowError("", "/services/data/v67.0/sobjects/Account/1")),
    ],
)
def test_all_shapes_of_errors_are_read(content: object, expected: RowError) -> None:
    """A code that is looked for under the wrong name would be taken for an unknown one, and a lock for a permanent fault."""
    assert row_errors(content) == (expected,)


def test_a_bulk_error_text_is_read() -> None:
    """Bulk has its own text form."""
    assert bulk_error("REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --") == RowError(
        "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",)
    )


def test_a_victim_never_hides_the_culprit() -> None:
    """Retrying a rolled-back row for ever would keep the real fault unseen."""
    errors = (RowError("PROCESSING_HALTED", "rolled back"), RowError("STRING_TOO_LONG", "too long", ("Name",)))
    error = judge(errors, write=True)
    assert isinstance(error, Rejected)
    assert (error.code, error.field) == ("STRING_TOO_LONG", "Name")


@pytest.mark.parametrize(
    ("code", "message", "status", "wait_s"),
    [
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", 400, 1.0),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "trigger: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access", 400, 1.0),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403, 60.0),
        ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", 403, 5.0),
        ("", "", 420, 5.0),
    ],
)
def test_what_passes_by_itself_is_tried_again_after_its_wait(code: str, message: str, status: int, wait_s: float) -> None:
    """A lock reported to a user as his mistake is a lost update; a daily limit asked every second is worse."""
    error = judge((RowError(code, message),), status=status, write=True)
    assert isinstance(error, Transient)
    assert error.wait_s == wait_s
    assert not error.ambiguous


def test_a_server_error_on_a_write_is_ambiguous() -> None:
    """The server may have committed: sending again without looking doubles the record."""
    error = judge((RowError("UNKNOWN_EXCEPTION", "oops"),), status=500, write=True)
    assert isinstance(error, Transient)
    assert error.ambiguous


def test_a_hidden_field_ends_a_reader_but_only_rejects_a_write() -> None:
    """A field that can't be read must not look like null; a write is one record's business."""
    hidden = (RowError("INVALID_FIELD", "No such column 'Accord_Key__c' on entity 'Account'"),)
    reading = judge(hidden, write=False)
    assert isinstance(reading, Fatal)
    assert "Accord_Key__c" in str(reading)
    assert "permission set" in str(reading)
    assert isinstance(judge(hidden, write=True), Rejected)
