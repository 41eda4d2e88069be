"""What has no change stamp (prices, stock): read whole at a rhythm and compared; a row that has vanished is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import msgspec

from accord.clock import Clock
from accord.pace import Lane
from producers.brake import Brake
from producers.feed import Feed, change, vanished
from producers.netsuite_poll import KEYED
from producers.packed import pack_contents, unpack_contents
from producers.poll import check_account
from producers.source import SIGN_S, Page
from producers.stir import Inbox, Stirs
from schemas.events import Mark

#: The contents are kept in so many parts, and only those are stored again in which something has changed: 200,000 prices fill two megabytes.
PARTS = 64
#: Records that one look asks for.
LOOK = 200


@dataclass(frozen=True, slots=True)
class Held:
    """Position of the last whole reading; what it found stands in the parts. `done`: there was one."""

    account: str = ""
    definition: str = ""
    done: bool = False
    at: int = 0


@dataclass(slots=True)
class _Reading:
    """One whole reading under way. `moved`: ids whose contents are others than before."""

    account: str
    definition: str
    began_ms: int = 0
    contents: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)


class Difference:
    """A source over one feed, read whole every `every_s` seconds. `stirs`: what must be read because a row has changed.

    inbox: records to look at in between. They are read by this source and by no other: a row that was told of and vanishes before the next
    whole reading would be known to nobody, and stay for ever.
    """

    def __init__(
        self, feed: Feed, clock: Clock, every_s: float, *, name: str = "", marks: bool = True, stirs: Stirs | None = None,
        inbox: Inbox | None = None,
    ) -> None:  # fmt: skip
        self.name = name or f"{feed.system}.{feed.entity}"
        self.brake = Brake(self.name)
        self._feed, self._clock, self._every_s, self._marks, self._stirs = feed, clock, every_s, marks, stirs
        self._inbox = inbox or Inbox()
        self._held: Held | None = None
        self._contents: dict[str, str] = {}

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        if self._held is None:
            self._held, self._contents = opened(position)
        while True:
            held = self._held
            now = _Reading(held.account, held.definition)
            async for page in self._changed(now, first=not held.done):
                yield page
            gone = self._gone(now, held)
            if gone:
                await self._feed.sighted()
            yield self._end(held, now, gone)
            self._held, self._contents = Held(now.account, now.definition, done=True, at=now.began_ms), now.contents  # it is committed
            until = self._clock.monotonic() + self._every_s
            while (left := until - self._clock.monotonic()) > 0:
                await self._inbox.wait(self._clock, min(left, SIGN_S))
                yield Page()
                async for page in self._looked(None):
                    yield page

    async def _looked(self, now: _Reading | None) -> AsyncIterator[Page]:
        """Records that were asked for, whole, and which of their rows are no more. `now`: the whole reading under way, which must know of it."""
        while self._held is not None and self._held.done and (ids := self._inbox.take(LOOK)):
            named, wanted = await self._feed.named(ids), set(ids)
            found = {row.id: row.content() for row in named.rows}
            fresh = [row for row in named.rows if self._contents.get(row.id) != found[row.id]]
            gone = [k for k in self._contents if k not in found and k.partition(KEYED)[0] in wanted]
            if gone:
                await self._feed.sighted()
            self.brake.admit(len(gone), named.at_ms, len(self._contents))
            contents = {k: v for k, v in self._contents.items() if k not in set(gone)} | found if fresh or gone else self._contents
            changes = [change(self._feed, r, named.at_ms, reason="asked for") for r in fresh]
            changes += [vanished(self._feed, k, named.at_ms, reason="vanished") for k in gone]
            requests = [*self._stirs.of(fresh), *self._stirs.gone(gone)] if self._stirs else []
            text = msgspec.json.encode(self._held).decode() if fresh or gone else None
            yield Page(changes, requests, position=text, parts=packed(contents, [*(r.id for r in fresh), *gone]))
            self._contents = contents
            if now is not None:
                now.contents |= found
                for k in gone:
                    now.contents.pop(k, None)

    async def _changed(self, now: _Reading, *, first: bool) -> AsyncIterator[Page]:
        """Rows other than before. `now` collects what was found, from the first batch on."""
        since, id_, more = 0, "", True
        lane: Lane = "backfill" if first else "live"
        while more:
            batch = await self._feed.batch(since, id_, first=first, lane=lane)
            check_account(self.name, now.account, batch.account)
            now.account, now.definition, now.began_ms = batch.account, batch.definition, now.began_ms or batch.at_ms
            found = {row.id: row.content() for row in batch.rows}
            fresh = [row for row in batch.rows if self._contents.get(row.id) != found[row.id]]
            now.contents |= found
            now.moved.update(row.id for row in fresh)
            requests = self._stirs.of(fresh) if self._stirs and not first else []
            yield Page([change(self._feed, r, batch.at_ms) for r in fresh], requests, lane=lane)
            since, id_, more = batch.since_ms, batch.since_id, batch.more
            async for page in self._looked(now):
                yield page

    def _end(self, held: Held, now: _Reading, absent: Sequence[str]) -> Page:
        """What has vanished, and the position behind it all."""
        self.brake.admit(len(absent), now.began_ms, len(self._contents))
        gone = [vanished(self._feed, k, now.began_ms, reason="vanished") for k in absent]
        moved = now.moved | {k for k in self._contents if k not in now.contents}
        parts = packed(now.contents, moved)
        marks = (Mark(self._feed.entity, self._feed.system, self.name, 0, 1),) if self._marks and not held.done else ()
        new = Held(now.account, now.definition, done=True, at=now.began_ms)
        text = msgspec.json.encode(new).decode() if parts or marks or new.definition != held.definition or not held.done else None
        requests = self._stirs.gone(c.record_id for c in gone) if self._stirs else []
        return Page(gone, requests, marks, text, "live" if held.done else "backfill", parts)

    def _gone(self, now: _Reading, held: Held) -> list[str]:
        """Rows that are no more; nothing is concluded where the search itself has changed."""
        return [] if held.definition != now.definition else [k for k in self._contents if k not in now.contents]


def part_of(id_: str) -> str:
    return f"{crc32(id_.encode()) % PARTS:02d}"


def packed(contents: Mapping[str, str], moved: Iterable[str]) -> dict[str, str]:
    """The parts to which these ids belong, as texts."""
    wanted: dict[str, dict[str, str]] = {part_of(id_): {} for id_ in moved}
    for id_, content in contents.items() if wanted else ():
        if (part := part_of(id_)) in wanted:
            wanted[part][id_] = content
    return {name: pack_contents(part) for name, part in wanted.items()}


def opened(position: str | None) -> tuple[Held, dict[str, str]]:
    """Undo what was stored: the head in the first line, the parts as JSON in the second (producers.outbox)."""
    head, _, parts = (position or "").partition("\n")
    if not head:
        return Held(), {}
    contents: dict[str, str] = {}
    for text in msgspec.json.decode(parts or "{}", type=dict[str, str]).values():
        contents |= unpack_contents(text)
    return msgspec.json.decode(head, type=Held), contents
