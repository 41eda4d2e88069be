"""The sandboxes' control side from outside: faults, options, counts, the journals of accepted changes, and what people do without an API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

TIMEOUT_S = 60.0
#: Shorter than the five seconds for which the sandboxes keep a silent connection: none is used just as it is closed.
KEPT_S = 2.0
#: Entries of a journal in one answer.
PAGE = 5000
#: What each system calls the place of an entry in its journal.
NUMBER = {"salesforce": "commit_number", "netsuite": "number"}


class Control:
    """`url`: what `accord sandbox up --json` tells as `faults`. Serves one event loop."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        limits = httpx.Limits(keepalive_expiry=KEPT_S)
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=TIMEOUT_S, limits=limits, transport=transport)

    async def __call__(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """`/salesforce/faults`, `/netsuite/options` ... Raises httpx.HTTPError for what isn't accepted."""
        answer = await self._http.request(method, path, json=body, params=params)
        return answer.raise_for_status().json()

    async def journal(self, system: str, since: int = 0) -> list[dict[str, Any]]:
        """Every change that the system accepted after that number, in commit order."""
        out: list[dict[str, Any]] = []
        while True:
            page = (await self("GET", f"/{system}/journal", since=since, limit=PAGE))["entries"]
            out += page
            if len(page) < PAGE:
                return out
            since = number(system, page[-1])

    async def last(self, system: str, since: int = 0) -> int:
        """Number of the newest change that the system accepted; `since` where none is newer."""
        found = await self.journal(system, since)
        return number(system, found[-1]) if found else since

    async def close(self) -> None:
        await self._http.aclose()


def number(system: str, entry: Mapping[str, Any]) -> int:
    """The place of an entry in its system's journal."""
    return int(entry[NUMBER[system]])
