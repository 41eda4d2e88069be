"""Everything a sink knows, and what follows from each thing that happens to it. No I/O: the worker feeds it and sends what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from accord.links import LinkIndex
from accord.pace import Allowance, Lane
from schemas.events import RETIRED, Link, Parked, Settled
from sinks import hold, settle
from sinks.lanes import BACKFILL, LIVE, Item, Lanes, Ticket
from sinks.offsets import Committed, End, Offsets
from sinks.parking import Parking, Slot
from sinks.refs import fill
from sinks.retry import Policy, next_try
from sinks.settle import Out, Settlement
from sinks.target import Job, Verdict

Part = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Batch:
    """One call: its lane and group, the writes and what they look like with their references filled in."""

    lane: str
    group: str
    tickets: tuple[Ticket, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker finds when it is given partitions. Keys of `offsets` and `ends`: (topic, partition); None = never committed."""

    offsets: Mapping[Part, Committed | None]
    starts: Mapping[Part, int]
    ends: Mapping[Part, int]
    settled: Mapping[str, tuple[int, Settled]]
    parked: Mapping[str, tuple[int, Parked]]


class Ledger:
    """State of one worker. `now`: monotonic seconds; `now_ms`: epoch ms; both are handed in."""

    def __init__(
        self, target: str, *, size: Callable[[str, int], int], parallel: int, calls: int, policy: Policy, rng: Random, call_s: float
    ) -> None:  # fmt: skip
        """`size(lane, waiting)`: writes of so many that one batch takes. `call_s`: the longest that a call lives at the target, for the
        hold after an unclean end.
        """
        self._target = target
        self.links = LinkIndex()
        self.lanes = Lanes()
        self.parking = Parking(target)
        self.outcomes: Counter[str] = Counter()
        self._size, self._parallel, self._calls = size, parallel, calls
        self._policy, self._rng, self._call_s = policy, rng, call_s
        self._offsets: dict[Part, Offsets] = {}
        self._settled: dict[str, tuple[int, int, str]] = {}
        self._hold = hold.Hold()
        self._busy: Counter[tuple[str, str]] = Counter()
        self._outbox: list[Out] = []
        self._moved: dict[Part, None] = {}

    def assign(self, given: Assignment, now: float) -> None:
        """These are all partitions that we have from now on."""
        for part, start in given.starts.items():
            self._offsets[part] = Offsets(given.offsets[part] or Committed(start, frozenset(), clean=True))
            self._moved[part] = None  # the mark `open` must stand before the first call
        clean = {part: found is None or found.clean for part, found in given.offsets.items()}
        self._hold = hold.assigned(given.ends, clean, now, self._call_s)
        self.parking.assign({p for _, p in given.starts})
        self._settled.update({key: (event.sequence, partition, event.id) for key, (partition, event) in given.settled.items()})
        for partition, parked in given.parked.values():
            self.parking.put(parked, partition)

    def revoke(self, partitions: Collection[int]) -> None:
        """These partitions are another worker's: forget them; what was not sent about them is not ours to send."""
        self.lanes.drop(partitions)
        self._offsets = {part: o for part, o in self._offsets.items() if part[1] not in partitions}
        self._settled = {key: entry for key, entry in self._settled.items() if entry[1] not in partitions}
        self._moved = {part: None for part in self._moved if part[1] not in partitions}
        self._outbox = [o for o in self._outbox if o.partition not in partitions]
        self.parking.assign(self.partitions())

    def release_waiting(self, now_ms: int) -> None:
        """Once the links are read: what appeared while nobody looked after these partitions."""
        self._release(self.parking.released_already(self.links), now_ms)

    def take_in(self, item: Item, now_ms: int) -> None:
        """A write arrived."""
        if not self._arrived((item.place.topic, item.place.partition), item.place.offset):
            return
        doubt = self._hold.doubts(item.place)
        known = self._settled.get(item.key, (0, 0, ""))[0]
        for old in self.lanes.offer(item, known, due=self._hold.until if doubt else 0.0, doubt=doubt):
            self._supersede(old, now_ms)

    def skip(self, part: Part, offset: int, out: Out) -> None:
        """A record that can't be read: it goes to the dead letters, the partition goes on."""
        if self._arrived(part, offset):
            self._outbox.append(out)
            self._done(part, offset)

    def tell(self, outs: Sequence[Out]) -> None:
        """Something besides goes along with the next commit."""
        self._outbox.extend(outs)

    def start(self, now: float, now_ms: int, allowed: Allowance | None = None) -> list[Batch]:
        """The calls to make now. What needs none (withdrawn, a reference missing) is settled here. `allowed`: calls at once that are ours."""
        batches: list[Batch] = []
        share = allowed or Allowance.whole(self._calls)
        while taken := self.lanes.take(now, self._size, lambda lane: self._free(lane, share), self._room):
            for tickets in taken:
                ready = [(t, job) for t in tickets if (job := self._job(t, now_ms)) is not None]
                if ready:
                    first = ready[0][0].item
                    batch = Batch(first.write.lane, first.group, tuple(t for t, _ in ready), tuple(j for _, j in ready))
                    self._busy[batch.lane, batch.group] += 1
                    batches.append(batch)
        return batches

    def wanted(self, lane: Lane) -> int:
        """Batches that would go now if there were room for more calls."""
        return sum(min(self._room(lane, g), -(-n // self._size(lane, n))) for g, n in self.lanes.ready(lane).items())

    def _room(self, lane: str, group: str) -> int:
        return self._parallel - self._busy[lane, group]

    def _free(self, lane: str, share: Allowance) -> int:
        """A backfill that holds every call must not keep a live one from standing first in line for the next."""
        slots = min(self._calls, share.slots)
        of_backfill = sum(n for (name, _), n in self._busy.items() if name == BACKFILL)
        live = sum(self._busy.values()) - of_backfill
        return slots - live if lane == LIVE else min(slots - live - of_backfill, share.backfill - of_backfill)

    def finish(self, batch: Batch, verdicts: Sequence[Verdict], now: float, now_ms: int) -> None:
        """The target answered."""
        self._busy[batch.lane, batch.group] -= 1
        for ticket, verdict in zip(batch.tickets, verdicts, strict=True):
            if not self.lanes.under_way(ticket.item):
                continue
            self.outcomes[verdict.kind] += 1
            if verdict.kind == "retry":
                self._again(ticket, verdict, now, now_ms)
            else:
                known, parked = self._id(ticket.item), self.parking.get(ticket.item.key)
                self._settle(
                    ticket.item,
                    settle.answered(ticket.item, verdict, known=known, attempt=ticket.attempt, was_parked=parked is not None, now_ms=now_ms),
                )

    def link(self, key: str, link: Link | None, now_ms: int) -> None:
        """A link as it stands now: what waited for it is released."""
        self.links.put(key, link)
        if link is None:
            self._forget(key, now_ms)
            return
        if link.alias:
            self.parking.folded(key, link.alias)
            self._release([slot for slot in self.parking.own() if slot.parked.key == key], now_ms)  # its new key asks for what is wanted
            winner = self.links.link(link.alias)
            link = winner or link
        self._release(self.parking.released_by(link, self.links), now_ms)

    def parked_as_told(self, key: str, partition: int, parked: Parked | None, now_ms: int) -> None:
        """What the log says of a parked write: our own word coming back, another worker's, or a person's who released it.

        Our memory may be ahead of the log; it is right again as soon as the log has caught up, and what was free meanwhile is released.
        """
        if parked is None:
            self.parking.remove(key)
            return
        self.parking.put(parked, partition)
        self._release(self.parking.released_already(self.links, key), now_ms)

    def tick(self, now_ms: int) -> None:
        """What time alone brings: another attempt for what was postponed, a word about what waits too long."""
        self._release(self.parking.due(now_ms), now_ms)
        for slot in self.parking.overdue(now_ms):
            self._outbox.extend(settle.overdue(slot.parked, now_ms))

    def drain(self, end: End) -> tuple[list[Out], dict[Part, tuple[int, str]]]:
        """What must leave in one transaction: events, and the offsets with their metadata. `clean` says so for every partition."""
        parts = self._offsets if end == "clean" else self._moved
        offsets = {part: self._offsets[part].commit(end) for part in parts}
        outs, self._outbox, self._moved = self._outbox, [], {}
        return outs, offsets

    @property
    def dirty(self) -> bool:
        """Is there anything to commit?"""
        return bool(self._outbox or self._moved)

    def pending(self, topic: str = "") -> int:
        """Writes (of one topic) that arrived and are not settled."""
        return sum(o.pending() for part, o in self._offsets.items() if topic in {"", part[0]})

    def partitions(self) -> frozenset[int]:
        """Whose records we write now."""
        return frozenset(p for _, p in self._offsets)

    def _arrived(self, part: Part, offset: int) -> bool:
        offsets = self._offsets.get(part)
        new = offsets is not None and offsets.seen(offset)
        if offsets is not None and not new:
            self._moved[part] = None  # settled by the last owner: the commit may pass it now
        return new

    def _job(self, ticket: Ticket, now_ms: int) -> Job | None:
        item, write = ticket.item, ticket.item.write
        parked, known = self.parking.get(item.key), self._id(item)
        if write.kind == "withdraw" or not write.parts:
            self._settle(item, settle.withdrawn(item, known=known, was_parked=parked is not None, now_ms=now_ms))
            return None
        bodies, missing = fill(write, self.links)
        if not missing:
            return Job(write, bodies, known, ticket.doubt)
        since = parked.since if parked is not None and parked.waits_for == missing[0].ref else now_ms
        draft = settle.waiting(item, missing, known=known, ring=(), since=since, now_ms=now_ms)
        if draft.parked is not None:
            self.parking.put(draft.parked, item.place.partition)
        ring = self.parking.cycle(item.key, self.links)
        self.outcomes["waiting"] += 1
        self._settle(item, settle.waiting(item, missing, known=known, ring=ring, since=since, now_ms=now_ms) if ring else draft)
        return None

    def _again(self, ticket: Ticket, verdict: Verdict, now: float, now_ms: int) -> None:
        item = ticket.item
        if verdict.id:  # half of it was done: from now on by id
            sequence, partition, _ = self._settled.get(item.key, (0, item.place.partition, ""))
            self._settled[item.key] = (sequence, partition, verdict.id)
        at = next_try(ticket.attempt, ticket.since, now, self._policy, self._rng, verdict.wait_s)
        if at is None:
            until = now_ms + int(self._policy.parked_s * 1000)
            self._settle(item, settle.postponed(item, verdict, known=self._id(item), attempt=ticket.attempt, until_ms=until, now_ms=now_ms))
            return
        self._outbox.extend(settle.retried(item, verdict, ticket.attempt, at - now, now_ms))
        for old in self.lanes.again(item.key, at, doubt=verdict.ambiguous):
            self._supersede(old, now_ms)

    def _settle(self, item: Item, answer: Settlement) -> None:
        self._outbox.extend(answer.outs)
        self._settled[item.key] = (item.write.sequence, item.place.partition, answer.id)
        if answer.parked is not None:
            self.parking.put(answer.parked, item.place.partition)
        else:
            self.parking.remove(item.key)
        self._done((item.place.topic, item.place.partition), item.place.offset)
        self.lanes.finish(item.key)

    def _supersede(self, item: Item, now_ms: int) -> None:
        self._outbox.extend(settle.superseded(item, now_ms))
        self._done((item.place.topic, item.place.partition), item.place.offset)

    def _release(self, slots: Sequence[Slot], now_ms: int) -> None:
        for slot in slots:
            self.parking.remove(slot.parked.key)
            self._outbox.extend(settle.released(slot.parked, slot.partition, now_ms))

    def _forget(self, key: str, now_ms: int) -> None:
        """The record was erased: what we keep of it goes too."""
        found = self._settled.get(key)
        if found is None or found[1] not in self.partitions():
            return
        del self._settled[key]
        slot = self.parking.remove(key)
        self._outbox.extend(settle.erased(self._target, key, found[1], slot.parked if slot else None, now_ms))

    def _done(self, part: Part, offset: int) -> None:
        self._offsets[part].settle(offset)
        self._moved[part] = None

    def _id(self, item: Item) -> str:
        """The target's id: what the write says, else what an earlier answer taught us, unless that record was deleted and is made anew."""
        known = item.write.id or self._settled.get(item.key, (0, 0, ""))[2]
        return "" if known in item.write.options.get(RETIRED, "").split(",") else known
