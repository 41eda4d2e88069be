"""Laws of lanes and offsets: whatever the order of arrivals, answers, failures and crashes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sinks.lanes import Item, Lanes, Place
from sinks.ledger import Batch
from sinks.offsets import MAX_TEXT, Committed, Offsets, decode, encode
from sinks.target import Verdict
from tests.sinks.builders import TOPIC, a_ledger, a_write, an_assignment


@given(base=st.integers(0, 10**12), beyond=st.sets(st.integers(0, 400)), end=st.sampled_from(["open", "clean"]))
def test_metadata_says_exactly_what_is_settled(base: int, beyond: set[int], end: str) -> None:
    """A successor skips exactly what was settled: neither sends it twice nor takes an open one for settled."""
    offsets = {base + o for o in beyond}
    assert decode(base, encode(base, offsets, end)) == Committed(base, frozenset(offsets), end == "clean")  # type: ignore[arg-type]


@given(rng=st.randoms(use_true_random=False), runs=st.integers(1200, 3000))
@settings(max_examples=20, deadline=None)  # a busy machine takes its time; what is proved is the text
def test_metadata_that_is_too_long_is_cut_and_names_nothing_open(rng: Random, runs: int) -> None:
    """The broker takes 4,096 bytes: a longer text would fail the commit; a wrongly cut one would lose writes."""
    at, offsets = 0, set()
    for _ in range(runs):
        at += rng.randint(2, 12)
        offsets.add(at)
    text = encode(0, offsets, "open")
    assert len(text) <= MAX_TEXT
    assert decode(0, text).settled <= offsets
    assert decode(0, text).settled


@given(text=st.text(max_size=40))
def test_metadata_of_another_tool_claims_nothing(text: str) -> None:
    """Somebody who moved the offset by hand must not make us believe that writes were settled, or that nothing is in flight."""
    found = decode(7, text)
    assert found.offset == 7
    if not text.startswith("1;"):
        assert (found.settled, found.clean) == (frozenset(), False)


@given(holes=st.sets(st.integers(0, 60)), order=st.randoms(use_true_random=False), cut=st.integers(0, 60))
def test_the_commit_never_passes_an_open_write_and_a_restart_repeats_only_open_ones(holes: set[int], order: Random, cut: int) -> None:
    """Offsets settle in any order, with holes of control records; at any moment a crash loses nothing and repeats nothing settled."""
    arrived = [o for o in range(60) if o not in holes]
    first = Offsets(Committed(0, frozenset(), clean=True))
    for o in arrived:
        assert first.seen(o)
    done = order.sample(arrived, min(cut, len(arrived)))
    for o in done:
        first.settle(o)
    base, text = first.commit("open")
    assert all(o in done for o in arrived if o < base)
    second = Offsets(decode(base, text))
    again = [o for o in arrived if o >= base and second.seen(o)]
    assert again == [o for o in arrived if o not in done]


@dataclass
class World:
    """Writes of a few records in two lanes, a ledger, and a target that fails at random."""

    rng: Random
    sent: list[tuple[str, int]] = field(default_factory=list)
    flying: list[Batch] = field(default_factory=list)
    now: float = 100.0

    def run(self, sequences: list[tuple[str, bool]], crash_every: int) -> None:
        log: dict[str, list[Item]] = {TOPIC: [], TOPIC + ".backfill": []}
        counts: dict[str, int] = {}
        for key, live in sequences:
            counts[key] = counts.get(key, 0) + 1
            topic = TOPIC if live else TOPIC + ".backfill"
            write = a_write(f"customer:salesforce:{key}", counts[key], lane="live" if live else "backfill")
            log[topic].append(Item(write, Place(topic, 0, len(log[topic]))))
        committed: dict[tuple[str, int], tuple[int, str]] = {}
        settled: dict[str, tuple[int, object]] = {}
        for life in range(4):
            self._life(log, committed, settled, crash=crash_every if life < 3 else 10**9)
        assert all(decode(*committed[t, 0]).offset == len(log[t]) for t in log), "everything is settled in the end"
        for key, last in counts.items():
            applied = [s for k, s in self.sent if k.endswith(f":{key}")]
            assert applied[-1] == last, "the newest wanted state was sent last"

    def _life(self, log, committed, settled, *, crash: int) -> None:
        ledger = a_ledger(call_s=5.0, bound_s=10**9)
        parts = [(t, 0) for t in log]
        empty = an_assignment()
        offsets = {p: decode(*committed[p]) if p in committed else None for p in parts}
        given = type(empty)(offsets, dict.fromkeys(parts, 0), {p: len(log[p[0]]) for p in parts}, dict(settled), {})
        ledger.assign(given, self.now)
        self.flying.clear()  # calls of the one that died have landed: they were counted when they were made
        highest: dict[str, int] = {}
        todo = [i for t in log for i in log[t][offsets[t, 0].offset if offsets[t, 0] else 0 :]]
        if self.rng.random() < 0.5:
            todo.sort(key=lambda i: i.write.lane == "live")  # backfill first
        for step in range(10**6):
            if step == crash:
                return
            if todo and self.rng.random() < 0.6:
                ledger.take_in(todo.pop(0), 0)
            for batch in ledger.start(self.now, 0):
                keys = [t.item.key for t in batch.tickets]
                assert not set(keys) & {t.item.key for b in self.flying for t in b.tickets}, "one call per record at a time"
                self.flying.append(batch)
                for ticket in batch.tickets:
                    write = ticket.item.write
                    assert write.sequence >= highest.get(write.key, 0), "writes of one record are sent in order"
                    highest[write.key] = write.sequence
                self.sent += [(t.item.key, t.item.write.sequence) for t in batch.tickets]
            if self.flying and self.rng.random() < 0.7:
                batch = self.flying.pop(self.rng.randrange(len(self.flying)))
                fail = self.rng.random() < 0.3
                ledger.finish(batch, [Verdict("retry", ambiguous=True) if fail else Verdict("applied", id="1") for _ in batch.jobs], self.now, 0)
            if self.rng.random() < 0.5:
                outs, moved = ledger.drain("open")
                committed.update(moved)
                settled.update({o.key: (0, o.event) for o in outs if o.topic.startswith("settled")})
            self.now += self.rng.random()
            if not todo and not self.flying and not ledger.pending() and not ledger.dirty:
                return


@given(
    seed=st.integers(0, 10**9),
    sequences=st.lists(st.tuples(st.sampled_from("ABC"), st.booleans()), min_size=1, max_size=25),
    crash=st.integers(1, 40),
)
@example(  # what the last owner had settled beyond its commit arrived after the last write had ended: nobody committed again, and it was lag for ever
    seed=4,
    sequences=[("A", False), ("A", True), ("A", True), ("A", True), ("A", False), ("A", True), ("B", False), ("B", False)],
    crash=6,
)
@settings(max_examples=150, deadline=None)
def test_any_interleaving_of_lanes_failures_and_crashes_keeps_order_and_loses_nothing(seed: int, sequences: list[tuple[str, bool]], crash: int) -> None:
    """Order per record, one call at a time, the newest state sent last, every offset settled: whatever fails, whoever dies when."""
    World(Random(seed)).run(sequences, crash)


@given(fails=st.integers(1, 30), others=st.integers(1, 30))
def test_a_record_that_fails_delays_no_other(fails: int, others: int) -> None:
    """No head-of-line blocking: while one record is retried for ever, all others go through at once."""
    lanes = Lanes()
    lanes.offer(Item(a_write("customer:salesforce:bad"), Place(TOPIC, 0, 0)), 0)
    now = 1.0
    for n in range(fails):
        [[ticket]] = lanes.take(now, lambda _l, _n: 1, lambda _l: 9, lambda _l, _g: 9)
        assert ticket.attempt == n + 1
        lanes.again(ticket.item.key, now + 60, doubt=False)
        now += 60
    for n in range(others):
        lanes.offer(Item(a_write(f"customer:salesforce:{n}"), Place(TOPIC, 0, n + 1)), 0)
    taken = [t.item.key for batch in lanes.take(now - 1, lambda _l, _n: 1, lambda _l: 10**6, lambda _l, _g: 10**6) for t in batch]
    assert taken == [f"customer:salesforce:{n}" for n in range(others)]
