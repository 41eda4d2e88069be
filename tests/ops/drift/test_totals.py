"""Finance totals side by side."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from accord.reads import NetSuiteRead
from ops.drift.finance import of_netsuite, of_salesforce, summable
from ops.drift.totals import Amount, Group, beside, summed
from ops.drift.totals import Line as TotalLine
from tests.accord.conftest import account, org, served_account, served_org
from tests.streams.mapping.builders import entities, reference, tables

__all__ = ["account", "org", "served_account", "served_org"]
TABLES = tables()
D = Decimal


def test_a_group_that_one_side_lacks_does_not_tie():
    """An invoice that never came shows in the sum of its month, also where nobody looks at single invoices."""
    may, june = Group("invoice", "2026-05", "USD", "us"), Group("invoice", "2026-06", "USD", "us")
    here = summed([(may, D("10.00")), (may, D("2.50")), (june, D(1))])
    assert here[may] == Amount(2, D("12.50"))
    lines = beside({"salesforce": here, "netsuite": {may: Amount(2, D("12.5"))}})
    assert [(line.group.period, line.ties) for line in lines] == [("2026-05", True), ("2026-06", False)]
    assert lines[1] == TotalLine(june, Amount(1, D(1)), Amount(0, D(0)))


def test_documents_with_a_date_and_an_amount_on_both_sides_are_summed():
    """A kind that is left out silently is one that finance believes to tie."""
    found = {e.name for e in entities().values() for r in e.reads if isinstance(r, NetSuiteRead) and summable(TABLES[e.name], r)}
    assert found == {"order", "invoice", "payment", "credit_memo", "refund", "return"}


def test_payments_tie_until_one_is_altered(org, account):
    """A sum per month, currency and subsidiary is what finance closes its books by."""

    async def scenario():
        sf, ns = org.client(), account.client()
        customer = str(account.world.customer)
        paid = await ns.create("customerPayment", {"customer": {"id": customer}, "payment": D("40.25")})
        day = (await ns.get("customerPayment", paid))["tranDate"]
        (buyer,) = await sf.create_all([{"attributes": {"type": "Account"}, "Name": "Totals", "Accord_Subsidiary__c": "us"}])
        body = {
            "attributes": {"type": "Accord_Payment__c"},
            "Account__c": buyer.id,
            "Amount__c": D("40.25"),
            "Date__c": day,
            "CurrencyIsoCode": "USD",
            "Accord_NetSuite_Id__c": paid,
            "Number__c": "P1",
        }
        (made,) = await sf.create_all([body])
        assert made.ok, made.errors

        async def lines():
            here = await of_salesforce(sf, TABLES["payment"], "Accord_Payment__c", "2020-01-01", reference())
            there = await of_netsuite(ns, TABLES["payment"], "customerpayment", "2020-01-01", reference())
            return beside({"salesforce": here, "netsuite": there})

        (line,) = await lines()
        assert (line.group, line.ties) == (Group("payment", day[:7], "USD", "us"), True), line
        await sf.update_all([{"attributes": {"type": "Accord_Payment__c"}, "Id": made.id, "Amount__c": D("4.25")}])
        (line,) = await lines()
        assert (line.ties, line.salesforce.total, line.netsuite.total) == (False, D("4.25"), D("40.25"))
        sf.close()
        ns.close()

    asyncio.run(scenario())
