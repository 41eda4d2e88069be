"""One event of our Faust: everything that a fetch brought for one partition."""

from __future__ import annotations

from typing import NamedTuple

from accord.kafka.records import Partition
from streams.stage import Message


class Batch(NamedTuple):
    """`generation`: of the group, when it was fetched. `number`: counts the partition's batches in that generation from 0, so that one
    that gets lost on its way through Faust's queues is noticed instead of being committed over.
    """

    partition: Partition
    generation: int
    number: int
    messages: list[Message]
