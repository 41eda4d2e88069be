"""Faust's producer: whatever Faust itself or an operator sends goes the same way as everything else, in the engine's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from faust.transport import producer as base
from faust.types import TP, RecordMetadata

from streams.faust.engine import Engine
from streams.stage import Out


class Producer(base.Producer):  # type: ignore[misc]  # Faust has no types
    """The agents don't use it: what stages return never passes through Faust."""

    @property
    def engine(self) -> Engine:
        engine: Engine = self.app.accord_engine
        return engine

    async def flush(self) -> None:
        await self.buffer.flush()
        await self.engine.barrier()

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None, timestamp: float | None, headers: Any,
        *, transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:  # fmt: skip
        del timestamp, transactional_id  # the broker's clock, and the engine's transaction
        pairs = tuple(headers.items()) if isinstance(headers, dict) else tuple(headers or ())
        await self.engine.put([Out(topic, key, value, partition, pairs)])
        done: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        done.set_result(RecordMetadata(topic, partition or 0, TP(topic, partition or 0), -1))
        return done

    async def send_and_wait(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None, timestamp: float | None, headers: Any,
        *, transactional_id: str | None = None,
    ) -> RecordMetadata:  # fmt: skip
        return await (await self.send(topic, key, value, partition, timestamp, headers, transactional_id=transactional_id))

    def supports_headers(self) -> bool:
        return True
