"""Salesforce change events as a source: one channel, so that all objects' events share one order.

Nothing is lost at the source: a position is stored only with the events before it, it never passes an event of which parts may be
missing, and where an id can't be resumed the time since the last good position is read again, never skipped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import structlog

from accord.clock import Clock, epoch_ms
from accord.reads import SalesforceRead
from accord.salesforce.events import ChangeEvent, Undecodable
from accord.salesforce.pubsub import LATEST, Batch, PubSub, ReplayExpired, after
from producers import cdc_changes
from producers.brake import HOUR_MS, Brake
from producers.cdc_changes import Meaning
from producers.cdc_position import Held, Track, moved, read, text
from producers.poll import check_account
from producers.source import Page
from schemas.events import Change

LOG = structlog.get_logger(__name__)
OVERLAP_S = 600.0  # how far before the last good position a window begins: stamps are older than their commit (10 minutes is common)
MARGIN_S = 5.0


class SalesforceCdc:
    """The source. `channel`: topic name (`/data/Accord_Changes__chn`); `reads`: the objects that are mapped, hints included."""

    def __init__(
        self,
        pubsub: PubSub,
        channel: str,
        reads: Iterable[SalesforceRead],
        clock: Clock,
        *,
        name: str = "salesforce.cdc",
        overlap_s: float = OVERLAP_S,
        margin_s: float = MARGIN_S,
    ) -> None:
        self.name = name
        self.brake = Brake(name)
        self._pubsub, self._channel, self._clock = pubsub, channel, clock
        self._reads = cdc_changes.by_object(reads)
        self._overlap_ms, self._margin_ms = int(overlap_s * 1000), int(margin_s * 1000)
        self._lost_ms = 0  # when we began to look for a place in the stream, 0 = we have one
        self._counted: dict[str, int] = {}  # deletions that the brake has seen, so that a repeat doesn't count twice

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        """For ever. Raises Transient (the runner comes back with the stored position), Fatal, or Stopped by the brake."""
        held = read(position)
        org = (await self._pubsub.token()).org_id
        check_account(self.name, held.org, org)
        if held.channel != self._channel:  # a replay id is worth nothing on another channel
            held = replace(held, channel=self._channel, replay_id="")
        held = replace(held, org=org)
        while True:
            if not held.replay_id:
                page = self._lost(held)
                if page is not None:
                    yield page
            try:
                async for page in self._follow(held):
                    yield page
            except ReplayExpired as lost:
                LOG.warning("replay id lost: what may have been missed is read again", source=self.name, why=str(lost), since=held.at)
                held = replace(held, replay_id="")

    def _lost(self, held: Held) -> Page | None:
        """Ask at once for what changed since the last good position; what changes until the stream stands is asked for then.

        Only once for each loss: a stream that can't be opened must not ask for windows at each attempt. A source that never ran asks for
        nothing here, the snapshots read it all.
        """
        if self._lost_ms:
            return None
        self._lost_ms = self._now_ms()
        asked = cdc_changes.windows(self._reads, held.at - self._overlap_ms, "replay id lost") if held.at else ()
        return Page(requests=tuple(asked), position=text(replace(held, at=self._lost_ms)))

    async def _follow(self, held: Held) -> AsyncIterator[Page]:
        start = after(bytes.fromhex(held.replay_id)) if held.replay_id else LATEST
        track = Track(held if held.replay_id else replace(held, at=self._lost_ms))
        async with aclosing(self._stream(start)) as stream:
            async for batch in stream:
                yield self._page(track, batch)
                track = moved(track, batch, self._now_ms())
                self._lost_ms = 0

    def _stream(self, start: Any) -> Any:
        return self._pubsub.subscribe(self._channel, start)

    def _page(self, track: Track, batch: Batch) -> Page:
        """Everything of one batch; the position behind it, or where it was when the batch is all one event that may go on."""
        meaning = Meaning(self._reads, track.held.at - self._overlap_ms, self._margin_ms)
        asked = list(self._opened())
        changes: list[Change] = []
        for event in batch.events:
            if isinstance(event, Undecodable):
                LOG.error("event does not fit its schema", source=self.name, event=event.event_id, schema=event.schema_id, why=event.error)
            else:
                self._admit(event, meaning)
                changes += cdc_changes.changes(event, meaning)
            asked += cdc_changes.requests(event, meaning)
        new = moved(track, batch, self._now_ms()).held
        stays = new == track.held and not self._lost_ms
        return Page(changes, tuple(dict.fromkeys(asked)), position=None if stays else text(new))

    def _opened(self) -> Iterable[Any]:
        """The stream stands: ask for what changed between the loss and now, while it did not."""
        if not self._lost_ms:
            return ()
        return cdc_changes.windows(self._reads, self._lost_ms - self._overlap_ms, "changed before the stream stood")

    def _admit(self, event: ChangeEvent, meaning: Meaning) -> None:
        count = cdc_changes.deletions(event, meaning)
        if not count or event.event_id in self._counted:
            return
        now = self._now_ms()
        self.brake.admit(count, now)
        self._counted = {key: at for key, at in self._counted.items() if at > now - HOUR_MS}
        self._counted[event.event_id] = now

    def _now_ms(self) -> int:
        return epoch_ms(self._clock.now())
