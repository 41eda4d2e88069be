"""What the mapping says, what another one would do, and whether both orgs have all that it needs."""

from __future__ import annotations

import asyncio

from ops.demo.tell import Stage, now
from ops.doctor.examine import examine
from ops.doctor.finding import faulty
from ops.wiring.mapping import judged

OVERLAY = '[fields]\nlegal_name = false\nregion = { type = "txt(20)", owner = "salesforce", salesforce = "Region__c", netsuite = "custentity_region" }\n'


async def told(stage: Stage) -> None:
    await asyncio.gather(misspelt(stage), examined(stage))


async def misspelt(stage: Stage) -> None:
    folder = stage.world.folder / "overlay"
    folder.mkdir(exist_ok=True)
    (folder / "customer.toml").write_text(OVERLAY)
    given = stage.world.settings.model_copy(update={"mapping_dir": folder})
    start = now()

    async def named() -> str | None:
        _, faults = await asyncio.to_thread(judged, given)
        return faults[0].partition("overlay/")[2] if len(faults) == 1 else None

    await stage.see("a slip in a user's own mapping is named with file and line (accord mapping check)", named, since=start)


async def examined(stage: Stage) -> None:
    start = now()

    async def sound() -> str | None:
        found = await examine(stage.world.settings, stage.clock)
        return f"{len(found)} things looked at, none to repair" if not faulty(found) else None

    await stage.see("both orgs have all that the mapping needs (accord doctor)", sound, since=start, patience_s=5)
