"""The switchboard: faults that a person or a test asks a sandbox for, each struck a counted number of times or at a rate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(slots=True)
class Fault:
    """One fault that is switched on.

    `times`: strikes left, None = until cleared. `rate`: share of chances taken (0 to 1). `match`: keys that the chance must have
    with these values (for example {"object": "Account", "method": "PATCH"}). `params`: what the fault itself needs (seconds, codes).
    """

    name: str
    times: int | None = None
    rate: float = 1.0
    match: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


class Switchboard:
    """All faults of one sandbox, and how often each struck."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults: list[Fault] = []
        self.struck: Counter[str] = Counter()

    def put(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self, name: str | None = None) -> None:
        """Switch one name off, or everything."""
        self._faults = [f for f in self._faults if name is not None and f.name != name]

    def active(self) -> list[Fault]:
        return list(self._faults)

    def strike(self, name: str, **chance: Any) -> Fault | None:
        """The fault that hits this chance, if one does; its count goes down by one."""
        for fault in self._faults:
            if fault.name != name or any(chance.get(k) != v for k, v in fault.match.items()):
                continue
            if fault.rate < 1.0 and self._random.random() >= fault.rate:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            self.struck[name] += 1
            return fault
        return None
