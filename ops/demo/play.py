"""Start the world, run Accord in it, tell the story, show and store the results."""

from __future__ import annotations

from pathlib import Path


async def play(folder: Path, json_file: Path, *, stay: bool) -> int:
    raise NotImplementedError
