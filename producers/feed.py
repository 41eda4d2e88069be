"""One object of one system as rows in the order of their change stamp: what polling, snapshots and the reader stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import Any, Protocol

import msgspec

from accord.pace import Lane
from schemas.events import Change

#: Bodies with keys in one order, so that equal contents have equal texts; decimals keep their digits.
_ENCODE = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Row:
    """One record as read. `stamp_ms`: its change stamp (0 = has none); `body`: JSON text; `gone`: it stands in the recycle bin."""

    id: str
    type: str
    stamp_ms: int
    body: str
    gone: bool = False
    user: str = ""

    def content(self) -> str:
        """What tells two readings of a record apart."""
        return "gone" if self.gone else digest(self.body)


def encoded(body: Mapping[str, Any]) -> str:
    """The text of a body."""
    return _ENCODE(body).decode()


def digest(text: str) -> str:
    """Short hash of a content."""
    return blake2s(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in keyset order. `at_ms`: the server's time at query start; (since_ms, since_id): where the next batch begins.

    account: org or account id as the system says. definition: hash of the search, empty where it can't change unseen.
    """

    account: str
    at_ms: int
    rows: Sequence[Row]
    more: bool
    since_ms: int
    since_id: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Answer to "read these ids". `gone`: proven to be no more; an id in neither list exists but is out of this feed's scope.

    merged: of those that are gone, into which record each was merged.
    """

    at_ms: int
    rows: Sequence[Row]
    gone: Sequence[str]
    merged: Mapping[str, str] = field(default_factory=dict)


class Feed(Protocol):
    """All methods raise Transient or Fatal."""

    @property
    def system(self) -> str: ...
    @property
    def entity(self) -> str: ...
    @property
    def object(self) -> str:
        """The object that names the change topic."""
        ...

    async def batch(self, since_ms: int, since_id: str, *, first: bool = False, lane: Lane = "live") -> Batch:
        """Rows changed at or after `since_ms` (after (`since_ms`, `since_id`) where an id is given). `first`: leave deleted ones out."""
        ...

    async def named(self, ids: Sequence[str]) -> Named:
        """These records whole, now."""
        ...

    async def sighted(self) -> None:
        """Before rows that a whole reading lacks are taken for gone: raises Transient where the role has been barred from some."""
        ...


def change(feed: Feed, row: Row, at_ms: int, *, reason: str = "") -> Change:
    """The change event of a row. Its id depends on the record and its content only, so a repeat has the same one."""
    return Change(
        event_id=f"{feed.system}:{row.type}:{row.id}:{row.stamp_ms}:{row.content()}",
        entity=feed.entity,
        system=feed.system,
        object=row.type,
        record_id=row.id,
        kind="gone" if row.gone else "row",
        number=0,
        time=at_ms,
        user=row.user,
        origin="",
        transaction="",
        position=str(row.stamp_ms),
        reason=reason,
        body="" if row.gone else row.body,
    )


def vanished(feed: Feed, id_: str, at_ms: int, *, reason: str) -> Change:
    """The change event of a record that is no more."""
    return change(feed, Row(id_, feed.object, at_ms, "", gone=True), at_ms, reason=reason)
