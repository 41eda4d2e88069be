"""Consumes `read.<system>`: looks at the records that somebody asks to see again, up to 200 in one call, and tells what it saw.

What is asked for while a call is under way makes the next call, so the batches grow with the load and an idle reader adds no wait. The
input's offsets are committed with the changes that answer it, in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog

from accord.errors import Fatal, Rejected, Transient
from accord.kafka.records import Partition, Record
from producers.brake import Brake, Stopped
from producers.feed import Feed, Named, change, vanished
from producers.ledger import Ledger
from producers.netsuite_poll import KEYED
from producers.outbox import Out
from producers.pending import WINDOW, Ask, Pending
from producers.runner import CONFIRM_S, Bench, confirmed, delay
from schemas.ids import MERGED

LOG = structlog.get_logger(__name__)
#: Documents in one call.
BATCH = 200
#: Seconds without a request after which the reader looks at the clock again.
IDLE_S = 1.0


class Inlet(Protocol):
    """The consumer side, on a thread of its own (producers.inlet)."""

    async def poll(self) -> tuple[Sequence[Record], Sequence[Partition]]:
        """Records as soon as there are some (none after a while), and partitions that were taken away since."""
        ...

    def group(self) -> Any:
        """Membership, for the transaction."""
        ...


class Reader:
    """Reader of one system. `feeds`: by (entity, object in lower case), and by (entity, "") for an entity's documents."""

    def __init__(
        self, system: str, feeds: Mapping[tuple[str, str], Feed], inlet: Inlet, ledger: Ledger, bench: Bench,
        *, decode: Callable[[bytes], Any], server_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        """`server_ms`: the system's own time, never later than the truth (a request's `not_before` is in that time)."""
        self.name = f"reader.{system}"
        self.brake = Brake(self.name)
        self._system, self._feeds, self._inlet, self._ledger, self._bench = system, feeds, inlet, ledger, bench
        self._decode, self._server_ms = decode, server_ms
        self._pending, self._failures = Pending(), 0
        self._news = asyncio.Event()
        self._dead: list[Out] = []

    async def run(self) -> None:
        """For ever. Raises Fatal."""
        await self._ledger.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._work(group))

    async def _listen(self) -> None:
        while True:
            records, lost = await self._inlet.poll()
            self._pending.drop(lost)
            for record in records:
                self._note(record)
            if records:
                self._news.set()

    def _note(self, record: Record) -> None:
        where = Partition(record.topic, record.partition)
        try:
            request = self._decode(record.value or b"")
        except Rejected as error:
            self._dead.append(self._bench.outbox.dead(record, error))
            self._pending.skip(where, record.offset)
            return
        self._pending.add(request, where, record.offset, record.headers)

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._bench.watch.beat(self.name)
            self._news.clear()
            asks = self._pending.take(self._server_ms())
            windows = [a for a in asks if a.request.record_id == WINDOW]
            for ask in windows:
                group.create_task(self._window(ask))
            records = [a for a in asks if a.request.record_id != WINDOW]
            if records:
                await asyncio.gather(*(self._guarded(part, self._records(part)) for part in self._parts(records)))
            elif self._dead:
                await self._commit([], [])
            else:
                await self._idle()

    async def _idle(self) -> None:
        """Until something comes or is due."""
        due = self._pending.next_due_ms()
        wait_s = IDLE_S if due is None else min(IDLE_S, max(0.001, (due - self._server_ms()) / 1000))
        sleeping = asyncio.ensure_future(self._bench.clock.sleep(wait_s))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({sleeping, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            news.cancel()

    def _parts(self, asks: Sequence[Ask]) -> list[list[Ask]]:
        """Asks that one call can answer."""
        by_feed: dict[tuple[str, str], list[Ask]] = {}
        for ask in asks:
            feed = self._feed(ask)
            by_feed.setdefault((ask.request.entity, feed.object if feed else ""), []).append(ask)
        return [group[n : n + BATCH] for group in by_feed.values() for n in range(0, len(group), BATCH)]

    def _feed(self, ask: Ask) -> Feed | None:
        entity, object_ = ask.request.entity, ask.request.object.lower()
        return self._feeds.get((entity, object_)) or self._feeds.get((entity, ""))

    async def _guarded(self, asks: Sequence[Ask], reading: Awaitable[None]) -> None:
        """A call that failed is made again; a brake waits for a person. Neither holds up other records."""
        try:
            await reading
            self._failures = 0
        except Stopped as stop:
            await self._halted(asks, stop)
        except Transient as error:
            wait_s = delay(self._failures, error.wait_s, self._bench.jitter())
            self._failures += 1
            LOG.warning("reader waits", source=self.name, code=error.code, why=str(error), wait_s=round(wait_s, 1))
            self._pending.back(asks, self._server_ms() + int(wait_s * 1000))

    async def _records(self, asks: Sequence[Ask]) -> None:
        """Up to 200 records of one feed, whole. A refusal is narrowed down to the record that it is about."""
        feed = self._feed(asks[0])
        if feed is None:
            await self._refused(asks, Rejected(f"nothing is read of entity {asks[0].request.entity}", code="unknown_entity"))
            return
        try:
            named = await feed.named([a.request.record_id for a in asks])
        except Rejected as error:
            if len(asks) == 1:
                await self._refused(asks, error)
                return
            half = len(asks) // 2
            await self._records(asks[:half])
            await self._records(asks[half:])
            return
        absent = set(named.gone)
        try:
            self.brake.admit(len(absent), named.at_ms)
        except Stopped as stop:  # the brake is on what has vanished, not on what is there
            await self._halted([a for a in asks if a.request.record_id in absent], stop)
            asks, named = [a for a in asks if a.request.record_id not in absent], replace(named, gone=())
        told = [*(row.id for row in named.rows), *named.gone]
        answered = {part[:15] for id_ in told for part in (id_, id_.partition(KEYED)[0])}
        beyond = [a for a in asks if a.request.record_id[:15] not in answered]
        await self._commit([*self._answers(feed, named, asks), *(self._beyond(a) for a in beyond)], asks)

    async def _halted(self, asks: Sequence[Ask], stop: Stopped) -> None:
        """These wait until a person has confirmed."""
        free = await confirmed(self.name, stop, self._bench)
        self._pending.back(asks, self._server_ms() + (0 if free else int(CONFIRM_S * 1000)))

    def _beyond(self, ask: Ask) -> Out:
        """It exists, but the mapping's own filter leaves it out (or the id is none)."""
        request = ask.request
        message = f"outside of what the mapping reads: {request.reason}"
        return self._bench.outbox.step(ask.headers, self._system, request.entity, request.record_id, code="out_of_scope", message=message)

    def _answers(self, feed: Feed, named: Named, asks: Sequence[Ask]) -> list[Out]:
        by_id = {a.request.record_id: a for a in asks}
        changes = [change(feed, row, named.at_ms, reason=_ask(by_id, row.id).request.reason) for row in named.rows]
        for id_ in named.gone:
            into = named.merged.get(id_)
            reason = MERGED + into if into else _ask(by_id, id_).request.reason
            changes.append(vanished(feed, id_, named.at_ms, reason=reason))
        return [out for c in changes for out in self._bench.outbox.change(c, "live", _ask(by_id, c.record_id).headers)]

    async def _refused(self, asks: Sequence[Ask], error: Rejected) -> None:
        """The system won't show it: said on the trail, and not asked for again by itself."""
        LOG.error("can't be read", source=self.name, code=error.code, why=str(error), records=[a.request.record_id for a in asks][:5])
        outs = [self._bench.outbox.step(a.headers, self._system, a.request.entity, a.request.record_id, code=error.code, message=str(error)) for a in asks]
        await self._commit(outs, asks)

    async def _window(self, ask: Ask) -> None:
        """Everything changed since, page by page on the backfill lane; the request is settled with the last page."""
        await self._guarded([ask], self._pages(ask))

    async def _pages(self, ask: Ask) -> None:
        feed = self._feed(ask)
        if feed is None:
            await self._refused([ask], Rejected(f"nothing is read of entity {ask.request.entity}", code="unknown_entity"))
            return
        since, id_, more = ask.request.since, "", True
        while more:
            batch = await feed.batch(since, id_, lane="backfill")
            self.brake.admit(sum(r.gone for r in batch.rows), batch.at_ms)
            changes = [change(feed, r, batch.at_ms, reason=ask.request.reason) for r in batch.rows]
            outs = [out for c in changes for out in self._bench.outbox.change(c, "backfill")]
            since, id_, more = batch.since_ms, batch.since_id, batch.more
            await self._commit(outs, [] if more else [ask])

    async def _commit(self, outs: Sequence[Out], asks: Sequence[Ask]) -> None:
        dead, self._dead = self._dead, []
        self._pending.settle(asks)
        await self._ledger.commit([*dead, *outs], self._pending.offsets(), self._inlet.group())


def _ask(by_id: Mapping[str, Ask], id_: str) -> Ask:
    """The ask for a record; Salesforce takes ids of 15 characters and answers with 18, a keyed row answers for its whole record too."""
    found = by_id.get(id_) or by_id.get(id_[:15]) or by_id.get(id_.partition(KEYED)[0])
    if found is None:
        raise Fatal(f"asked for {sorted(by_id)[:3]}..., got {id_}", code="wrong_answer")
    return found
