"""Result sets that are read page by page; a locator lives two days (REST, "Get More Results")."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ops.sandbox.salesforce.problems import refuse

LOCATOR_DAYS = 2


@dataclass(slots=True)
class Cursors:
    """Open result sets by locator."""

    open: dict[str, tuple[list[dict[str, Any]], datetime]] = field(default_factory=dict)

    def keep(self, rows: list[dict[str, Any]], now: datetime) -> str:
        self.open = {key: one for key, one in self.open.items() if one[1] > now}
        locator = "0r8" + secrets.token_hex(7).upper() + "A"
        self.open[locator] = (rows, now + timedelta(days=LOCATOR_DAYS))
        return locator

    def rows(self, locator: str, now: datetime) -> list[dict[str, Any]]:
        found = self.open.get(locator)
        if found is None or found[1] <= now:
            raise refuse("INVALID_QUERY_LOCATOR", "invalid query locator")
        return found[0]
