"""A soak in a world of its own, and what follows a failure: its faults are shrunk to the fewest that still fail."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import signal
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from accord.errors import Fatal
from ops.local import stack
from ops.soak import ground as place
from ops.soak import plan
from ops.soak.plan import Strike
from ops.soak.run import Result, soak
from ops.soak.shrink import shrink

console = Console(highlight=False)


async def campaign(seed: int, changes: int, faults: str, json_file: Path, folder: Path, tries: int, work_s: float = math.inf) -> int:
    """Exit code: 0 where all counts are 0."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # whoever stops it leaves nothing running
    try:
        kinds = plan.chosen(faults)
    except ValueError as error:
        raise Fatal(str(error)) from error
    home = await asyncio.to_thread(folder.resolve)
    strikes = plan.strikes(seed, changes, kinds)
    console.print(f"soak of {changes} changes, seed {seed}, {len(strikes)} strikes of {len(kinds)} kinds", soft_wrap=True)
    result = await once(home, seed, changes, strikes, work_s)
    report = result.report
    if not result.verdict.clean and tries:
        console.print("it failed; now with fewer faults")

        async def fails(fewer: Sequence[Strike]) -> bool:
            return not (await once(home, seed, changes, fewer, work_s)).verdict.clean

        report = report | {"shortest": [asdict(s) for s in await shrink(strikes, fails, tries)]}
    await asyncio.to_thread(json_file.write_text, json.dumps(report, indent=1))
    console.print_json(data=report)
    return 0 if result.verdict.clean else 1


async def once(home: Path, seed: int, changes: int, strikes: Sequence[Strike], work_s: float = math.inf) -> Result:
    """One run in an empty folder; everything that was started is stopped, the folder stays for whoever looks for the reason."""
    await asyncio.to_thread(_empty, home)
    try:
        ground = await place.opened(home)
        try:
            return await soak(ground, seed, changes, strikes, console.print, work_s)
        finally:
            await ground.close()
    finally:
        await asyncio.to_thread(stack.down, home / "local")  # also where it could not even be opened


def _empty(folder: Path) -> None:
    if folder.exists():
        stack.down(folder / "local")
        shutil.rmtree(folder)
