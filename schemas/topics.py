"""Topics as data: names, keys, clean-up, retention, schemas. Names here carry no prefix; `Topics` adds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.ids import SYSTEMS

DAY_MS = 24 * 60 * 60 * 1000
BACKFILL = ".backfill"
#: Every topic of the hot path has this many partitions, so that partition p of all of them meets in one worker.
PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `records`: names of the Avro records it may carry. `partitions` 0 = the hot path's common count."""

    name: str
    key: str
    records: tuple[str, ...]
    compact: bool = False
    retention_ms: int = 14 * DAY_MS
    partitions: int = 0
    twin: bool = False

    def config(self) -> dict[str, str]:
        """Broker settings of the topic."""
        if self.compact:
            return {
                "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.3", "delete.retention.ms": str(DAY_MS),
                "max.compaction.lag.ms": str(DAY_MS),  # what was erased is gone from the disk a day later, however little is written
            }  # fmt: skip
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


def change_topic(system: str, object_: str) -> str:
    """`change.salesforce.account`."""
    return f"change.{system}.{object_.lower()}"


def pipeline_topics(objects: Sequence[tuple[str, str]], entities: Sequence[str], stores: Sequence[str]) -> tuple[Topic, ...]:
    """All topics of a pipeline that reads these (system, object) pairs, mirrors these entities and serves these stores."""
    long = 90 * DAY_MS
    out = [Topic(change_topic(s, o), "source record", ("Change", "Mark"), twin=True) for s, o in objects]
    out += [Topic(f"read.{s}", "source record", ("ReadRequest",)) for s in SYSTEMS]
    out += [
        Topic("learned", "source record", ("Learned",)),
        Topic("observation", "entity key", ("Observation", "Match", "Handover", "Erasure", "Mark"), twin=True),
        Topic("claim", "match value", ("Claim", "Mark"), twin=True),
        Topic("assigned", "source record", ("Assigned",), compact=True),
        Topic("claims", "match value", ("Claims",), compact=True),
        Topic("record", "entity key", ("Record",), compact=True),
        Topic("outcome", "entity key", ("Outcome",), twin=True),
        Topic("link", "entity key", ("Link",), compact=True),
        Topic("position", "source", ("Position",), compact=True, partitions=1),
        Topic("audit", "correlation id", ("Audit",), retention_ms=long),
        Topic("deadletter", "original key", ("DeadLetter",), retention_ms=long),
        Topic("notice", "record", ("Notice",), compact=True, partitions=1),
        Topic("notified", "record", ("Notice",), retention_ms=long, partitions=1),
        Topic("handling", "record", ("Handling",), retention_ms=long, partitions=1),
    ]
    for s in SYSTEMS:
        out += [
            Topic(f"write.{s}", "entity key", ("Write",), twin=True),
            Topic(f"settled.{s}", "entity key", ("Settled",), compact=True),
            Topic(f"parked.{s}", "entity key", ("Parked",), compact=True),
            Topic(f"budget.{s}", "worker", ("Demand", "Allotment"), retention_ms=10 * 60 * 1000, partitions=1),
        ]
    out += [Topic(f"entity.{e}", "entity key", (golden_record(e),), compact=True) for e in entities]
    out += [Topic(f"terms.{s}", "item, customer, or both", ("ItemTerms", "CustomerTerms", "CustomerOffers"), compact=True) for s in stores]
    return tuple(out)


def golden_record(entity: str) -> str:
    """Name of the typed golden record of an entity: `customer` -> `GoldenCustomer`."""
    return "Golden" + "".join(part.capitalize() for part in entity.split("_"))


@dataclass(frozen=True, slots=True)
class Topics:
    """Names as they stand in the cluster."""

    prefix: str = "accord."

    def name(self, topic: str, lane: str = "live") -> str:
        return self.prefix + topic + (BACKFILL if lane == "backfill" else "")

    def bare(self, name: str) -> str:
        """Without prefix and lane."""
        return name.removeprefix(self.prefix).removesuffix(BACKFILL)

    def lane(self, name: str) -> str:
        return "backfill" if name.endswith(BACKFILL) else "live"
