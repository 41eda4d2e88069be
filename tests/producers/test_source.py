"""How sources wait."""

from __future__ import annotations

import asyncio

from producers.source import SIGN_S, Page, rest
from producers.watch import SILENT_S
from tests.accord.manual_clock import ManualClock


def test_a_source_of_an_hourly_rhythm_is_not_taken_for_dead():
    """The stall detector ends the whole process after minutes of silence: one that compares ids once an hour must not set it off."""

    async def waited(seconds: float) -> tuple[list[Page], list[float]]:
        clock = ManualClock()
        return [page async for page in rest(clock, seconds)], clock.slept

    signs, asked = asyncio.run(waited(3600))
    assert sum(asked) == 3600
    assert max(asked) <= SIGN_S < SILENT_S
    assert len(signs) == len(asked) - 1
    assert all(page.empty for page in signs)
    assert asyncio.run(waited(0.5)) == ([], [0.5])
