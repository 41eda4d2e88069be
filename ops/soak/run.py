"""One soak: people work, faults strike, all faults end, quiet comes, and the checker judges."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from accord.errors import AccordError
from ops.soak import deeds as work_of
from ops.soak import plan
from ops.soak.checker import TOLD, ZERO, Verdict, check
from ops.soak.faults import Faults
from ops.soak.ground import Ground
from ops.soak.kinds import AMBIGUOUS
from ops.soak.people import Town
from ops.soak.plan import Strike
from ops.soak.reading import read
from schemas.ids import SYSTEMS

#: Nobody has written for so long: quiet, if the checker agrees. Where it doesn't: what is to come comes within so long after the last write.
STILL_S, AGREE_S = 5.0, 90.0
MOST = 50


@dataclass(frozen=True, slots=True)
class Result:
    """`strikes`: those of the plan that were carried out, to be shrunk on failure."""

    verdict: Verdict
    strikes: Sequence[Strike]
    report: dict[str, Any]


async def soak(ground: Ground, seed: int, changes: int, strikes: Sequence[Strike], say: Callable[[str], None], work_s: float = math.inf) -> Result:
    """People stop after `work_s` seconds, however much is left. Raises AssertionError where the pipeline can't be worked with at all."""
    begun = time.monotonic()
    since: dict[str, int] = {system: await ground.control.last(system) for system in SYSTEMS}
    calls = await _calls(ground)
    town = Town(ground, f"S{seed}")
    await town.opened()
    await asyncio.to_thread(ground.confirm_deletions)
    town.until = time.monotonic() + work_s
    faults = Faults(ground, strikes)
    await _worked(town, faults, list(plan.deeds(seed, changes)))
    say(f"{town.done} deeds done, {len(town.skipped)} of them could not be; faults have ended: {dict(faults.struck)}")
    ambiguous = any(name in AMBIGUOUS for name in faults.struck)
    verdict = await rest(ground, lambda: _judged(ground, town, since, ambiguous=ambiguous), since)
    report: dict[str, Any] = {
        "seed": seed,
        "changes": town.done - len(town.skipped),
        "skipped": town.skipped[:MOST],
        "faults": dict(sorted(faults.struck.items())),
    }
    report |= {name: verdict.counts[name] for name in (*ZERO, *TOLD)}
    report |= {"told": verdict.told[:MOST], "api_calls": await _calls(ground) - calls, "seconds": round(time.monotonic() - begun, 1)}
    return Result(verdict, strikes, report)


async def _worked(town: Town, faults: Faults, all_deeds: list[plan.Deed]) -> None:
    working = asyncio.Event()
    working.set()
    striking = asyncio.create_task(faults.strike(lambda: town.done, working))
    try:
        async with asyncio.TaskGroup() as group:
            for person in range(plan.PEOPLE):
                group.create_task(work_of.work(town, [d for d in all_deeds if d.person == person]))
    except BaseException:
        striking.cancel()  # stopped: nothing more strikes, the whole world goes
        raise
    working.clear()
    await striking


async def _judged(ground: Ground, town: Town, since: dict[str, int], *, ambiguous: bool) -> Verdict:
    return check(await read(ground, town.tag, since, town.work, town.items, ambiguous=ambiguous))


async def rest(ground: Ground, judged: Callable[[], Any], since: dict[str, int]) -> Verdict:
    """Wait until nobody writes any more and the checker finds nothing, or nothing has moved for long: then its finding stands."""
    marks, moved = dict(since), time.monotonic()
    found: Verdict | None = None
    while True:
        now: dict[str, int] = {system: await ground.control.last(system, marks[system]) for system in SYSTEMS}
        if now != marks:
            marks, moved, found = now, time.monotonic(), None
        quiet = time.monotonic() - moved
        if quiet >= STILL_S:
            try:
                found = await judged()
            except AccordError as error:
                found = Verdict(Counter(lost=1), [f"the systems could not be read: {error}"])
            if found.clean or quiet >= AGREE_S:
                return found
        await asyncio.sleep(1.0)


async def _calls(ground: Ground) -> int:
    """Calls that both systems have answered."""
    return sum([sum((await ground.control("GET", f"/{system}/counts"))["calls"].values()) for system in SYSTEMS])
