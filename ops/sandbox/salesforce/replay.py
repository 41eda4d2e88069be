"""Replay ids: ten opaque bytes, ageing out after 72 hours.

Inside the sandbox a position on the bus is one integer, `transaction << 20 | place in the transaction`, below 2**53 because a client
in use reads the first eight bytes as a JavaScript number. Keepalives need ids that are fresh although nothing was committed (in the
vendor's bus other orgs' events move the ids on), so the upper half of the places counts the hours since the last commit.
"""

from __future__ import annotations

from typing import Protocol

from ops.sandbox.salesforce.journal import FIRST_COMMIT, Journal

PLACE_BITS = 20
QUIET = 1 << (PLACE_BITS - 1)  # places from here on are keepalives
HOUR_MS = 3_600_000
RETENTION_MS = 72 * HOUR_MS  # CDC events stay three days (Pub/Sub API guide, event message durability)


class Ledger(Journal, Protocol):
    """What replay needs of the journal."""

    @property
    def last(self) -> int:
        """The newest commit number."""
        ...


def position(commit_number: int, place: int) -> int:
    """The bus position of an event; `place` is its sequence in the transaction, 1 and up."""
    return ((commit_number - FIRST_COMMIT) << PLACE_BITS) | min(place, QUIET - 1)


def commit_of(at: int) -> int:
    """The commit number of the transaction that a position lies in."""
    return (at >> PLACE_BITS) + FIRST_COMMIT


def encode(at: int) -> bytes:
    """Eight bytes big-endian and two zero bytes, as real ids look."""
    return at.to_bytes(8, "big") + b"\0\0"


def decode(raw: bytes) -> int | None:
    """The position that an id names; None for what cannot be an id. Eight bytes stand for the same id without its zeros."""
    if len(raw) == 10 and raw[8:] == b"\0\0":
        return int.from_bytes(raw[:8], "big")
    return int.from_bytes(raw, "big") if len(raw) == 8 else None


def quiet(journal: Ledger, commit_number: int, now_ms: int) -> int:
    """The position of a keepalive sent at `now_ms` after everything up to `commit_number` was delivered."""
    committed = _commit_ms(journal, commit_number)
    hours = 0 if committed is None else max(0, now_ms - committed) // HOUR_MS
    return ((commit_number - FIRST_COMMIT) << PLACE_BITS) | (QUIET + min(hours, QUIET - 1))


def alive(journal: Ledger, at: int, now_ms: int) -> bool:
    """Whether a stream may resume after `at`: this org gave it out, and within the last 72 hours."""
    number = commit_of(at)
    if number > journal.last:
        return False
    place = at & ((1 << PLACE_BITS) - 1)
    hours = place - QUIET if place >= QUIET else 0
    committed = _commit_ms(journal, number)
    if committed is not None:
        return committed + hours * HOUR_MS >= now_ms - RETENTION_MS
    following = journal.since(number, 1)  # the start of the journal, or a transaction that was rolled back
    return not following or following[0].commit_ms >= now_ms - RETENTION_MS


def earliest(journal: Ledger, now_ms: int) -> int:
    """The position before the oldest event that is still kept: commit times rise with commit numbers, so it is found by halving."""
    low, high = FIRST_COMMIT, journal.last
    while low < high:
        middle = (low + high) // 2
        following = journal.since(middle, 1)
        if following and following[0].commit_ms < now_ms - RETENTION_MS:
            low = following[0].commit_number
        else:
            high = middle
    return after(low)


def after(commit_number: int) -> int:
    """The position behind all of a transaction."""
    return ((commit_number - FIRST_COMMIT) << PLACE_BITS) | ((1 << PLACE_BITS) - 1)


def _commit_ms(journal: Ledger, commit_number: int) -> int | None:
    entries = journal.since(commit_number - 1, 1)
    return entries[0].commit_ms if entries and entries[0].commit_number == commit_number else None
