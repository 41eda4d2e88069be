"""One call as a handler sees it, and its answer. Handlers are plain functions: nothing waits between the first read and the commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from ops.sandbox.salesforce import switches
from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.problems import Refused, not_found, refuse
from ops.sandbox.salesforce.transaction import Caller, Transaction

JSON = "application/json;charset=UTF-8"
CSV = "text/csv"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """JSON with exact decimals as numbers."""
    return _ENCODER.encode(value)


def decode(raw: bytes) -> Any:
    """JSON with numbers as exact decimals. Refuses as the org does."""
    try:
        return _DECODER.decode(raw)
    except msgspec.DecodeError as error:
        raise refuse("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body (JSON-able, or bytes with their own media type) and headers of a call."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON

    def raw(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else encode(self.body)


@dataclass(slots=True)
class Call:
    """A call to the data API.

    `parts`: path segments behind the version, percent-decoded one by one. `base`: scheme and host as the client used them.
    `shared`: the transaction of a composite that this call is a part of. `moment`: what its stamps will say, None = now.
    """

    org: Org
    method: str
    parts: list[str]
    version: str
    user: str
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    given: Any = None
    shared: Transaction | None = None
    moment: datetime | None = None
    api: str = "rest"

    def json(self) -> Any:
        """The body; a dictionary unless the call is a composite part."""
        found = self.given if self.given is not None else decode(self.body)
        if not isinstance(found, dict):
            raise refuse("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
        return found

    def object(self, name: str) -> SObject:
        """An object by name; 404 when it isn't there or hidden."""
        item = self.org.objects.object(name)
        if item is None or switches.hidden(self.org.faults, item.name):
            raise not_found()
        return item

    def caller(self, *, grouped: bool = False) -> Caller:
        """Who writes; `grouped`: through collections or composite, where the client's tag may get lost."""
        origin = f"com/salesforce/api/{self.api}/{self.version}"
        client = self.client
        if client and (not grouped or self.org.settings.origin_through_collections):
            origin += f";client={client}"
        return Caller(self.user, origin, batch=grouped)

    @property
    def client(self) -> str:
        options = self.headers.get("sforce-call-options", "")
        pairs = dict(part.strip().split("=", 1) for part in options.split(",") if "=" in part)
        return pairs.get("client", "").strip()

    @contextmanager
    def writing(self, *, grouped: bool = False) -> Iterator[Transaction]:
        """The transaction to write in: a part of the shared one (undone alone when it is refused), or one of its own."""
        if self.shared is None:
            with self.org.transaction(self.caller(grouped=grouped), self.moment) as tx:
                yield tx
            return
        mark = self.shared.mark()
        try:
            yield self.shared
        except Refused:
            self.shared.undo(mark)
            raise
