"""Where the change-event stream stands: pure.

A channel that enriches splits an event, and its parts share one replay id. A position therefore never names the id of the last event
that was read, which may have further parts, but the one before it; an empty answer of the server says that nothing is outstanding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from accord.salesforce.events import ChangeEvent
from accord.salesforce.pubsub import Batch


@dataclass(frozen=True, slots=True)
class Held:
    """Position of the source. `replay_id`: hex, blank where there is none to resume after. `at`: epoch ms up to which nothing is missing."""

    org: str = ""
    channel: str = ""
    replay_id: str = ""
    at: int = 0


_DECODER = msgspec.json.Decoder(Held)


def read(position: str | None) -> Held:
    """The stored position, an empty one where nothing was stored."""
    return Held() if position is None else _DECODER.decode(position)


def text(held: Held) -> str:
    return msgspec.json.encode(held).decode()


@dataclass(frozen=True, slots=True)
class Track:
    """`held` is safe to store; `open_id` belongs to an event of which more parts may come, committed at `open_ms`."""

    held: Held
    open_id: str = ""
    open_ms: int = 0


def moved(track: Track, batch: Batch, now_ms: int) -> Track:
    """Behind a batch. Nothing is outstanding after an empty one."""
    if not batch.events:
        return Track(replace(track.held, replay_id=batch.latest_replay_id.hex(), at=now_ms))
    for event in batch.events:
        replay_id = event.replay_id.hex()
        if replay_id != track.open_id:
            done = replace(track.held, replay_id=track.open_id, at=track.open_ms) if track.open_id else track.held
            track = Track(done, replay_id, event.commit_ms if isinstance(event, ChangeEvent) else track.open_ms or track.held.at)
    return track
