"""Collection calls to Salesforce: many writes go in one call, each keeps its own verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from accord.errors import AccordError, Rejected, Transient
from accord.salesforce import soql
from sinks.target import Job, Verdict, failed

#: Rows of one collection call. Source: REST/resources_composite_sobjects_collections_upsert.htm
ROWS = 200

Record = Mapping[str, Any]


class Row(NamedTuple):
    """What became of one row of a collection."""

    id: str
    error: AccordError | None = None


class Client(Protocol):
    """The calls that the Salesforce target makes. Raises Transient, Rejected or Fatal for a call that failed as a whole."""

    async def create(self, object_: str, records: Sequence[Record]) -> Sequence[Row]: ...
    async def update(self, object_: str, records: Sequence[Record]) -> Sequence[Row]: ...
    async def upsert(self, object_: str, key: str, records: Sequence[Record]) -> Sequence[Row]: ...
    async def delete(self, object_: str, ids: Sequence[str]) -> Sequence[Row]: ...
    async def query(self, soql: str) -> Sequence[Record]: ...
    def most(self, waiting: int) -> int:
        """How many of so many waiting rows go in one create, update or upsert."""
        ...

    async def settle(self) -> None:
        """Wait until nothing that was sent earlier can land any more."""
        ...

    def now_ms(self) -> int:
        """The org's time, epoch ms, not later than the truth."""
        ...

    def latest_ms(self) -> int:
        """The org's time, epoch ms, not earlier than the truth."""
        ...


@dataclass(slots=True)
class Run:
    """One job on its way through the calls; `over` once its verdict stands."""

    job: Job
    verdict: Verdict
    over: bool = False
    wrote: bool = False

    def end(self, verdict: Verdict) -> None:
        self.verdict, self.over = verdict, True

    def fail(self, error: AccordError) -> None:
        """The row or its whole call failed. What was written before makes a repeat ambiguous."""
        answer = failed(error, self.verdict)
        self.end(replace(answer, ambiguous=answer.ambiguous or self.wrote))

    def told(self, request: str) -> None:
        self.verdict = replace(self.verdict, calls=self.verdict.calls + 1, request=request)


Pair = tuple[Run, Record]
Call = Callable[[Sequence[Record]], Awaitable[Sequence[Row]]]


def still(runs: Iterable[Run]) -> list[Run]:
    """Those whose verdict doesn't stand yet."""
    return [r for r in runs if not r.over]


def by_object(runs: Iterable[Run], most: int = ROWS) -> list[tuple[str, list[Run]]]:
    """Runs by the object of the record itself, at most so many together (a question that names more is too long)."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.job.head.object, []).append(run)
    return [(object_, some[n : n + most]) for object_, some in groups.items() for n in range(0, len(some), most)]


async def send(request: str, call: Call, pairs: Sequence[Pair], most: int = ROWS) -> list[tuple[Run, Row]]:
    """Make the calls that these rows need, up to `most` rows in one. A call that fails as a whole ends its runs; the others get their row."""
    out: list[tuple[Run, Row]] = []
    for start in range(0, len(pairs), most):
        some = [p for p in pairs[start : start + most] if not p[0].over]
        if not some:
            continue
        for run in {id(run): run for run, _ in some}.values():
            run.told(request)
        try:
            rows = await _rows(call, [record for _, record in some])
        except Transient as error:
            for run, _ in some:
                run.fail(error)
            continue
        for (run, _), row in zip(some, rows, strict=True):
            run.wrote = run.wrote or row.error is None
            out.append((run, row))
    return out


async def _rows(call: Call, records: Sequence[Record]) -> Sequence[Row]:
    """A call refused as a whole (one row names a field that isn't there) wrote nothing: halve it until the bad row stands alone.

    A bulk job that failed is taken apart into collections: a job for each half would take minutes.
    """
    try:
        return await call(records)
    except Rejected as error:
        if len(records) == 1:
            return [Row("", error)]
        if len(records) > ROWS:
            return [row for n in range(0, len(records), ROWS) for row in await _rows(call, records[n : n + ROWS])]
        middle = len(records) // 2
        return [*await _rows(call, records[:middle]), *await _rows(call, records[middle:])]


async def select(client: Client, runs: Sequence[Run], question: str) -> Sequence[Record]:
    """Rows of a query made for these runs; if it fails, they end."""
    for run in runs:
        run.told("GET query")
    try:
        return await client.query(question)
    except Transient as error:
        for run in runs:
            run.fail(error)
        return ()


def statement(object_: str, fields: Sequence[str], where: str) -> str:
    """A SELECT of the id and these fields."""
    return soql.select(object_, ["Id", *fields], where=[where])


def within(field: str, values: Collection[str]) -> str:
    """`field IN (...)`, in one order, so that equal questions read alike."""
    return soql.among(field, sorted(values))
