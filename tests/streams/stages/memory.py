"""A broker in memory that runs stages until nothing moves: same topics, keys and partitions as the real one, no time and no threads."""

from __future__ import annotations

import pickle
from collections import defaultdict, deque
from zlib import crc32

from schemas.topics import Topics
from streams.stage import Message, Out
from streams.stages.desk import Desk

PARTITIONS = 2


class Pickle:
    """A codec for tests: what goes in comes out, as bytes."""

    def encode(self, topic, event):
        return pickle.dumps(event)

    def decode(self, value):
        return pickle.loads(value)  # noqa: S301


def desk():
    return Desk(Pickle(), Topics("t."), lambda: 0)


class Memory:
    """Topics as lists by partition, and the stages that read them. `sent[topic]`: every event ever sent there."""

    def __init__(self, stages):
        self.stages = stages
        self.queues = defaultdict(deque)
        self.sent = defaultdict(list)
        self.tables = {t: [s for s in stages if t in s.tables] for s in stages for t in s.tables}
        self.compacted = defaultdict(dict)
        self.offset = 0

    def send(self, out: Out):
        partition = crc32(out.key or b"") % PARTITIONS if out.partition is None else out.partition
        self.offset += 1
        message = Message(out.topic, partition, self.offset, out.key, out.value, 0, out.headers)
        self.sent[out.topic].append(None if out.value is None else pickle.loads(out.value))  # noqa: S301
        self.compacted[out.topic][partition, out.key] = out.value
        self.queues[out.topic, partition].append(message)
        for stage in self.tables.get(out.topic, ()):
            stage.apply_table(out.topic, out.key, out.value)

    def put(self, topic, key, event, *, lane="live", partition=None):
        """Somebody outside sends an event. `topic` without prefix."""
        self.send(Out("t." + topic + (".backfill" if lane == "backfill" else ""), key.encode(), pickle.dumps(event), partition))

    def run(self):
        """Live topics first, one batch at a time, until nothing is left."""
        moved = True
        while moved:
            moved = False
            for stage in self.stages:
                for topics in (stage.inputs, stage.inputs_backfill):
                    moved |= any([self._batch(stage, t, p) for t in topics for p in range(PARTITIONS)])  # noqa: C419 (all of them, not up to the first)

    def _batch(self, stage, topic, partition):
        queue = self.queues[topic, partition]
        if not queue:
            return False
        batch = list(queue)
        queue.clear()
        for out in stage.handle(partition, batch):
            self.send(out)
        return True

    def of(self, topic, kind):
        return [e for e in self.sent["t." + topic] + self.sent["t." + topic + ".backfill"] if isinstance(e, kind)]
