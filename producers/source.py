"""What a source is: something that reads pages of changes from a position on, for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from accord.clock import Clock
from accord.pace import Lane
from schemas.events import Change, Mark, ReadRequest


class Page(NamedTuple):
    """What goes into one Kafka transaction, together with the position behind it.

    marks: sent to every partition of the entity's change topic (in the backfill lane), after the changes.
    position: the source's own JSON text (one line); None = unchanged.
    parts: further positions of the source by name, of which the others stay as they are.
    An empty page is a sign of life: it says that the source looked and found nothing.
    """

    changes: Sequence[Change] = ()
    requests: Sequence[ReadRequest] = ()
    marks: Sequence[Mark] = ()
    position: str | None = None
    lane: Lane = "live"
    parts: Mapping[str, str] = MappingProxyType({})

    @property
    def empty(self) -> bool:
        """Nothing to write."""
        return not self.changes and not self.requests and not self.marks and self.position is None


class Source(Protocol):
    """One reader of one system. `name` is its key in the topic `position` and part of its transactional id."""

    @property
    def name(self) -> str: ...

    def pages(self, position: str | None) -> AsyncIterator[Page]:
        """Read on from `position` (None = never read). Ends only where there is nothing more to read for good (a snapshot).

        Raises Transient (the runner waits and calls again with the last committed position) or Fatal.
        """
        ...


#: A source that reads seldom says that it is alive this often (the stall detector ends what is silent for minutes).
SIGN_S = 60.0


async def rest(clock: Clock, seconds: float) -> AsyncIterator[Page]:
    """Wait until the next reading, with an empty page as a sign of life now and then: a source of an hourly rhythm is not dead."""
    left = seconds
    while left > 0:
        await clock.sleep(min(left, SIGN_S))
        left -= SIGN_S
        if left > 0:
            yield Page()
