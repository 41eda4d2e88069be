"""What a merchant of size costs: CPU and memory of the stages for each entity's first load, measured in process; API calls, counted from the reads.

A record comes as its master's whole row, is matched, made on the other side, answered and read back: every field filled, so this is the most. No
broker, no network: those are in the other groups.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from accord.kafka.codec import Codec
from accord.netsuite.restlet import LOADED_PAGE, PAGE
from accord.reads import NetSuiteRead, SalesforceRead
from producers.salesforce_poll import PAGE as SALESFORCE_PAGE
from producers.salesforce_poll import PARENTS
from producers.sources import Rhythms
from schemas.events import Claim, Match, Observation, Outcome, Write
from schemas.topics import Topics
from streams.stage import Message, Out
from streams.stages.desk import Desk
from streams.stages.reconcile import ReconcileStage
from streams.stages.shelf import Shelf as StateShelf
from tests.bench.codec import Shelf
from tests.bench.figures import Figure
from tests.laws.pair import Pair
from tests.laws.test_entities import known, wished
from tests.streams.mapping.builders import entities, reference, tables

DAY_S = 86_400
#: 20,000 customers, 10,000 items in 4 levels and 3 currencies with 200,000 prices, 5 locations, 50,000 orders.
SIZES: Mapping[str, int] = {"customer": 20_000, "item": 10_000, "pricebook": 4, "price": 120_000, "price_break": 80_000, "inventory": 50_000, "order": 50_000}
#: Records of one call to Salesforce.
TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one record: CPU microseconds of its first load, bytes of its state on Kafka, bytes in memory while it is decoded, and put away."""

    cpu_us: float
    state: int
    decoded: int
    packed: int


class Worker:
    """A reconcile stage with the real codec; what it sends is kept by topic."""

    def __init__(self, entity: str, codec: Codec | None = None) -> None:
        self.codec = codec or Codec(Shelf())
        self.stage = ReconcileStage(Desk(self.codec, Topics(""), lambda: 0), {entity: entities()[entity]}, partitions=1)
        for found in known().links.values():
            self.stage.apply_table("link", found.key.encode(), self.codec.encode("link", found))
        self.offset = 0

    def take(self, topic: str, events: Sequence[Any]) -> Sequence[Out]:
        self.offset += len(events)
        return self.stage.handle(0, [Message(topic, 0, self.offset, e.key.encode(), self.codec.encode(topic, e), 0) for e in events])

    def told(self, outs: Sequence[Out], kind: type) -> list[Any]:
        return [
            e for e in (self.codec.decode(out.value) for out in outs if out.value and not out.topic.startswith(("entity.", "audit"))) if isinstance(e, kind)
        ]


def own(value: str | None, n: int, name: str, pair: Pair) -> str | None:
    """No two records share their texts: shared ones would take no memory."""
    plain = pair.table.fields[name].type == "text" and name not in ("sf_status", "store") and value is not None
    return f"{value[:20]} {n}" if plain and value else value


def cost(entity: str, count: int) -> Cost:
    table = tables()[entity]
    pair = Pair(table, entities()[entity], reference(), known())
    side = table.master
    other = "netsuite" if side == "salesforce" else "salesforce"
    fields = wished(pair, side)
    worker = Worker(entity)
    rows = [
        Observation(f"{entity}:{side}:{n:018d}", entity, side, "X", f"{n:018d}", "row", 0, 1_000_000, gone=False, whole=True,
                    fields={name: own(value, n, name, pair) for name, value in fields.items()})
        for n in range(count)
    ]  # fmt: skip
    begun = time.process_time()
    outs = list(worker.take("observation", rows))
    claims = worker.told(outs, Claim)
    outs += worker.take("observation", [Match(c.key, entity, c.value, "") for c in claims])
    writes = {w.key: w for w in worker.told(outs, Write) if w.target == other}
    sent = [{**w.seeds, **w.values} for w in writes.values()]
    answers = [
        Outcome(other, w.key, entity, w.sequence, "applied", values, {}, f"7{w.key[-17:]}", "X", 2_000_000, 2_000_001)
        for w, values in zip(writes.values(), sent, strict=True)
    ]
    outs += worker.take("outcome", answers)
    echoes = [
        Observation(a.key, entity, other, "X", a.id, "row", 0, 3_000_000, gone=False, whole=True, fields=values)
        for a, values in zip(answers, sent, strict=True)
    ]
    outs += worker.take("observation", echoes)
    cpu = time.process_time() - begun
    states = [(out.key or b"", out.value) for out in {o.key: o for o in outs if o.topic == "record"}.values()]
    return Cost(
        cpu / count * 1e6,
        sum(len(v or b"") for _, v in states) // max(1, len(states)),
        memory_of(entity, states, worker.codec, len(states)),
        memory_of(entity, states, worker.codec, 1),
    )


def memory_of(entity: str, states: Sequence[tuple[bytes, bytes | None]], codec: Codec, decoded: int) -> int:
    """Bytes that a worker holds for a record after a restart, if so many may stay decoded. The values themselves are counted, for they come from the broker."""
    fresh = Worker(entity, codec)
    fresh.stage._shelf = StateShelf(codec.decode, lambda record: codec.encode("record", record), decoded=max(1, decoded))
    gc.collect()
    tracemalloc.start()
    for key, value in states:
        fresh.stage.load(0, bytes(bytearray(key)), bytes(bytearray(value or b"")))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held // max(1, len(states))


def pages(read: SalesforceRead | NetSuiteRead, rows: int) -> int:
    if isinstance(read, SalesforceRead):
        return ceil(rows / (PARENTS if read.children else SALESFORCE_PAGE))
    return ceil(rows / (LOADED_PAGE if read.sublists else PAGE)) * (1 + len(read.joined))


def day(reads: Sequence[Any], sizes: Mapping[str, int], *, poll_s: Mapping[str, float], prices_s: float) -> dict[str, int]:
    """API calls of a day on which nothing happens, by system."""
    out = dict.fromkeys(("salesforce", "netsuite"), 0.0)
    for read in reads:
        rows = sizes.get(read.entity, 0)
        if isinstance(read, SalesforceRead):
            if read.mode == "poll":
                out["salesforce"] += DAY_S / (read.every_s or poll_s["salesforce"])
        elif read.mode == "poll":
            out["netsuite"] += DAY_S / poll_s["netsuite"] + (0 if read.hint else ceil(max(rows, 1) / PAGE) * DAY_S / Rhythms().ids_s)
        else:
            out["netsuite"] += pages(read, max(rows, 1)) * DAY_S / (read.every_s or prices_s)
    out["netsuite"] += DAY_S / poll_s["netsuite"]  # deleted records
    return {system: round(calls) for system, calls in out.items()}


def run(count: int = 400) -> list[Figure]:
    """Of one record of each entity; and the calls of a quiet day at the sizes above, at the default rhythm."""
    out = []
    for name in entities():
        found = cost(name, count)
        out += [
            Figure(f"sizes.{name}.cpu", round(found.cpu_us), "us"), Figure(f"sizes.{name}.state", found.state, "bytes"),
            Figure(f"sizes.{name}.decoded", found.decoded, "bytes"), Figure(f"sizes.{name}.packed", found.packed, "bytes"),
        ]  # fmt: skip
    reads = [read for entity in entities().values() for read in entity.reads]
    calls = day(reads, SIZES, poll_s={"salesforce": 60.0, "netsuite": 5.0}, prices_s=600.0)
    return out + [Figure(f"sizes.quiet_day.{system}", number, "calls") for system, number in calls.items()]
