"""The whole loop on a real broker: transactions, parking, rebalances, kill -9 between call and commit."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from accord.clock import SystemClock
from schemas.events import Audit, DeadLetter, Outcome, Parked, Settled, Write
from schemas.topics import Topics
from sinks.netsuite import NetSuite
from sinks.rehearsal import Row
from sinks.run import Options, rehearse
from tests.sinks.broker import Account, Bench, ended, sink
from tests.sinks.builders import a_link, a_write
from tests.waiting import until


@pytest.fixture
def bench(kafka: str, registry: str, topic_prefix: str) -> Bench:
    return Bench(kafka, registry, Topics(topic_prefix))


def customer(n: int, sequence: int, **options: object) -> Write:
    return a_write(f"customer:salesforce:{n}", sequence, body={"companyName": f"{n}.{sequence}"}, seeds={"seed": f"s{sequence}"}, **options)  # type: ignore[arg-type]


def outcomes(bench: Bench, *kinds: str) -> list[Outcome]:
    return [o for o in bench.read("outcome") if not kinds or o.kind in kinds]


def newest(bench: Bench) -> dict[str, int]:
    """Highest sequence told of each record, in both lanes."""
    told: dict[str, int] = {}
    for outcome in [*bench.read("outcome"), *bench.read("outcome", "backfill")]:
        told[outcome.key] = max(told.get(outcome.key, 0), outcome.sequence)
    return told


def test_a_write_is_sent_settled_and_told(bench: Bench, tmp_path: Path) -> None:
    """What was asked for is in the target, its outcome in Kafka, and the trail says each step."""
    process = sink(bench, tmp_path / "db")
    try:
        bench.put(customer(1, 4))
        [outcome] = until(lambda: outcomes(bench), "an outcome")
        assert (outcome.kind, outcome.sequence, outcome.id, outcome.calls, outcome.attempts) == ("applied", 4, "1", 1, 1)
        assert 0 < outcome.before <= outcome.after
        assert bench.read("settled.netsuite") == [Settled(4, "1")]
        steps: list[Audit] = bench.read("audit")
        assert [a.step for a in steps] == ["sent", "applied"]
        assert len({a.correlation_id for a in steps}) == 1
        assert json.loads(steps[0].detail)["request"] == "POST customer"
    finally:
        assert list(ended([process])) == [0]


def test_an_order_waits_for_its_customer_and_is_released_by_its_link(bench: Bench, tmp_path: Path) -> None:
    """A missing customer parks the order durably, delays nobody, and its link asks reconcile what is wanted now."""
    order = a_write("order:salesforce:801", 1, object="salesOrder", body={"companyName": "o", "entity": {"id": {"$ref": "customer:salesforce:9"}}})
    bench.put(order, customer(1, 1))
    process = sink(bench, tmp_path / "db")
    try:
        both = until(lambda: (o := outcomes(bench)) and len(o) == 2 and o, "both outcomes")
        [waiting] = [o for o in both if o.kind == "waiting"]
        assert (waiting.code, waiting.waits_for) == ("missing_customer", "customer:salesforce:9")
        [parked] = bench.read("parked.netsuite")
        assert isinstance(parked, Parked)
        assert parked.waits_for == "customer:salesforce:9"
        bench.put(a_link("customer:salesforce:9", netsuite="7"))
        [released] = until(lambda: outcomes(bench, "released"), "the release")
        assert (released.key, released.sequence) == ("order:salesforce:801", 1)
        assert bench.read("parked.netsuite")[-1] == ("order:salesforce:801", None)
        assert [r[0] for r in Account(tmp_path / "db").rows("select key from record")] == ["customer-salesforce-1"], "the stored payload was not sent"
    finally:
        list(ended([process]))


def test_a_link_that_came_while_no_sink_ran_releases_at_start(bench: Bench, tmp_path: Path) -> None:
    """Otherwise the order would wait for a record that is long there."""
    bench.put(a_write("order:salesforce:801", 1, body={"companyName": "o", "entity": {"$ref": "customer:salesforce:9"}}))
    process = sink(bench, tmp_path / "db")
    until(lambda: outcomes(bench, "waiting"), "parked")
    list(ended([process]))
    bench.put(a_link("customer:salesforce:9", netsuite="7"))
    process = sink(bench, tmp_path / "db")
    try:
        until(lambda: outcomes(bench, "released"), "the release")
    finally:
        list(ended([process]))


def test_what_cannot_be_read_goes_to_the_dead_letters_and_the_partition_goes_on(bench: Bench, tmp_path: Path) -> None:
    """One bad record must stop nothing else, and be kept whole."""
    bench.put(("write.netsuite", "customer:salesforce:1", b"nonsense"), customer(1, 1))
    process = sink(bench, tmp_path / "db")
    try:
        until(lambda: outcomes(bench, "applied"), "the good one")
        [letter] = bench.read("deadletter")
        assert isinstance(letter, DeadLetter)
        assert (letter.value, letter.code) == (b"nonsense", "malformed")
    finally:
        list(ended([process]))


def test_a_restart_after_a_clean_end_sends_nothing_again(bench: Bench, tmp_path: Path) -> None:
    """Calls are finished and committed before the group is left: before it ends, and without a hold for the next one."""
    bench.put(*(customer(n, 1) for n in range(40)))
    process = sink(bench, tmp_path / "db", wait_s=0.2)
    account = Account(tmp_path / "db")
    until(lambda: account.rows("select 1 from journal"), "the first call")
    assert list(ended([process])) == [0], "ended by itself: a sink that is late ends with another code"
    second = sink(bench, tmp_path / "db", call_s=60.0)
    try:
        until(lambda: len(outcomes(bench, "applied")) == 40, "all of them, unhindered by a hold")
        assert Counter(n for [n] in account.rows("select count(*) from journal group by key")) == {1: 40}
    finally:
        list(ended([second]))


def test_kill_9_between_call_and_commit_loses_and_doubles_nothing(bench: Bench, tmp_path: Path) -> None:
    """Calls landed whose outcome was never written: the successor holds those records, looks them up, and goes on by their id."""
    rng, account = random.Random(1), Account(tmp_path / "db")
    process = sink(bench, tmp_path / "db", wait_s=0.05)
    last: dict[int, int] = {}
    for _ in range(3):
        for _ in range(60):
            n = rng.randrange(25)
            last[n] = last.get(n, 0) + 1
            bench.put(customer(n, last[n], lane="backfill" if rng.random() < 0.2 else "live"))
        before = len(account.rows("select 1 from journal"))
        until(lambda before=before: len(account.rows("select 1 from journal")) > before + rng.randrange(5, 20), "calls on their way")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = sink(bench, tmp_path / "db", wait_s=0.05)
    try:
        wanted = {f"customer-salesforce-{n}": f"{n}.{s}" for n, s in last.items()}
        until(lambda: dict(account.rows("select key, value from record")) == wanted, "every record as wanted (lost 0)", 60)
        until(lambda: newest(bench) == {f"customer:salesforce:{n}": s for n, s in last.items()}, "every newest write told", 60)
        assert Counter(k for k, v in account.rows("select key, verb from journal") if v == "create").most_common(1)[0][1] == 1, "doubled 0"
    finally:
        list(ended([process]))


def test_a_sink_that_was_frozen_and_wakes_up_sends_nothing_more(bench: Bench, tmp_path: Path) -> None:
    """Its partitions are another's: a call started after waking would put an older state over a newer one."""
    account = Account(tmp_path / "db")
    bench.put(*(customer(n, 1) for n in range(30)))
    frozen = sink(bench, tmp_path / "db", wait_s=0.3)
    until(lambda: len(account.rows("select 1 from journal")) >= 8, "at work")
    frozen.send_signal(signal.SIGSTOP)
    second = sink(bench, tmp_path / "db")
    try:
        bench.put(*(customer(n, 2) for n in range(30)))
        until(
            lambda: all(v.endswith(".2") for [v] in account.rows("select value from record")) and len(account.rows("select 1 from record")) == 30,
            "the successor's work",
        )
        frozen.send_signal(signal.SIGCONT)
        until(lambda: frozen.poll() is not None or len(bench.read("outcome")) >= 30, "awake")
        bench.put(*(customer(n, 3) for n in range(30)))
        until(lambda: all(v.endswith(".3") for [v] in account.rows("select value from record")), "both or one at work")
        per_key: dict[str, list[int]] = {}
        for key, value in account.rows("select key, value from journal order by n"):
            per_key.setdefault(key, []).append(int(value.split(".")[1]))
        assert all(s == sorted(s) for s in per_key.values()), "out of order 0"
        assert len(account.rows("select 1 from record")) == 30, "doubled 0"
    finally:
        list(ended([frozen, second]))


def test_a_rehearsal_says_what_would_be_written_and_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    """`--dry-run` before the first real day: every write as a row, no call, no outcome, no offset."""
    bench.put(customer(1, 1), customer(2, 1, id="7"), a_write("order:salesforce:801", 1, body={"entity": {"$ref": "customer:salesforce:9"}}))
    account, said = Account(tmp_path / "db"), []

    async def rehearsing() -> None:
        stop = asyncio.Event()

        def say(row: Row) -> None:
            said.append(row)
            if len(said) == 3:
                stop.set()

        async with asyncio.timeout(30):
            await rehearse(
                NetSuite({"live": account, "backfill": account}), say, bootstrap=bench.bootstrap, codec=bench.codec, topics=bench.topics, clock=SystemClock(),
                rng=random.Random(), stop=stop, options=Options(),
            )  # fmt: skip

    asyncio.run(rehearsing())
    assert {r.key: r.does for r in said} == {
        "customer:salesforce:1": "insert",
        "customer:salesforce:2": "update",
        "order:salesforce:801": "wait",
    }
    assert (account.rows("select 1 from journal"), bench.read("outcome"), bench.read("parked.netsuite")) == ([], [], [])


def test_two_sinks_share_the_partitions_and_a_second_one_joining_doubles_nothing(bench: Bench, tmp_path: Path) -> None:
    """A rebalance finishes the calls of what is given up; nothing is sent by both."""
    account = Account(tmp_path / "db")
    bench.put(*(customer(n, 1) for n in range(60)))
    first = sink(bench, tmp_path / "db", wait_s=0.05)
    until(lambda: len(account.rows("select 1 from journal")) > 5, "the first one at work")
    second = sink(bench, tmp_path / "db", wait_s=0.05)
    try:
        for sequence in range(2, 60):  # work goes on until the second one, however slowly it starts, has had its share
            bench.put(*(customer(n, sequence) for n in range(60)))
            until(lambda sequence=sequence: all(v.endswith(f".{sequence}") for [v] in account.rows("select value from record")), "the round")
            if sequence > 4 and len({p for [p] in account.rows("select distinct pid from journal")}) == 2:
                break
        assert len({p for [p] in account.rows("select distinct pid from journal")}) == 2, "both at work"
        assert len(account.rows("select 1 from record")) == 60
        per_key: dict[str, list[int]] = {}
        for key, value in account.rows("select key, value from journal order by n"):
            per_key.setdefault(key, []).append(int(value.split(".")[1]))
        assert all(s == sorted(s) for s in per_key.values()), "out of order 0"
        assert all(len(s) == len(set(s)) for s in per_key.values()), "doubled 0"
    finally:
        assert list(ended([first, second])) == [0, 0]
