"""The example queries, with the answers that finance expects, on both kinds of database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

import pytest

from accord.errors import Rejected
from ops.reporting import queries
from tests.ops.reporting.kit import D, Log, day, opened, put, run, shipped

AS_OF = date(2026, 11, 30)


def line(key, quantity):
    return {"key": key, "item": "item:netsuite:7", "quantity": D(quantity), "unit_price": D("10.00000000"), "discount": None}


def fact(key, shipped, back_ordered="0"):
    return {"key": key, "shipped": D(shipped), "back_ordered": D(back_ordered)}


def orders(log):
    log.tell("customer:salesforce:A", {"salesforce_id": "A", "netsuite_id": "1", "name": "Acme"})
    log.tell("customer:salesforce:B", {"salesforce_id": "B", "netsuite_id": "2", "name": "Beta"})

    def order(n, status, stage="accepted", lines=(), facts=(), **over):
        row = {
            "salesforce_id": f"o{n}", "netsuite_id": f"9{n}", "number": f"SO{n}", "sf_number": f"0000{n}", "customer": "customer:salesforce:A",
            "store": "us", "status": status, "stage": stage, "currency": "USD", "date": day(n), "lines": list(lines), "line_facts": list(facts),
        }  # fmt: skip
        log.tell(f"order:salesforce:o{n}", row | over)

    order(1, "billed", "closed", total=D("119.8800"), lines=[line("a", 12)], facts=[fact("a", 12)])
    order(2, "part_shipped", total=D("100.1000"), requested_date=day(20), lines=[line("b", 7), line("c", 3)], facts=[fact("b", "2.5", 1), fact("c", 3)])
    order(3, "accepted", customer="customer:netsuite:2", store="eu", currency="EUR", total=D("59.4400"), lines=[line("d", 7)], facts=[fact("d", 0)])
    order(4, None, "submitted", netsuite_id=None, number=None, total=None, requested_date=day(5, 12), lines=[line("e", 1)])
    order(5, "cancelled", "closed", total=D("5.0000"))
    order(6, None, "draft", number=None, total=D("6.0000"))
    order(7, "billed", "closed", customer="customer:salesforce:B", store="eu", currency="JPY", total=D(1200), lines=[line("f", 1)])
    order(8, "to_bill", total=D("80.0000"), date=day(8, 12))


def documents(log):
    for n, (to, went) in enumerate(
        [("order:salesforce:o1", day(3)), ("order:netsuite:92", day(9)), ("order:salesforce:o2", day(14)), ("order:salesforce:o3", None)]
    ):
        log.tell(
            f"fulfilment:netsuite:{n}", {"netsuite_id": str(n), "order": to, "date": day(2), "shipped_on": went, "status": "shipped" if went else "picked"}
        )

    def invoice(n, to, total, remaining, due, status="open", currency="USD", dated=None):
        row = {
            "netsuite_id": str(n),
            "number": f"INV{n}",
            "customer": "customer:netsuite:1",
            "order": to,
            "date": dated or day(3),
            "due": due,
            "status": status,
        }
        log.tell(f"invoice:netsuite:{n}", row | {"currency": currency, "total": D(total), "remaining": D(remaining)})

    invoice(1, "order:netsuite:91", "100.0000", "0.0000", day(30), "paid")
    invoice(2, "order:salesforce:o1", "19.8800", "19.8800", day(30))
    invoice(3, "order:netsuite:92", "50.0500", "20.0500", day(29), "part_paid")
    invoice(4, None, "1000.0000", "1000.0000", day(31, 10))
    invoice(5, None, "33.3300", "33.3300", day(30, 10))
    invoice(6, None, "44.4400", "44.4400", day(1, 10))
    invoice(7, None, "55.5500", "55.5500", day(1, 9))
    invoice(8, None, "66.6600", "66.6600", day(31, 8))
    invoice(9, "order:salesforce:o7", "1300", "1300", None, currency="JPY")
    invoice(10, None, "77.7700", "77.7700", day(1), "voided")
    invoice(11, None, "88.8800", "88.8800", day(1), "pending_approval")
    memo = {"netsuite_id": "20", "order": "order:netsuite:91", "date": day(9), "status": "open", "currency": "USD", "total": D("9.9900")}
    log.tell("credit_memo:netsuite:20", memo | {"unapplied": D("4.9900")})
    log.tell(
        "credit_memo:netsuite:21", {"netsuite_id": "21", "date": day(9), "status": "voided", "currency": "USD", "total": D("7.0000"), "unapplied": D("7.0000")}
    )
    log.tell(
        "payment:netsuite:30", {"netsuite_id": "30", "date": day(9), "status": "deposited", "currency": "EUR", "amount": D("10.0000"), "unapplied": D("2.5000")}
    )
    log.tell(
        "payment:netsuite:31",
        {"netsuite_id": "31", "date": day(9), "status": "unapproved", "currency": "EUR", "amount": D("10.0000"), "unapplied": D("10.0000")},
    )


def plain(cell):
    """Numbers without trailing zeros: databases show decimals in more than one way."""
    try:
        return f"{Decimal(cell).normalize():f}"
    except InvalidOperation:
        return cell


#: Of each query: columns, then rows.
ANSWERS = {
    "open_orders": """
        number sf_number customer store status date requested_date currency total ordered shipped back_ordered late
        SO2 00002 Acme us part_shipped 2026-11-02 2026-11-20 USD 100.1 10 5.5 1 late
        SO3 00003 Beta eu accepted 2026-11-03 - EUR 59.44 7 0 0 -
        - 00004 Acme us - 2026-11-04 2026-12-05 USD - 1 0 0 -""",
    "fulfilment_lag": """
        store shipments fastest average slowest waiting longest_wait
        eu 0 - - - 1 27
        us 3 2 7 12 0 -""",
    "ar_ageing": """
        currency not_due days_1_30 days_31_60 days_61_90 over_90 owed unapplied_credit
        EUR 0 0 0 0 0 0 2.5
        JPY 0 1300 0 0 0 1300 0
        USD 19.88 1020.05 77.77 55.55 66.66 1239.91 4.99""",
    "orders_against_invoices": """
        number customer status currency ordered invoiced credited owed difference verdict
        SO1 Acme billed USD 119.88 119.88 9.99 19.88 0 ties
        SO2 Acme part_shipped USD 100.1 50.05 - 20.05 50.05 to_bill
        SO3 Beta accepted EUR 59.44 - - - 59.44 to_bill
        SO7 Beta billed JPY 1200 1300 - 1300 -100 billed_too_much""",
}


@pytest.mark.parametrize("name", queries.NAMES)
def test_a_query_gives_what_finance_expects(database_url, name):
    """Worked out by hand from the documents above; the same on a laptop and on the server."""
    log = Log()
    documents(log)
    orders(log)

    async def check():
        async with opened(database_url, shipped("customer", "item", "order", "fulfilment", "invoice", "credit_memo", "payment")) as store:
            await put(store, log)
            return await queries.ask(store._db, name, AS_OF)

    columns, *rows = [line.split() for line in ANSWERS[name].strip().splitlines()]
    answer = run(check())
    assert list(answer.columns) == columns
    assert [[plain(cell).replace(" ", "_") or "-" for cell in row] for row in answer.rows] == [[plain(c) for c in row] for row in rows]


def test_every_query_is_there_for_every_database():
    """One that only the server knows can't be tried on a laptop."""
    for dialect in ("sqlite", "postgresql"):
        assert {f.stem for f in (queries.FILES / dialect).glob("*.sql")} == set(ANSWERS)


def test_a_query_without_its_tables_says_so(database_url):
    """A stack trace of a driver tells nobody that the role never ran."""

    async def check():
        async with opened(database_url, {}) as store:
            with pytest.raises(Rejected, match="open_orders can't be answered from these tables"):
                await queries.ask(store._db, "open_orders", AS_OF)
            with pytest.raises(Rejected, match="there are ar_ageing"):
                await queries.ask(store._db, "profit", AS_OF)

    run(check())
