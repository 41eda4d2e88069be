"""The Kafka side of producers: one transaction at a time on a thread of its own, and the stored positions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from accord.errors import Fatal, Transient
from accord.kafka.consumer import read_to_end
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import Offset
from producers.outbox import Out, positions
from schemas.topics import Topics

T = TypeVar("T")
#: A transaction that was rolled back in an orderly way is done again so many times before the process gives up.
ATTEMPTS = 5


class Ledger(Protocol):
    """Where pages go: all of one call becomes visible at once, or none."""

    async def start(self) -> None:
        """Fence an older instance; positions may be read only after this."""
        ...

    async def commit(self, outs: Sequence[Out], offsets: Sequence[Offset] = (), group: Any = None) -> None:
        """One transaction; with input offsets where there are inputs. Raises Fatal when it can't be."""
        ...


class KafkaLedger:
    """A transactional writer behind one thread, for librdkafka's calls block."""

    def __init__(self, bootstrap: str, transactional_id: str, extra: Mapping[str, str] | None = None) -> None:
        self._writer = TransactionalWriter(bootstrap, transactional_id, extra)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=transactional_id)

    async def start(self) -> None:
        await self._run(self._writer.start)

    async def commit(self, outs: Sequence[Out], offsets: Sequence[Offset] = (), group: Any = None) -> None:
        await self._run(lambda: self._commit(outs, offsets, group))

    async def close(self) -> None:
        await self._run(self._writer.close)
        self._thread.shutdown(wait=False)

    def _commit(self, outs: Sequence[Out], offsets: Sequence[Offset], group: Any) -> None:
        for attempt in range(ATTEMPTS):
            try:
                self._writer.begin()
                if offsets:
                    self._writer.offsets(offsets, group)
                for out in outs:
                    self._writer.send(out.topic, out.key, out.value, partition=out.partition, headers=out.headers)
                self._writer.commit()
            except Transient as error:
                if attempt == ATTEMPTS - 1:
                    raise Fatal(f"the broker rolled the transaction back {ATTEMPTS} times: {error}", code="aborted", passing=True) from error
            else:
                return

    async def _run(self, call: Callable[[], T]) -> T:
        """A transaction that has begun is ended even where the caller is cancelled: a clean stop leaves nothing open."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


class Positions(Protocol):
    """Where sources stand."""

    async def load(self) -> Mapping[str, str]: ...


class KafkaPositions:
    """The compacted topic `position`, read to its end."""

    def __init__(self, bootstrap: str, topics: Topics, decode: Callable[[bytes], Any], extra: Mapping[str, str] | None = None) -> None:
        self._bootstrap, self._topic, self._decode, self._extra = bootstrap, topics.name("position"), decode, extra

    async def load(self) -> Mapping[str, str]:
        records = await asyncio.to_thread(lambda: list(read_to_end(self._bootstrap, self._topic, extra=self._extra)))
        return positions(((r.key, r.value) for r in records), self._decode)
