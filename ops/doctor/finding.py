"""What the doctor says: one finding for each thing that it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["fine", "note", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """area: salesforce, netsuite, kafka, configuration. check: its short name. level: `note` is worth knowing and stops nothing. repair: what to do."""

    area: str
    check: str
    level: Level
    message: str
    repair: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fine(area: str, check: str, message: str) -> Finding:
    return Finding(area, check, "fine", message)


def note(area: str, check: str, message: str, repair: str = "") -> Finding:
    return Finding(area, check, "note", message, repair)


def fault(area: str, check: str, message: str, repair: str) -> Finding:
    return Finding(area, check, "fault", message, repair)


def faulty(findings: Iterable[Finding]) -> bool:
    return any(finding.level == "fault" for finding in findings)
