"""One HTTP call and its answer, apart from any server, so that batches and asynchronous jobs can run calls too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from ops.sandbox.netsuite.errors import NsError


@dataclass(frozen=True, slots=True)
class Call:
    """`base`: scheme and host as the client used them; `headers`: lower-case names; `query`: the raw query string."""

    method: str
    path: str
    base: str = "http://localhost"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def flag(self, name: str) -> bool:
        """A query parameter that clients send as `true` or `True`."""
        return self.params.get(name, "").lower() == "true"

    @property
    def prefers(self) -> frozenset[str]:
        return frozenset(p.strip().lower() for p in self.headers.get("prefer", "").split(","))

    def json(self) -> Any:
        """The body; numbers keep their exact digits. Accepted without a Content-Type, as a client sends it."""
        try:
            return json.loads(self.body or b"null", parse_float=Decimal)
        except ValueError as error:
            raise NsError("INVALID_CONTENT", f"Invalid JSON in the request body: {error}") from None

    def document(self) -> dict[str, Any]:
        body = self.json()
        if not isinstance(body, dict):
            raise NsError("INVALID_CONTENT", "Invalid content in the request body. Provide a JSON object.")
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind`: the `type=` of NetSuite's media type, or a whole media type when it has a slash."""

    status: int = 200
    body: Any = None
    kind: str = "singular"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        if "/" in self.kind:
            return self.kind
        return f"application/vnd.oracle.resource+json; type={self.kind}; charset=UTF-8"

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def refusal(error: NsError) -> Answer:
    return Answer(error.status, error.body(), "error")
