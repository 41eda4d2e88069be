"""Ports that a sandbox had before: taken again after a restart, so that who was connected finds it where it was."""

from __future__ import annotations

import json
from pathlib import Path

from ops.local.ports import choose


class Ports:
    """The ports of one directory, by name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        self._given: list[int] = []

    def ask(self, name: str) -> int:
        """The loopback port from before if it is free, else another one that stays free for us over restarts."""
        self._given.append(choose(self._known.get(name, 0), apart=self._given))
        return self._given[-1]

    def keep(self, **ports: int) -> None:
        self._known |= ports
        self._path.write_text(json.dumps(self._known))
