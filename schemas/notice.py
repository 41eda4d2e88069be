"""What people are told of records that did not get across."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Notice:
    """One record's trouble. Key in Kafka: the record's key; `deadletter:<topic>:<partition>:<offset>` for a dead letter.

    system: where a person reads of it and repairs it. status: rejected, waiting, missing or dead. since: epoch ms. told: route -> when.
    handled_by: who has said to be at it. closed_at: 0 = open; a closed one stays until every route that was told of it knows that it has ended.
    """

    key: str
    entity: str
    system: str
    status: str
    code: str
    message: str
    stores: tuple[str, ...]
    ids: Mapping[str, str]
    since: int
    told: Mapping[str, int] = field(default_factory=dict)
    handled_by: str = ""
    handled_at: int = 0
    note: str = ""
    closed_at: int = 0


@dataclass(frozen=True, slots=True)
class Handling:
    """A person says to be at it."""

    key: str
    by: str
    note: str
    at: int
