"""Which other records must be read because of a row: what changes there leaves no stamp of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from accord.clock import Clock
from accord.reads import NetSuiteRead, Stir
from producers.feed import Row
from producers.netsuite_poll import KEYED
from schemas.events import ReadRequest

LINES = "lines."
OWN = "internalid"


class Inbox:
    """Records that a source of whole readings must look at now: it alone knows what it told of them, and so what has vanished."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._news = asyncio.Event()

    def put(self, id_: str) -> None:
        self._ids[id_] = None
        self._news.set()

    def take(self, count: int) -> list[str]:
        """The oldest of them; empty when there are none."""
        out = list(self._ids)[:count]
        for id_ in out:
            del self._ids[id_]
        if not self._ids:
            self._news.clear()
        return out

    async def wait(self, clock: Clock, seconds: float) -> None:
        """Until there is one, or so long."""
        sleeping, news = asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({sleeping, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            news.cancel()


class Stirs:
    """The `stirs` of a read, as far as these entities are read at all. `inboxes`: of entities that are read whole; others go to the reader."""

    def __init__(self, read: NetSuiteRead, entities: Collection[str], inboxes: Mapping[str, Inbox] | None = None) -> None:
        self._reason = f"{read.type} changed"
        self._stirs = [stir for stir in read.stirs if stir.entity in entities]
        self._inboxes = inboxes or {}

    def of(self, rows: Sequence[Row]) -> list[ReadRequest]:
        """One request for each record, however many rows name it."""
        if not self._stirs:
            return []
        return self._requests((stir, id_) for row in rows for stir, id_ in self._named(row))

    def gone(self, ids: Iterable[str]) -> list[ReadRequest]:
        """The same for rows of which only the id is left."""
        return self._requests((stir, id_.partition(KEYED)[0]) for id_ in ids for stir in self._stirs if stir.column == OWN)

    def _named(self, row: Row) -> Iterator[tuple[Stir, str]]:
        body: Mapping[str, Any] = {} if row.gone else msgspec.json.decode(row.body)
        for stir in self._stirs:
            if stir.column == OWN:
                yield stir, row.id.partition(KEYED)[0]
                continue
            rows: Iterable[Mapping[str, Any]] = body.get("lines") or () if stir.column.startswith(LINES) else (body,)
            values = (each.get(stir.column.removeprefix(LINES)) for each in rows)
            yield from ((stir, str(v)) for value in values if (v := value.get("value") if isinstance(value, Mapping) else value))

    def _requests(self, named: Iterable[tuple[Stir, str]]) -> list[ReadRequest]:
        found = dict.fromkeys((stir.entity, id_) for stir, id_ in named)
        for entity, id_ in found:
            if entity in self._inboxes:
                self._inboxes[entity].put(id_)
        return [ReadRequest(entity, "netsuite", "", id_, self._reason) for entity, id_ in found if entity not in self._inboxes]
