"""A load that a person asked for: one feed read once, whole or in part, on the backfill lane; it goes on where it was cut off, and can be held."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2s

from accord.clock import Clock
from accord.errors import Rejected
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce import soql
from producers.source import Page, Source
from schemas.ids import SYSTEMS

#: How often a load that is held looks whether it may go on.
LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class Slice:
    """What of an entity: changed since (epoch ms, 0 = all), of one subsidiary (our code), and a condition in the system's own words."""

    since_ms: int = 0
    subsidiary: str = ""
    where: str = ""

    def name(self, entity: str, system: str) -> str:
        """The source's name: another slice stands elsewhere. The same one, asked for again, goes on where it was cut off."""
        told = json.dumps([self.since_ms, self.subsidiary, self.where]).encode()
        return f"backfill.{system}.{entity}" + ("" if self == Slice() else f".{blake2s(told, digest_size=4).hexdigest()}")


@dataclass(frozen=True, slots=True)
class Subsidiary:
    """How one subsidiary is called: its text in Salesforce, its id in NetSuite, the stores that belong to it."""

    text: str
    id: str
    stores: tuple[str, ...]


def of_salesforce(read: SalesforceRead, part: Slice, subsidiary: Subsidiary | None) -> SalesforceRead:
    """The read, narrowed to the slice. Rejected where the object doesn't say its subsidiary."""
    since = f"SystemModstamp >= {soql.moment(part.since_ms)}" if part.since_ms else ""
    given = [c for c in (read.where, since, _of_subsidiary(read, subsidiary) if subsidiary else "", part.where) if c]
    return replace(read, where=" AND ".join(f"({c})" for c in given))


def _of_subsidiary(read: SalesforceRead, subsidiary: Subsidiary) -> str:
    own = next((f for f in read.fields if f.rpartition(".")[2] == "Accord_Subsidiary__c"), "")
    if own:
        return f"{own} = {soql.text(subsidiary.text)}"
    if "Accord_Store__c" in read.fields:
        return soql.among("Accord_Store__c", subsidiary.stores or ("",))
    raise Rejected(f"{read.object} doesn't say its subsidiary; use --system salesforce --where with a SOQL condition", code="no_subsidiary")


def of_netsuite(read: NetSuiteRead, part: Slice, subsidiary: Subsidiary | None) -> NetSuiteRead:
    """The read, narrowed to the slice (but for the time, which the feed itself reads from). `where`: a filter expression as JSON."""
    filters = read.filters
    if part.since_ms and read.mode == "snapshot":
        raise Rejected(f"{read.entity} has no time of its last change in NetSuite; leave --since out", code="no_stamp")
    if read.query and (subsidiary or part.where):
        raise Rejected(f"{read.entity} is read by a query, whole or not at all; leave --subsidiary and --where out", code="whole_only")
    if subsidiary:
        if "subsidiary" not in read.columns:
            raise Rejected(f"the search of {read.type} has no subsidiary; use --system netsuite --where with a filter expression", code="no_subsidiary")
        filters = _both(filters, ("subsidiary", "anyof", subsidiary.id))
    if part.where:
        try:
            filters = _both(filters, tuple(json.loads(part.where)))
        except (ValueError, TypeError) as error:
            raise Rejected(f'--where {part.where!r} is no filter expression in JSON, like ["isinactive","is","F"]', code="bad_where") from error
    return replace(read, filters=filters)


def _both(filters: tuple[object, ...], more: tuple[object, ...]) -> tuple[object, ...]:
    return (filters, "and", more) if filters else more


class Backfill:
    """A source that ends. `inner` reads; `start`: its position at the beginning, where one is needed; `seen` is told of rows as they are written."""

    def __init__(self, inner: Source, clock: Clock, held: Callable[[], Awaitable[bool]], seen: Callable[[int], None], *, start: str | None = None) -> None:
        self.name = inner.name
        self._inner, self._clock, self._held, self._seen, self._start = inner, clock, held, seen, start

    async def pages(self, position: str | None) -> AsyncIterator[Page]:
        """On from a position in the middle; a load that had come to its end begins anew."""
        begin = self._start if position is None or _ended(position) else position
        async for page in self._waiting():
            yield page
        async for page in self._inner.pages(begin):
            yield page
            self._seen(len(page.changes))  # the page is written when we are asked for the next one
            async for sign in self._waiting():
                yield sign

    async def _waiting(self) -> AsyncIterator[Page]:
        """Signs of life while somebody holds it."""
        while await self._held():
            yield Page()
            await self._clock.sleep(LOOK_S)


def unfinished(positions: Mapping[str, str], entity: str) -> list[str]:
    """Names of the loads of this entity that were begun and have not come to their end."""
    whole = {Slice().name(entity, system) for system in SYSTEMS}
    return sorted(n for n, position in positions.items() if not whole.isdisjoint((n, n.rpartition(".")[0])) and not _ended(position))


def _ended(position: str) -> bool:
    return bool(json.loads(position).get("done"))


def rows_read(position: str | None) -> int:
    """Rows that an unfinished load has read before."""
    found = json.loads(position) if position else {}
    return 0 if found.get("done") else int(found.get("rows", 0))
