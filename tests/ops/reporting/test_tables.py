"""Golden records in tables, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from accord.errors import Rejected, Transient
from accord.kafka.records import Partition
from ops.reporting.batch import batch
from ops.reporting.tables import HISTORY
from streams.stages.desk import ERASED
from tests.ops.reporting.kit import START, TOPICS, D, Log, day, dump, opened, put, rows, run, scalar

C1, C2, O1, I1 = "customer:salesforce:001A", "customer:netsuite:42", "order:salesforce:801A", "item:netsuite:7"


def order(**over):
    lines = [
        {"key": "L1", "item": I1, "quantity": D("7.000000"), "unit_price": D("9.99000000"), "discount": D("10.4900")},
        {"key": "L2", "item": "item:netsuite:8", "quantity": D("1.500000"), "unit_price": D("0.33000000"), "discount": None},
    ]
    return {"salesforce_id": "801A", "netsuite_id": "9001", "status": "accepted", "customer": C1, "total": D("60.4400"), "date": day(2), "lines": lines} | over


def test_values_come_back_as_they_were_told(database_url):
    """A cent that a database rounds away is missed at the close of the year, and nobody finds where."""
    log = Log()
    big, tiny = D("922337203685.4775"), D("-0.0001")
    log.tell(O1, order(total=big, tax_total=tiny, exchange_rate=D("1.0834567891"), cancel=False, po_number="größer “PO” 日本\0"))

    async def check():
        async with opened(database_url) as store:
            await put(store, log)
            found = await rows(store, "golden_order", "total", "tax_total", "exchange_rate", "cancel", "po_number", "date", "accord_at", "memo")
            lines = await rows(store, "golden_order_lines", "parent", "position", "key", "quantity", "unit_price", "discount")
            return found, lines

    found, lines = run(check())
    assert found == [(big, tiny, D("1.0834567891"), False, "größer “PO” 日本\N{REPLACEMENT CHARACTER}", day(2), START, None)]
    assert lines == [(O1, 1, "L1", D(7), D("9.99"), D("10.49")), (O1, 2, "L2", D("1.5"), D("0.33"), None)]


def test_sums_are_exact(database_url):
    """Ten thousand tenths of a cent: floating point would end beside the ledger."""
    log = Log()
    for n in range(1_000):
        log.tell(f"order:salesforce:{n}", order(total=D("0.1001"), lines=[]))

    async def total():
        async with opened(database_url) as store:
            await put(store, log)
            return await scalar(store, "select sum(total) from golden_order")

    assert run(total()) in (D("100.1000"), 1_001_000)


def test_a_reference_finds_its_record_in_whatever_order_they_come(database_url):
    """Orders may come before their customers: a report that joins them would lack what came early."""
    log = Log()
    log.tell(O1, order(customer="customer:netsuite:42"))
    log.tell(I1, {"netsuite_id": "7", "sku": "CUP"})

    async def follow():
        async with opened(database_url) as store:
            await put(store, log)
            before = await rows(store, "golden_order", "customer_ref", "customer_key")
            log.tell(C1, {"salesforce_id": "001A", "netsuite_id": "42", "name": "Acme"})
            await put(store, log)
            after = await rows(store, "golden_order", "customer_ref", "customer_key")
            lines = await rows(store, "golden_order_lines", "item_ref", "item_key")
            log.tell(C1, None)
            await put(store, log)
            return before, after, lines, await rows(store, "golden_order", "customer_ref", "customer_key")

    before, after, lines, gone = run(follow())
    assert (before, after) == ([("customer:netsuite:42", None)], [("customer:netsuite:42", C1)])
    assert lines == [(I1, I1), ("item:netsuite:8", None)]
    assert gone == [("customer:netsuite:42", None)]


def test_two_keys_that_become_one_leave_one_customer(database_url):
    """Joined records: what named the one that lost must name the other, whoever was told first."""
    log = Log()
    log.tell(C2, {"netsuite_id": "42", "name": "Acme Inc"})
    log.tell(O1, order(customer=C2))
    log.tell(C1, {"salesforce_id": "001A", "netsuite_id": "42", "name": "Acme"})
    log.tell(C2, None)

    async def follow(size):
        async with opened(database_url) as store:
            await put(store, log, size=size)
            return await rows(store, "golden_customer", "key"), await rows(store, "golden_order", "customer_key")

    assert run(follow(1)) == ([(C1,)], [(C1,)])


def test_lists_are_replaced_whole_and_go_with_their_record(database_url):
    """A line that was taken off an order must not be counted any more."""
    log = Log()
    log.tell(O1, order())
    log.tell(O1, order(lines=order()["lines"][:1]))
    log.tell("order:salesforce:801B", order(salesforce_id="801B"))
    log.tell("order:salesforce:801B", None)

    async def check():
        async with opened(database_url) as store:
            await put(store, log, size=1)
            return await rows(store, "golden_order_lines", "parent", "key")

    assert run(check()) == [(O1, "L1")]


def test_every_change_of_a_status_is_kept_once(database_url):
    """When an order was shipped is asked months later, when the order itself is long closed."""
    log = Log()
    for minutes, status in enumerate(("pending_approval", "accepted", "accepted", "billed")):
        log.tell(O1, order(status=status), minutes=minutes)
    log.tell(O1, None, minutes=9)

    async def check(size):
        async with opened(database_url) as store:
            await put(store, log, size=size)
            async with store._db.connect() as connection:
                asked = select(HISTORY.c.from_status, HISTORY.c.to_status, HISTORY.c.at).where(HISTORY.c.key == O1).order_by(HISTORY.c.at)
                return [tuple(r) for r in await connection.execute(asked)]

    at = [START + timedelta(minutes=n) for n in (0, 1, 3, 9)]
    steps = [(None, "pending_approval"), ("pending_approval", "accepted"), ("accepted", "billed"), ("billed", None)]
    assert run(check(2)) == [(was, now, when) for (was, now), when in zip(steps, at, strict=True)]


def busy():
    """A history in which records are joined, deleted, told again and name each other in both directions."""
    log = Log()
    for n in range(30):
        customer = f"customer:salesforce:{n % 5}"
        log.tell(f"order:salesforce:{n % 7}", order(salesforce_id=str(n % 7), netsuite_id=str(n), customer=customer, status=("accepted", "billed")[n % 3 == 0]))
        log.tell(customer, {"salesforce_id": str(n % 5), "netsuite_id": str(n % 4) if n > 9 else None, "parent": f"customer:netsuite:{(n + 1) % 4}"})
        if n % 6 == 5:
            log.tell(f"order:salesforce:{n % 7}", None)
        if n == 20:
            log.tell("customer:salesforce:2", None)
    return log


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_rebuild_gives_the_same_tables(database_url, size):
    """What depends on the order of arrival, or on what a batch held, can't be trusted after a rebuild."""
    log = busy()

    async def check():
        async with opened(database_url) as store:
            await put(store, log, size=size)
            first = await dump(store)
            for history_too, records in ((False, log.compacted()), (True, log.by_partition())):
                await store.forget(history_too=history_too)
                async with opened(database_url) as anew:
                    await put(anew, log, records)
                    assert await dump(anew) == first
            return first

    assert len(run(check())["golden_order"]) > 3


def test_rows_and_positions_stand_or_fall_together(database_url):
    """After a kill between two batches the next process reads on from what is stored; one that was overtaken must not write."""
    log = Log()
    log.tell(C1, {"salesforce_id": "001A"})
    log.tell(C1, {"salesforce_id": "001A", "name": "Acme"})

    async def check():
        async with opened(database_url) as store:
            place = Partition(log.records[0].topic, log.records[0].partition)
            start = await store.positions([place])
            await store.apply(batch(log.records[:1], start, TOPICS, log.values.__getitem__, store.check))
            stale = batch(log.records, start, TOPICS, log.values.__getitem__, store.check)
            with pytest.raises(Transient, match="is not 0 any more"):
                await store.apply(stale)
            await store.stand({place: 1})
            with pytest.raises(Transient, match="is not 2 any more"):
                await store.stand({place: 2})
            names = await rows(store, "golden_customer", "name")
            await put(store, log)
            return names, await store.positions([place]), await rows(store, "golden_customer", "name")

    names, positions, after = run(check())
    assert (names, list(positions.values()), after) == ([(None,)], [2], [("Acme",)])


def test_what_fails_in_the_middle_leaves_nothing(database_url):
    """Half a batch would be read again as if it were new, or never."""
    log = Log()
    log.tell(O1, order())
    broken = {**log.values[b"0"], "date": "no date"}

    async def check():
        async with opened(database_url) as store:
            before = await dump(store)
            place = Partition(log.records[0].topic, log.records[0].partition)
            start = await store.positions([place])
            with pytest.raises(Exception, match=r"(?i)date"):
                await store.apply(batch(log.records, start, TOPICS, {b"0": broken}.__getitem__, store.check))
            assert await dump(store) == before
            await put(store, log)
            return await store.positions([place]), len(await rows(store, "golden_order", "key"))

    positions, count = run(check())
    assert (list(positions.values()), count) == ([1], 1)


def test_one_bad_record_stops_no_other(database_url):
    """It is put aside where people can see it."""
    log = Log()
    log.tell(C1, {"salesforce_id": "001A"})
    log.tell(O1, order(total=D("99999999999999.0000"), unbilled=D(1)))
    log.tell(C2, {"netsuite_id": "42"})

    def decode(value):
        if value == b"0":
            raise Rejected("not in Confluent wire format", code="malformed")
        return log.values[value]

    async def check():
        async with opened(database_url) as store:
            places = {Partition(r.topic, r.partition) for r in log.records}
            await store.apply(batch(log.records, await store.positions(places), TOPICS, decode, store.check))
            codes = await scalar(store, "select count(*) from reporting_unreadable where code = 'malformed'")
            return codes, await rows(store, "golden_customer", "key"), await rows(store, "golden_order", "key")

    codes, customers, orders = run(check())
    assert (codes, customers, orders) == (1, [(C2,)], [(O1,)])


def test_an_amount_that_sqlite_cannot_hold_is_put_aside(tmp_path):
    """Cut off, or as a float, it would be wrong without a word; PostgreSQL takes it."""
    log = Log()
    log.tell(O1, order(total=D("9999999999999999.9999")))

    async def check():
        async with opened(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}") as store:
            await put(store, log)
            return await scalar(store, "select code from reporting_unreadable"), await rows(store, "golden_order", "key")

    assert run(check()) == ("too_large", [])


def test_an_erased_record_leaves_no_history(database_url):
    """A tombstone takes the row and keeps its history, for the turnover of last month; who asked to be forgotten has none either."""
    log = Log()
    for key in (O1, "order:salesforce:802A"):
        log.tell(key, order(salesforce_id=key[-4:], netsuite_id=None))
    log.tell("order:salesforce:802A", None)
    log.tell(O1, None, headers=(ERASED,))

    async def left():
        async with opened(database_url) as store:
            await put(store, log)
            async with store._db.connect() as connection:
                history = {row.key for row in await connection.execute(select(HISTORY))}
            return (
                history,
                await rows(store, "golden_order", "key"),
                await rows(store, "golden_order_lines", "parent"),
                await scalar(store, "select count(*) from reporting_address"),
            )

    assert run(left()) == ({"order:salesforce:802A"}, [], [], 0)
