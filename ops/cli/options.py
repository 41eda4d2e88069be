"""Options that several commands share."""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from accord.config import Settings, load

ConfigFile = Annotated[Path, typer.Option("--config", "-c", envvar="ACCORD_CONFIG", help="The configuration file.")]
By = Annotated[str, typer.Option(help="Who does it; without it, the user of this machine.")]
Since = Annotated[datetime | None, typer.Option(help="Only what has been there since then, or came later (UTC).")]
DEFAULT_CONFIG = Path("accord.toml")


def settings(config: Path) -> Settings:
    """The configuration; raises Fatal with all its faults at once."""
    return load(config)


def somebody(by: str) -> str:
    """Whose act it is."""
    return by or getpass.getuser()


def now_ms() -> int:
    return int(time.time() * 1000)


def at_ms(given: datetime | None) -> int:
    """Epoch ms of a time that a person typed (UTC); 0 = none."""
    return int(given.replace(tzinfo=UTC).timestamp() * 1000) if given else 0


def told_time(at: int) -> str:
    """Epoch ms as people read it (UTC)."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def age(since: int, now: int) -> str:
    """How long ago, in its greatest unit: `3 d`, `2 h`, `5 min`, `7 s`."""
    seconds = max(now - since, 0) // 1000
    return next((f"{seconds // size} {unit}" for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")) if seconds >= size), f"{seconds} s")
