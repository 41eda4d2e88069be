"""What a target system is to a sink: writes in, verdicts out. The protocol that both systems (and the fake of the tests) fulfil."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from accord.errors import AccordError, Fatal, Rejected, Transient
from schemas.events import Values, Write
from sinks.refs import Body

Kind = Literal["applied", "unchanged", "rejected", "gone", "stage_changed", "retry"]


@dataclass(frozen=True, slots=True)
class Job:
    """A write ready to go. `id`: the target's own, empty = create. `doubt`: an earlier call may have done it: look up first."""

    write: Write
    parts: tuple[Body, ...]
    id: str = ""
    doubt: bool = False

    @property
    def head(self) -> Body:
        """The record itself."""
        return self.parts[0]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a write.

    created: the record was made now, with its seeds. observed: `stage_changed` only. before, after: the target's time around the calls,
    epoch ms. wait_s: `retry` only, the other side's own word. ambiguous: `retry` only, it may have been done all the same.
    """

    kind: Kind
    id: str = ""
    object: str = ""
    created: bool = False
    observed: Values = field(default_factory=dict)
    code: str = ""
    field: str = ""
    message: str = ""
    before: int = 0
    after: int = 0
    calls: int = 0
    status: int = 0
    request: str = ""
    wait_s: float | None = None
    ambiguous: bool = False


class Target(Protocol):
    """One system to write to. `parallel`: batches of one group at a time; `calls`: in all."""

    @property
    def system(self) -> str: ...
    @property
    def parallel(self) -> int: ...
    @property
    def calls(self) -> int: ...

    def group(self, write: Write) -> str:
        """Writes of one group may go in one batch."""
        ...

    def size(self, lane: str, waiting: int) -> int:
        """How many of so many waiting writes of one group go in one batch."""
        ...

    async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
        """Verdicts in the order of the jobs. Raises Fatal only: a failure of the call is a `retry` of each of its jobs."""
        ...


def failed(error: AccordError, verdict: Verdict) -> Verdict:
    """The verdict that an error means. Fatal is raised again: no record can help it."""
    if isinstance(error, Transient):
        return replace(
            verdict, kind="retry", code=error.code or "transient", message=str(error), wait_s=error.wait_s,
            ambiguous=verdict.ambiguous or error.ambiguous or verdict.created,
        )  # fmt: skip
    if isinstance(error, Rejected):
        return replace(verdict, kind="rejected", code=error.code, field=error.field, message=str(error))
    raise error if isinstance(error, Fatal) else Fatal(str(error))


def stage_moved(write: Write, native: Any) -> Values | None:
    """What to answer when the status that was read is not one in which this write may go; None = it may.

    Options: `stage_field` the status field there, `stage_values` JSON list of its values (default: the stage itself), `stage_as` the
    canonical name to answer under.
    """
    allowed = json.loads(write.options.get("stage_values", "null")) or [write.stage]
    value = native.get("id") if isinstance(native, Mapping) else native
    text = None if value is None else str(value)
    if text in allowed:
        return None
    return {write.options.get("stage_as", write.options.get("stage_field", "status")): text}
