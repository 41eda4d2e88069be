"""`accord run ROLE` with a configuration that has a fault: how it ends, and what it says."""

from __future__ import annotations

import asyncio
import copy
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w

from tests.flows.rig import Rig

FATAL = 78


class End(NamedTuple):
    """Exit code, and everything that it said, on one line."""

    code: int
    said: str


def altered(rig: Rig, changes: Mapping[str, Any], name: str) -> Path:
    """The rig's configuration with these tables changed, on topics of its own unless `kafka.prefix` is among the changes."""
    table = copy.deepcopy(rig.table)
    table["kafka"]["prefix"] = f"{name}."
    table["run"]["state_dir"] = str(rig.folder / name)
    for section, values in changes.items():
        if isinstance(values, Mapping):
            table.setdefault(section, {}).update(values)
        else:
            table[section] = values
    path = rig.folder / f"{name}.toml"
    path.write_text(tomli_w.dumps(_top_first(table)))
    return path


def _top_first(table: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(table.items(), key=lambda pair: isinstance(pair[1], Mapping)))


async def ended(config: Path, *words: str, seconds: float = 60, **environment: str) -> End:
    """Run it; it must end by itself."""
    command = [sys.executable, "-m", "ops.cli", *words, "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "COLUMNS": "1000", **environment})
    try:
        said, _ = await asyncio.to_thread(process.communicate, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        raise AssertionError(f"{' '.join(words)} did not end within {seconds:.0f} s; it said:\n{said[-3000:]}") from None
    return End(process.returncode, " ".join(said.split()))
