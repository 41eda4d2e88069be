"""One difference that was found, and what puts it on the ordinary path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from schemas.events import ReadRequest, Values

#: missing: a record that should be there isn't. orphan: one that Accord does not know. stale: its owner changed it, and Accord has not heard.
#: foreign: somebody changed what the other side, or Accord, owns. mapping: the mapping asks for something else, or what we wrote became another value.
#: rounding: numbers that differ by less than the coarser one can say.
Kind = Literal["missing", "orphan", "stale", "foreign", "mapping", "rounding"]
#: Reason of the requests.
DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Held:
    """One record as its system holds it now, read whole. `fields`: canonical; `gone`: proven to be no more; `stamp_ms`: its last change (0 = unknown)."""

    entity: str
    system: str
    id: str
    object: str
    stamp_ms: int
    fields: Values
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """`field`: empty = the record itself. here: what the system holds; ought: what Accord holds of it, or asks for.

    settled: only the decision can mend it, since what both systems hold is known already.
    """

    kind: Kind
    entity: str
    key: str
    system: str
    id: str
    object: str = ""
    field: str = ""
    here: str | None = None
    ought: str | None = None
    owner: str = ""
    settled: bool = False


def requests(findings: Iterable[Finding]) -> list[ReadRequest]:
    """Read each record that differs once more; what follows is the pipeline's own decision."""
    found = {(f.entity, f.system, f.id): f.object for f in findings if f.id and not f.settled}
    return [ReadRequest(entity, system, object_, id_, DRIFT) for (entity, system, id_), object_ in found.items()]


def undecided(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """(key, target) of what must only be decided again."""
    return list(dict.fromkeys((f.key, f.system) for f in findings if f.settled))
