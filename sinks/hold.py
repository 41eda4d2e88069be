"""After an unclean end: which records may have a call under way, and until when they are left alone.

The last owner of a partition marks its commit `clean` when it left with no call under way. Where that mark is missing, every write between the
committed offset and the log end (as seen at assignment) may be in flight: sent by a process that is dead or frozen, landing when it likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sinks.lanes import Place


@dataclass(frozen=True, slots=True)
class Hold:
    """`ends`: (topic, partition) -> first offset that the last owner can't have sent. `until`: monotonic, when such a call must have ended."""

    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)
    until: float = 0.0

    def doubts(self, place: Place) -> bool:
        """May the last owner have sent this write?"""
        return place.offset < self.ends.get((place.topic, place.partition), 0)


def assigned(ends: Mapping[tuple[str, int], int], clean: Mapping[tuple[str, int], bool], now: float, call_s: float) -> Hold:
    """The hold of a new assignment. `call_s`: the longest that a call can take until the target has done with it.

    A partition that was never owned (no commit at all) is clean: an owner commits its mark before its first call.
    """
    doubtful = {place: end for place, end in ends.items() if not clean[place]}
    return Hold(doubtful, now + call_s if doubtful else 0.0)
