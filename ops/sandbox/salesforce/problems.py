"""Refusals of the org. The same problem is worded in four shapes by the call that it came through (reference: REST API Developer Guide,
"Status Codes and Error Responses", "Collections", "Composite Resources").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HTTP_STATUS = {
    "INVALID_SESSION_ID": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "INSUFFICIENT_ACCESS": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "API_DISABLED_FOR_ORG": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "PRECONDITION_FAILED": 412,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "URI_TOO_LONG": 414,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: the code, the sentence, and the fields that it is about."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def rest(self) -> dict[str, Any]:
        """Shape 1, single requests and inside composite: `fields` only where there are some."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            body["fields"] = list(self.fields)
        return body

    def row(self) -> dict[str, Any]:
        """Shape 3, collections and tree: the key is `statusCode` and `fields` is always there."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def csv(self) -> str:
        """Shape of `sf__Error` in Bulk results."""
        return f"{self.code}:{self.message}:{','.join(self.fields)} --" if self.fields else f"{self.code}:{self.message}:--"


class Refused(Exception):  # noqa: N818 the name says what happened, as everywhere in Accord
    """A call or a record is refused. `status`: the HTTP status of shape 1, by default the code's own, else 400."""

    def __init__(self, *problems: Problem, status: int | None = None, body: Any = None) -> None:
        super().__init__("; ".join(f"{p.code}: {p.message}" for p in problems))
        self.problems = problems
        self.body = body
        self.status = status if status is not None else HTTP_STATUS.get(problems[0].code, 400) if problems else 400

    def answer(self) -> Any:
        return self.body if self.body is not None else [problem.rest() for problem in self.problems]


def refuse(code: str, message: str, *fields: str, status: int | None = None) -> Refused:
    """One problem, ready to be raised."""
    return Refused(Problem(code, message, fields), status=status)


def not_found(message: str = "The requested resource does not exist") -> Refused:
    return refuse("NOT_FOUND", message)
