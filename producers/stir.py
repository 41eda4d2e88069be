"""Which other records must be read because of a row: what changes there leaves no stamp of its own. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from accord.reads import NetSuiteRead, Stir
from producers.feed import Row
from schemas.events import ReadRequest

LINES = "lines."


class Stirs:
    """The `stirs` of a read, as far as these entities are read at all."""

    def __init__(self, read: NetSuiteRead, entities: Collection[str]) -> None:
        self._reason = f"{read.type} changed"
        self._stirs = [stir for stir in read.stirs if stir.entity in entities]

    def __bool__(self) -> bool:
        return bool(self._stirs)

    def of(self, rows: Sequence[Row]) -> list[ReadRequest]:
        """One request for each record, however many rows name it."""
        if not self._stirs:
            return []
        bodies = [msgspec.json.decode(row.body) for row in rows if not row.gone]
        found = dict.fromkeys((stir.entity, id_) for body in bodies for stir in self._stirs for id_ in _named(body, stir))
        return [ReadRequest(entity, "netsuite", "", id_, self._reason) for entity, id_ in found]

    def gone(self, keys: Iterable[str]) -> list[ReadRequest]:
        """The same for rows of which only the key is left: it begins with the internal id."""
        found = dict.fromkeys((stir.entity, key.partition("-")[0]) for key in keys for stir in self._stirs if stir.column == "internalid")
        return [ReadRequest(entity, "netsuite", "", id_, self._reason) for entity, id_ in found]


def _named(body: Mapping[str, Any], stir: Stir) -> Iterator[str]:
    rows: Iterable[Mapping[str, Any]] = body.get("lines") or () if stir.column.startswith(LINES) else (body,)
    for row in rows:
        value = row.get(stir.column.removeprefix(LINES))
        id_ = value.get("value") if isinstance(value, Mapping) else value
        if id_:
            yield str(id_)
