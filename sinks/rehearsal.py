"""`--dry-run`: everything but the calls that write. Nothing is committed, no outcome is told; each write becomes a row to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.events import Parked, Write
from sinks.intake import Encoder
from sinks.journal import Sealed
from sinks.target import Job, Target, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """What would happen to one record. `does`: insert, update, delete or wait; `body`: the parts as they would be sent, JSON."""

    target: str
    key: str
    sequence: int
    does: str
    object: str
    id: str
    body: str
    why: str


Say = Callable[[Row], None]


class Rehearsal:
    """In the place of a target: says what it would be asked, and makes no call at all."""

    def __init__(self, target: Target, say: Say) -> None:
        self._target, self._say = target, say
        self.system, self.size, self.parallel, self.calls = target.system, target.size, target.parallel, target.calls

    def group(self, write: Write) -> str:
        return self._target.group(write)

    async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
        for job in jobs:
            self._say(row_of(job))
        return [Verdict("unchanged", id=job.id) for job in jobs]


class Silence:
    """In the place of the journal: only what would be parked is told."""

    def __init__(self, codec: Encoder, say: Say) -> None:
        self._codec, self._say = codec, say

    def start(self) -> None:
        """There are no transactions to begin."""

    def close(self) -> None:
        """There are none to end."""

    def commit(self, events: Sequence[Sealed], offsets: Mapping[tuple[str, int], tuple[int, str]], group: Any) -> None:  # noqa: ARG002 (the journal's)
        for sealed in events:
            event = self._codec.decode(sealed.value) if sealed.value is not None and ".parked." in f".{sealed.topic}" else None
            if isinstance(event, Parked):
                self._say(Row(event.target, event.key, event.sequence, "wait", "", "", "", event.message))


def row_of(job: Job) -> Row:
    """One line of the table."""
    write = job.write
    does = "delete" if write.kind == "delete" else "update" if job.id else "insert"
    parts = [{"object": p.object, "id": p.id, "key": p.key, **({"seeds": p.seeds} if does == "insert" and p.seeds else {}), "body": p.body} for p in job.parts]
    rules = sorted({f"{reason.rule} ({reason.owner})" for reason in write.reasons.values()})
    return Row(
        write.target,
        write.key,
        write.sequence,
        does,
        job.head.object,
        job.id,
        json.dumps(parts, default=str, ensure_ascii=False),
        ", ".join(rules),
    )
