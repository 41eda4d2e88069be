"""One call for a batch. A bug that one record wakes stops that record alone, and is kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accord.errors import AccordError
from sinks.lanes import Ticket
from sinks.ledger import Batch
from sinks.target import Job, Target, Verdict


@dataclass(frozen=True, slots=True)
class Bug:
    """A record on which our own code failed."""

    ticket: Ticket
    error: str


async def attempt(target: Target, batch: Batch) -> tuple[list[Verdict], list[Bug]]:
    """Verdicts in the order of the batch. Raises Fatal (nothing but a person can help)."""
    try:
        return list(await target.apply(batch.jobs)), []
    except AccordError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is: it is told, and kept among the dead letters)
        if len(batch.jobs) == 1:
            return _failed(batch.tickets[0], batch.jobs[0], f"{type(error).__name__}: {error}")
    return await _one_by_one(target, batch.tickets, batch.jobs)


async def _one_by_one(target: Target, tickets: Sequence[Ticket], jobs: Sequence[Job]) -> tuple[list[Verdict], list[Bug]]:
    """The batch may have landed in part, so each looks before it is sent."""
    verdicts: list[Verdict] = []
    bugs: list[Bug] = []
    for ticket, job in zip(tickets, jobs, strict=True):
        doubtful = Job(job.write, job.parts, job.id, doubt=True)
        some, faults = await attempt(target, Batch(job.write.lane, "", (ticket,), (doubtful,)))
        verdicts += some
        bugs += faults
    return verdicts, bugs


def _failed(ticket: Ticket, job: Job, error: str) -> tuple[list[Verdict], list[Bug]]:
    message = f"Accord failed on this record ({error}); it is kept among the dead letters."
    return [Verdict("rejected", id=job.id, code="bug", message=message)], [Bug(ticket, error)]
