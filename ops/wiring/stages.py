"""The three stages of streams, from a mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from accord.kafka.codec import Codec
from accord.reads import SalesforceRead
from ops.wiring.mapping import objects, reads
from schemas.topics import PARTITIONS, Topics, change_topic
from streams.mapping import Entity
from streams.resolve import Reading
from streams.stage import Stage
from streams.stages.desk import Desk
from streams.stages.match import MatchStage
from streams.stages.reconcile import ReconcileStage
from streams.stages.resolve import ResolveStage, Source


def sources(found: Mapping[str, Entity]) -> dict[tuple[str, str, str], Source]:
    """How each object is read: by (system, entity, object), and by (system, entity, "") for types that are read under another name."""
    out: dict[tuple[str, str, str], Source] = {}
    for read in reads(found):
        observe = found[read.entity].observe
        if isinstance(read, SalesforceRead):
            source = Source(observe, Reading(document=read.mode == "document", hint=read.hint))
            out["salesforce", read.entity, read.object.lower()] = source
        else:
            source = Source(observe, Reading())
            out["netsuite", read.entity, ""] = source
    return out


def stages(found: Mapping[str, Entity], topics: Topics, codec: Codec, now_ms: Callable[[], int], *, margin_ms: int) -> list[Stage]:
    """resolve, reconcile, match."""
    desk = Desk(codec, topics, now_ms)
    changes = [change_topic(system, object_) for system, object_ in objects(found)]
    return [
        ResolveStage(desk, sources(found), changes, partitions=PARTITIONS, margin_ms=margin_ms),
        ReconcileStage(desk, found, partitions=PARTITIONS),
        MatchStage(desk, partitions=PARTITIONS),
    ]
