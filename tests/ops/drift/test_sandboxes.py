"""Seeded drift of each class in both sandboxes, over real sockets; calls counted beside a full read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from accord.clock import SystemClock
from accord.pace import Pace
from accord.reads import NetSuiteRead, SalesforceRead
from ops.drift.buckets import Range
from ops.drift.compare import Side, Standing, findings, look, standing
from ops.drift.netsuite import NetSuiteCensus
from ops.drift.salesforce import SalesforceCensus
from producers.netsuite_poll import NetSuiteFeed
from producers.salesforce_poll import SalesforceFeed
from schemas.events import AssumedValue, Observation, Record
from schemas.ids import Ref
from streams.reconcile import reconcile
from tests.accord.conftest import account, org, served_account, served_org
from tests.streams.mapping.builders import NOTHING, entities

__all__ = ["account", "org", "served_account", "served_org"]
CUSTOMER = entities()["customer"]
READS = {r.system: r for r in CUSTOMER.reads}
MANY = 1_200
LATER = 1 << 50


class Pair:
    """Both systems with what Accord learned of them in a first full read. `calls`: made since it was last asked, by system."""

    def __init__(self, org, account):
        self.org, self.account, self.records = org, account, {}
        self.paces = {"salesforce": Pace(4, SystemClock()), "netsuite": Pace(4, SystemClock())}
        self.sf, self.ns = org.client(pace=self.paces["salesforce"]), account.client(pace=self.paces["netsuite"])
        s, n = READS["salesforce"], READS["netsuite"]
        assert isinstance(s, SalesforceRead)
        assert isinstance(n, NetSuiteRead)
        self.sides = {
            "salesforce": Side(CUSTOMER, "salesforce", SalesforceCensus(self.sf, s), SalesforceFeed(self.sf, s)),
            "netsuite": Side(CUSTOMER, "netsuite", NetSuiteCensus(self.ns, n), NetSuiteFeed(account.restlet(self.ns), n)),
        }
        self._before = {"salesforce": 0, "netsuite": 0}

    def calls(self):
        now = {s: p.answers + p.refusals for s, p in self.paces.items()}
        out = {s: now[s] - self._before[s] for s in now}
        self._before = now
        return out

    async def full(self):
        """Read all of both, as a first load does."""
        for side in self.sides.values():
            since, id_, more = 0, "", True
            while more:
                batch = await side.feed.batch(since, id_, first=True)
                for row in batch.rows:
                    self.take(side.system, row, batch.at_ms)
                since, id_, more = batch.since_ms, batch.since_id, batch.more
        return self.calls()

    def take(self, system, row, at):
        key = str(Ref("customer", system, row.id))
        fields, whole = CUSTOMER.observe(system, row.type, msgspec.json.decode(row.body), "row")
        seen = Observation(key, "customer", system, row.type, row.id, "row", 0, at, False, whole, fields, "e")
        self.records[key] = reconcile(self.records.get(key) or Record(key, "customer"), seen, CUSTOMER.rules, NOTHING).record

    async def compared(self, stands=None):
        looks = [await look(side, self.records, (stands or {}).get(s, Standing()), LATER) for s, side in self.sides.items()]
        found = findings(looks, self.records, {"customer": CUSTOMER}, NOTHING)
        return {(f.kind, f.system, f.id, f.field) for f in found}, {x.system: standing(x, found, LATER) for x in looks}, looks

    def pretend(self, key, system, name, value):
        """Accord wrote that value a moment ago; the target keeps another."""
        old = self.records[key]
        now = self.sf.server.latest_ms() + 60_000
        register = replace(old.registers[system][name], assumed=AssumedValue(now, now, value), row=None)
        self.records[key] = replace(old, registers={**old.registers, system: {**old.registers[system], name: register}})


@pytest.fixture
def pair(org, account):
    made = Pair(org, account)
    yield made
    made.sf.close()
    made.ns.close()


async def settled(pair):
    """Stamps are cut to the second and compared with the time of the reading: let the second of the last save pass."""
    async with asyncio.timeout(10):
        last = max(await asyncio.gather(*(_newest(s) for s in pair.sides.values())))
        while min(pair.sf.server.now_ms(), pair.ns.server.now_ms()) < last + 1_000:
            await pair.sf.count("Account")
            await pair.ns.suiteql_page("SELECT 1 AS n FROM dual")
            await asyncio.sleep(0.05)


async def _newest(side):
    (whole,) = await side.census.buckets([Range()])
    return whole.newest_ms


def test_seeded_drift_of_each_class_is_found_by_few_calls_and_none_when_quiet(pair):
    """A missed customer, one that nobody knows, a limit that finance never set: each is found for a handful of calls, not for a full read."""

    async def scenario():
        for first in range(0, MANY, 200):
            one = {"attributes": {"type": "Account"}, "Accord_Credit_Limit__c": Decimal("10.00")}
            made = await pair.sf.create_all([{**one, "Name": f"Drift {n}"} for n in range(first, min(first + 200, MANY))])
        many = [{"companyName": f"Drift {n}", "subsidiary": 1, "creditLimit": 100} for n in range(MANY)]
        pair.account.background.call(lambda: [pair.account.ends.account.create("customer", body) for body in many])
        await settled(pair)
        pair.calls()
        whole = await pair.full()

        census = pair.sides["netsuite"].census
        known = len([r for r in pair.records.values() if "netsuite" in r.ids])
        assert (await census.count(), await census.count(pair.ns.server.now_ms() + 60_000)) == (known, 0), "the bar of a backfill knows its end"
        pair.calls()
        quiet, stands, _ = await pair.compared()
        assert quiet == set()
        assert pair.calls() == {"salesforce": 1, "netsuite": 1}
        assert whole["salesforce"] >= 1
        assert whole["netsuite"] >= 2

        ids = sorted((r.ids["netsuite"] for r in pair.records.values() if "netsuite" in r.ids), key=int)[-8:]
        lost, stale, foreign = ids[:3]
        await settled(pair)
        await pair.ns.delete("customer", lost)
        await pair.ns.update("customer", stale, {"creditLimit": 77})
        await pair.ns.update("customer", foreign, {"companyName": "typed over"})
        orphan = await pair.ns.create("customer", {"companyName": "Nobody knows", "subsidiary": {"id": "1"}})
        over, cut, made_of = (m.id for m in made[:3])
        await pair.sf.update_all([{"attributes": {"type": "Account"}, "Id": over, "Accord_Credit_Limit__c": Decimal("999.00")}])
        pair.pretend(f"customer:salesforce:{cut}", "salesforce", "credit_limit", "10.004")
        pair.pretend(f"customer:salesforce:{made_of}", "salesforce", "credit_limit", "12")
        pair.calls()
        stands["salesforce"] = replace(stands["salesforce"], at=0, open=[cut, made_of])
        stands["netsuite"] = replace(stands["netsuite"], at=0)
        found, stands, _ = await pair.compared(stands)
        calls = pair.calls()
        assert found == {
            ("missing", "netsuite", lost, ""), ("orphan", "netsuite", orphan, ""), ("stale", "netsuite", stale, "credit_limit"), ("foreign", "netsuite", foreign, "name"),
            ("foreign", "salesforce", over, "credit_limit"), ("rounding", "salesforce", cut, "credit_limit"), ("mapping", "salesforce", made_of, "credit_limit"),
        }  # fmt: skip
        assert set(stands["netsuite"].open) == {lost, orphan, stale, foreign}
        assert calls["netsuite"] <= 9, "one for the number, a few for keys, one to read what differs and three to prove what is gone"
        assert calls["salesforce"] <= 4

    asyncio.run(scenario())
