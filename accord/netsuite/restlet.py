"""Our poll RESTlet (ops/netsuite, rl_accord_poll.js): its request and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accord.clock import epoch_ms
from accord.errors import Fatal
from accord.netsuite.rest import NetSuite, instant
from accord.pace import Lane

#: The oldest RESTlet that answers what we ask.
NEEDED = (1, 0, 0)
PATH = "/app/site/hosting/restlet.nl"
#: The script loads a record for each row whose sublists are asked for: 10 units each of its 5,000.
LOADED_PAGE = 200
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Stamps: "YYYY-MM-DD HH:MM:SS" UTC; rows at or after `since` (after (`since`, `since_id`)) and before `until`.

    `lines`: {"columns", "filters", "orderBy"} of a second search; `sublists`: {sublist: field ids}, read from each record itself.
    """

    type: str = ""
    search: str = ""
    columns: Sequence[str] = ()
    filters: Sequence[Any] = ()
    stamp_field: str = "lastmodifieddate"
    since: str = ""
    since_id: int = 0
    until: str = ""
    ids: Sequence[str] = ()
    ids_only: bool = False
    lines: Mapping[str, Any] | None = None
    sublists: Mapping[str, Sequence[str]] | None = None
    page_size: int = PAGE

    def body(self) -> dict[str, Any]:
        """JSON of the request; what isn't asked is left out."""
        given = {
            "type": self.type, "search": self.search, "columns": list(self.columns), "filters": list(self.filters), "stampField": self.stamp_field,
            "since": self.since, "sinceId": self.since_id, "until": self.until, "ids": list(self.ids), "idsOnly": self.ids_only,
            "lines": self.lines, "sublists": self.sublists, "pageSize": self.page_size,
        }  # fmt: skip
        return {k: v for k, v in given.items() if v}


@dataclass(frozen=True, slots=True)
class Found:
    """One page. Rows: {id, type, stamp, values, lines?, sublists?}; `at_ms`: server time before the read; (since, since_id) = next."""

    account: str
    at_ms: int
    rows: Sequence[Mapping[str, Any]]
    more: bool
    since: str
    since_id: int
    search_hash: str


class Restlet:
    """The deployed script."""

    def __init__(self, account: NetSuite, script: str, deploy: str) -> None:
        self._account, self._params = account, {"script": script, "deploy": deploy}

    async def page(self, asked: Asked, *, lane: Lane = "live") -> Found:
        """One page of a search."""
        return self._found(await self._post(asked.body(), lane), asked)

    async def deleted(self, since: str, since_id: int, *, types: Sequence[str] = (), lane: Lane = "live") -> Found:
        """One page of deleted records; each row's id is the record's, `values.recordtype` its type. Needs "Deleted Records"."""
        deleted = {"since": since, "sinceId": since_id} | ({"types": list(types)} if types else {})
        return self._found(await self._post({"deleted": {k: v for k, v in deleted.items() if v}}, lane), Asked(since=since, since_id=since_id))

    async def sighted(self) -> None:
        """Raises Transient where the role doesn't see all that it must: then absence says nothing."""
        await self._account.sighted()

    async def info(self) -> Mapping[str, Any]:
        """{version, account, serverTime, preferences}; Fatal where the script is older than we need."""
        url = self._account.credentials.restlets() + PATH
        answer = await self._account.send("GET", url, "restlets", self._params, None, {}, write=False, lane="live")
        return self._checked(answer.body)

    async def _post(self, body: Mapping[str, Any], lane: Lane) -> Mapping[str, Any]:
        url = self._account.credentials.restlets() + PATH
        sent = self._account.server.local_ms()
        answer = self._checked((await self._account.send("POST", url, "restlets", self._params, body, {}, write=False, lane=lane)).body)
        self._account.server.note(instant(str(answer["serverTime"])), sent_ms=sent)
        return answer

    def _checked(self, body: Any) -> Mapping[str, Any]:
        version = str(body.get("version", "")) if isinstance(body, Mapping) else ""
        if not newer(version):
            raise Fatal(
                f"the RESTlet {self._params['script']} answers version {version or 'unknown'}, needed is {'.'.join(map(str, NEEDED))} or newer: "
                f"deploy ops/netsuite again",
                code="old_restlet",
            )
        found: Mapping[str, Any] = body
        return found

    @staticmethod
    def _found(body: Mapping[str, Any], asked: Asked) -> Found:
        after = body.get("next") or {}
        return Found(
            account=str(body["account"]), at_ms=instant(str(body["serverTime"])), rows=body["rows"], more=bool(body["more"]),
            since=str(after.get("since") or asked.since), since_id=int(after.get("sinceId") or 0), search_hash=str(body.get("searchHash", "")),
        )  # fmt: skip


def newer(version: str) -> bool:
    """Is it what we need, or newer within the same major version?"""
    parts = version.split(".")
    if len(parts) != 3 or not all(p.isdigit() for p in parts):
        return False
    found = tuple(map(int, parts))
    return found[0] == NEEDED[0] and found >= NEEDED


def stamp(epoch_ms_: int) -> str:
    """The RESTlet's form of a time, cut to the second."""
    return f"{datetime.fromtimestamp(epoch_ms_ / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def stamp_ms(text: str) -> int:
    """Epoch ms of such a stamp."""
    return epoch_ms(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
