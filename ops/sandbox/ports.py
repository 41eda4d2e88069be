"""Ports that a sandbox had before: taken again after a restart, so that who was connected finds it where it was."""

from __future__ import annotations

import json
import socket
from pathlib import Path


class Ports:
    """The ports of one directory, by name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}

    def ask(self, name: str, host: str = "127.0.0.1") -> int:
        """The port from before if it is free, else 0: the system chooses."""
        port = self._known.get(name, 0)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return 0
        return port

    def keep(self, **ports: int) -> None:
        self._known |= ports
        self._path.write_text(json.dumps(self._known))
