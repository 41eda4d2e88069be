"""People at work: each deed of the plan is a deed that somebody can do, and they go home in time."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

from ops.soak.deeds import DEEDS, work
from ops.soak.people import Town
from ops.soak.plan import WEIGHTS, Deed


def test_every_deed_of_the_plan_can_be_done():
    """A deed that is drawn and that nobody knows would end the run with a KeyError."""
    assert set(WEIGHTS) == set(DEEDS)


def test_people_begin_nothing_after_their_time():
    """A run of so many minutes must end, judged by what was done."""
    town = Town(cast("Any", None), "S1", until=time.monotonic())
    asyncio.run(work(town, [Deed(0, 0, "account", 0)]))
    assert (town.done, town.accounts) == (0, {})
