"""Where a polling source stands, and how far it may move: pure.

A record's stamp is set while it is saved and seen when that commits, so a row may turn up behind what was read already. The stored
cursor therefore never passes server time - lag - overlap; what lies between it and now is read again at a rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

#: The overlap never widens beyond this: a save that takes longer is found by the comparison of ids or by drift reads.
WIDEST_MS = 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position of a poll. Everything stamped before (`since_ms`, `since_id`) has been read for good.

    account: the org or account first seen. done: the first snapshot has ended. rows: read by it so far (for progress bars).
    """

    account: str = ""
    since_ms: int = 0
    since_id: str = ""
    done: bool = False
    definition: str = ""
    overlap_ms: int = 0
    rows: int = 0
    at: int = 0


_DECODER = msgspec.json.Decoder(Cursor)


def read(position: str | None) -> Cursor:
    """The cursor of a stored position, a new one where nothing was stored."""
    return Cursor() if position is None else _DECODER.decode(position)


def text(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()


def horizon(at_ms: int, lag_ms: int, overlap_ms: int) -> int:
    """Nothing later than this is safe: a save that is under way may still turn up there."""
    return max(0, at_ms - lag_ms - overlap_ms)


def moved(cursor: Cursor, since_ms: int, since_id: str, limit_ms: int, *, complete: bool, at_ms: int) -> Cursor:
    """After a batch that ended at (since_ms, since_id), or after the last one of a round (`complete`: everything up to now was read)."""
    if complete or since_ms >= limit_ms:
        return replace(cursor, since_ms=limit_ms, since_id="", at=at_ms)
    return replace(cursor, since_ms=since_ms, since_id=since_id, at=at_ms)


def widened(overlap_ms: int, late_ms: int) -> int:
    """A row turned up this long after its stamp: from now on look back twice as far."""
    return max(overlap_ms, min(2 * late_ms, WIDEST_MS))
