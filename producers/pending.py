"""Read requests that wait: until they are due, coalesced by record, with the input offsets that may be committed. Pure.

A read answers the requests that were there when it began. What comes while it is under way asks again: what it wants to know may have
happened after the read's query.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from accord.kafka.records import Headers, Offset, Partition
from schemas.events import ReadRequest

#: `record_id` that asks for everything changed since `since`.
WINDOW = "*"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request with where it stood. `due_ms`: server time from which it may be read."""

    request: ReadRequest
    partition: Partition
    offset: int
    headers: Headers
    due_ms: int


@dataclass(frozen=True, slots=True)
class Ask:
    """All due requests of one record, answered by one read; the newest speaks for them."""

    tickets: tuple[Ticket, ...]

    @property
    def request(self) -> ReadRequest:
        return self.tickets[-1].request

    @property
    def headers(self) -> Headers:
        return self.tickets[-1].headers


class Pending:
    """Requests by record, and what of the input is settled."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], list[Ticket]] = {}
        self._open: dict[Partition, set[int]] = {}
        self._next: dict[Partition, int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, request: ReadRequest, partition: Partition, offset: int, headers: Headers) -> None:
        """A request as consumed."""
        self._open.setdefault(partition, set()).add(offset)
        self._next[partition] = offset + 1
        self._queue(Ticket(request, partition, offset, headers, request.not_before))

    def skip(self, partition: Partition, offset: int) -> None:
        """An input that asks for nothing (dead-lettered)."""
        self._next[partition] = offset + 1

    def take(self, now_ms: int) -> list[Ask]:
        """What is due now, one ask for each record; requests of it that are not yet due stay. Windows are never coalesced."""
        out: list[Ask] = []
        for key, tickets in list(self._waiting.items()):
            due = [t for t in tickets if t.due_ms <= now_ms]
            rest = [t for t in tickets if t.due_ms > now_ms]
            if not due:
                continue
            out += [Ask((t,)) for t in due] if key[1] == WINDOW else [Ask(tuple(due))]
            if rest:
                self._waiting[key] = rest
            else:
                del self._waiting[key]
        return out

    def back(self, asks: Iterable[Ask], due_ms: int) -> None:
        """These could not be read now: again at that time, not before."""
        for ask in asks:
            for ticket in ask.tickets:
                self._queue(replace(ticket, due_ms=max(due_ms, ticket.due_ms)))

    def settle(self, asks: Iterable[Ask]) -> None:
        """These were answered by what the coming commit holds."""
        for ask in asks:
            for ticket in ask.tickets:
                self._open.get(ticket.partition, set()).discard(ticket.offset)

    def offsets(self) -> list[Offset]:
        """What may be committed: up to the first request of each partition that is still open."""
        return [Offset(*partition, min(self._open.get(partition) or {after})) for partition, after in sorted(self._next.items())]

    def next_due_ms(self) -> int | None:
        """When the next waiting request is due."""
        return min((t.due_ms for tickets in self._waiting.values() for t in tickets), default=None)

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Another member of the group has these now."""
        gone = set(partitions)
        for partition in gone:
            self._open.pop(partition, None)
            self._next.pop(partition, None)
        kept = {k: [t for t in v if t.partition not in gone] for k, v in self._waiting.items()}
        self._waiting = {k: v for k, v in kept.items() if v}

    def _queue(self, ticket: Ticket) -> None:
        self._waiting.setdefault((ticket.request.entity, ticket.request.record_id), []).append(ticket)
