"""A short soak in every CI run, with a seed that nobody has tried: `accord soak` is the long form."""

from __future__ import annotations

import json
import time

from ops.soak import ground as place
from ops.soak import plan
from ops.soak.checker import ZERO
from ops.soak.run import soak
from tests.flows.rig import Rig

CHANGES = 100
#: People stop then, so that a busy machine runs a shorter soak and not a longer one.
WORK_S = 60.0
#: Short ones, of different places: a role dies, a write is unclear, a stream breaks, an account refuses.
KINDS = (
    "kill_streams",
    "kill_sinks_netsuite",
    "salesforce_reset_after_commit",
    "netsuite_reset_after_commit",
    "salesforce_gap",
    "netsuite_concurrency_refused",
)


async def test_random_work_under_faults_loses_doubles_and_turns_nothing_round(pipeline: Rig):
    """Schedules that nobody thought of: what fails here is run again by its seed, and shrunk, with `accord soak`."""
    assert pipeline.running is not None
    seed = int(time.time())
    here = place.on(pipeline.settings, pipeline.folder, pipeline.sandbox, pipeline.seeds, pipeline.running.pid)
    try:
        result = await soak(here, seed, CHANGES, plan.strikes(seed, CHANGES, KINDS), lambda _: None, WORK_S)
    finally:
        await here.close()
    told = f"accord soak --changes {CHANGES} --seed {seed} --faults {','.join(KINDS)}\n{json.dumps(result.report, indent=1)}"
    assert {name: result.report[name] for name in ZERO} == dict.fromkeys(ZERO, 0), told
    assert result.report["changes"] > CHANGES // 5, told
    assert {"kill_streams", "kill_sinks_netsuite"} <= set(result.report["faults"]), told
