"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accord.config import Settings, load

ConfigFile = Annotated[Path, typer.Option("--config", "-c", envvar="ACCORD_CONFIG", help="The configuration file.")]
DEFAULT_CONFIG = Path("accord.toml")


def settings(config: Path) -> Settings:
    """The configuration; raises Fatal with all its faults at once."""
    return load(config)
