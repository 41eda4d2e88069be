"""A group's member on a thread of its own: librdkafka's consumer must be polled from one thread only."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from accord.kafka.consumer import GroupConsumer
from accord.kafka.records import Partition, Record

POLL_S = 0.5


class KafkaInlet:
    """Consumes these topics (full names) as `group`."""

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
        self._bootstrap, self._name, self._topics, self._extra = bootstrap, group, topics, extra
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=group)
        self._consumer: GroupConsumer | None = None
        self._lost: list[Partition] = []
        self._group: Any = None

    async def poll(self) -> tuple[Sequence[Record], Sequence[Partition]]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._poll)

    def group(self) -> Any:
        return self._group

    async def close(self) -> None:
        """Leave the group."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _poll(self) -> tuple[Sequence[Record], Sequence[Partition]]:
        if self._consumer is None:
            self._consumer = GroupConsumer(self._bootstrap, self._name, self._extra)
            self._consumer.subscribe(self._topics, lambda _: None, self._lost.extend)
        records = self._consumer.poll(POLL_S)
        self._group = self._consumer.group()
        lost, self._lost[:] = list(self._lost), []
        return records, lost

    def _close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
