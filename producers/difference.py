"""What has no change stamp (prices): read whole at a rhythm and compared; a row that has vanished is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import structlog

from accord.clock import Clock
from producers.brake import Brake
from producers.feed import Feed, change, vanished
from producers.packed import pack_contents, unpack_contents
from producers.poll import check_account
from producers.source import Page, rest
from schemas.events import Change, Mark

LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """Position: what the last whole reading found, as packed contents. `done`: there was one."""

    account: str = ""
    definition: str = ""
    contents: str = ""
    done: bool = False
    at: int = 0


@dataclass(slots=True)
class _Reading:
    """One whole reading under way."""

    account: str
    definition: str
    began_ms: int = 0
    contents: dict[str, str] = field(default_factory=dict)


class Difference:
    """A source over one feed, read whole every `every_s` seconds."""

    def __init__(self, feed: Feed, clock: Clock, every_s: float, *, name: str = "", marks: bool = True) -> None:
        self.name = name or f"{feed.system}.{feed.entity}"
        self.brake = Brake(self.name)
        self._feed, self._clock, self._every_s, self._marks = feed, clock, every_s, marks

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        held = Held() if position is None else msgspec.json.decode(position, type=Held)
        contents = unpack_contents(held.contents)
        while True:
            now = _Reading(held.account, held.definition)
            async for page in self._changed(now, contents, first=not held.done):
                yield page
            gone = self._vanished(now, contents, held)
            contents = now.contents
            packed = pack_contents(contents)
            if packed is None:
                LOG.warning(
                    "too many rows to keep over a restart: what vanishes while this is down will be missed",
                    source=self.name,
                    rows=len(contents),
                )
            marks = (Mark(self._feed.entity, self._feed.system, self.name, 0, 1),) if self._marks and not held.done else ()
            new = Held(now.account, now.definition, packed or "", done=True, at=now.began_ms)
            same = not gone and not marks and (new.contents, new.definition) == (held.contents, held.definition)
            text = None if same else msgspec.json.encode(new).decode()
            yield Page(gone, marks=marks, position=text, lane="live" if held.done else "backfill")
            held = new
            async for sign in rest(self._clock, self._every_s):
                yield sign

    async def _changed(self, now: _Reading, before: dict[str, str], *, first: bool) -> AsyncIterator[Page]:
        """Rows other than before. `now` collects what was found, from the first batch on."""
        since, id_, more = 0, "", True
        found = now.contents
        while more:
            batch = await self._feed.batch(since, id_, first=first, lane="backfill" if first else "live")
            check_account(self.name, now.account, batch.account)
            now.account, now.definition, now.began_ms = batch.account, batch.definition, now.began_ms or batch.at_ms
            found |= {row.id: row.content() for row in batch.rows}
            fresh = [change(self._feed, r, batch.at_ms) for r in batch.rows if before.get(r.id) != found[r.id]]
            yield Page(fresh, lane="backfill" if first else "live")
            since, id_, more = batch.since_ms, batch.since_id, batch.more

    def _vanished(self, now: _Reading, before: dict[str, str], held: Held) -> list[Change]:
        """Rows that are no more; nothing is concluded where the search itself has changed."""
        if held.definition != now.definition:
            return []
        gone = [k for k in before if k not in now.contents]
        self.brake.admit(len(gone), now.began_ms, len(before))
        return [vanished(self._feed, k, now.began_ms, reason="vanished") for k in gone]
