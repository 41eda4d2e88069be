"""What the topics still hold of every record: its state, its links, and the newest body of each side. Read only, by a consumer without a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from accord.kafka import admin
from accord.kafka.consumer import Table
from accord.links import LinkIndex
from ops.pipeline import Pipeline
from ops.replay import REPLAYED
from schemas.events import Change, Record
from streams.mapping.observe import PARTIAL

Body = Mapping[str, Any]


@dataclass(slots=True)
class History:
    """`bodies`: source record (`order:salesforce:801...`) -> what it was last seen to hold, as its system said it."""

    records: Mapping[str, Record]
    links: LinkIndex
    bodies: dict[str, Body] = field(default_factory=dict)
    changes: int = 0

    def take(self, source: str, change: Change) -> None:
        """A whole body replaces what was known, a partial one is laid over it; what is gone says nothing."""
        self.changes += 1
        if change.kind in {"delete", "gone", "gap"}:
            return
        body = msgspec.json.decode(change.body)
        if not isinstance(body, dict):
            return
        known = self.bodies.get(source, {})
        self.bodies[source] = {**known, **body} if change.kind in PARTIAL else body


def history(pipeline: Pipeline) -> History:
    """Everything that is kept now."""
    out = History(pipeline.table("record"), pipeline.links())
    client = admin.client(pipeline.bootstrap, pipeline.extra)
    start = pipeline.topics.name("change.")
    names = [n for n in client.list_topics(timeout=admin.TIMEOUT_S).topics if n.startswith(start)]
    table = Table(pipeline.bootstrap, names, pipeline.extra)  # one consumer for all: each would take a second to begin
    try:
        for record in table.load() if names else ():
            again = REPLAYED in record.headers  # an older word, told later
            event = pipeline.codec.decode(record.value) if record.value is not None and not again else None
            if isinstance(event, Change):
                out.take((record.key or b"").decode(), event)
    finally:
        table.close()
    return out
