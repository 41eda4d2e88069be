"""Which other records must be read because of a row: what changes there leaves no stamp of its own. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from accord.reads import NetSuiteRead, Stir
from producers.feed import Row
from producers.netsuite_poll import KEYED
from schemas.events import ReadRequest

LINES = "lines."
OWN = "internalid"


class Stirs:
    """The `stirs` of a read, as far as these entities are read at all."""

    def __init__(self, read: NetSuiteRead, entities: Collection[str]) -> None:
        self._reason = f"{read.type} changed"
        self._stirs = [stir for stir in read.stirs if stir.entity in entities]

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
        return [ReadRequest(entity, "netsuite", "", id_, self._reason) for entity, id_ in found]
