"""A record type of one's own, from Salesforce's row to NetSuite's record and back, by the mapping file alone."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from accord.reads import NetSuiteRead, SalesforceRead
from ops.doctor.described import gaps
from ops.doctor.needs import custom, netsuite_needs, salesforce_needs
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.netsuite.account import Account
from ops.sandbox.salesforce import deployed
from streams.mapping import load, shipped
from streams.mapping.load import spelled
from streams.reconcile.decision import Ask
from tests.flows.rig import OWN
from tests.ops.doctor.project import catalogue, described
from tests.ops.sandbox.netsuite.world import build, poll
from tests.streams.mapping.builders import NOTHING, body_of, link, reading, record_of, reference

LINKS = type(NOTHING)(link("customer:salesforce:001A", netsuite="100", salesforce="001A"))


@pytest.fixture
def account() -> Account:
    from random import Random

    made = Account(":memory:", clock=SandboxClock(), faults=Switchboard(Random(1)), own=[OWN / "netsuite"])
    build(made)
    return made


@pytest.fixture(scope="module")
def warranty():
    return load(shipped(), [OWN / "mapping"], reference())["warranty"]


def test_a_record_type_of_ones_own_goes_there_and_back(account, warranty):
    """What was written is what is read: else every round would write it again."""
    row = {"Id": "a99", "Name": "Lamp cover", "Account__c": "001A", "Months__c": Decimal(24), "Approved__c": False}
    here, whole = warranty.observe("salesforce", "Warranty__c", row, "row")
    assert whole
    assert warranty.rules.creates("netsuite", reading(salesforce=here))
    fields = {name: here[name] for name in ("name", "customer", "months")}
    ask = Ask("netsuite", 1, "create", "", fields, {}, "", fields, {})
    part = warranty.render(ask, record_of("warranty", "warranty:salesforce:a99", salesforce=here), LINKS)[0][0]
    assert part.object == "customrecord_warranty"
    body = json.loads(json.dumps(body_of(part), default=str).replace('{"$ref": "customer:salesforce:001A"}', "100"))
    ident = account.create("customrecord_warranty", body)
    read = next(r for r in warranty.reads if isinstance(r, NetSuiteRead))
    found = poll(account, {"type": read.type, "columns": list(read.columns), "stampField": read.stamp_field, "since": "2020-01-01 00:00:00"})["rows"]
    assert [r["id"] for r in found] == [str(ident)]
    there, _ = warranty.observe("netsuite", read.type, found[0]["values"], "row")
    assert {name: there[name] for name in ("name", "months", "customer")} == {"name": "Lamp cover", "months": "24", "customer": "customer:netsuite:100"}


def test_what_is_worked_out_and_decided_comes_from_expressions(warranty):
    """A label for people and a rule for creating are said in the file; neither needed a line of code."""
    assert warranty.rules.compute("label", "salesforce", reading(salesforce={"name": "Lamp", "months": "6.0"}), NOTHING) == "Lamp, 6 months"
    assert warranty.rules.creates("salesforce", reading(netsuite={"name": "Lamp", "approved": "true"}))
    assert not warranty.rules.creates("salesforce", reading(netsuite={"name": "Lamp", "approved": "false"}))
    told = warranty.golden(
        record_of("warranty", "warranty:salesforce:a99", salesforce={"name": "Lamp", "months": "24.0"}), reading(salesforce={"name": "Lamp", "months": "24.0"})
    )
    assert (warranty.schema["name"], told["name"], told["months"]) == ("GoldenWarranty", "Lamp", 24)
    assert next(r for r in warranty.reads if isinstance(r, SalesforceRead)).object == "Warranty__c"


def test_the_doctor_knows_what_ones_own_mapping_needs(account):
    """Fields that only the customer's own mapping names are looked for as ours are."""
    tables = spelled(shipped(), [OWN / "mapping"], reference(), entities=["customer", "warranty"])
    needs, objects = salesforce_needs(tables), catalogue()
    missing = {f"{g.need.object}.{g.need.field}" for g in gaps(needs, described(objects, needs))}
    assert {"Account.Region__c", "Account.Rating_ERP__c", "Warranty__c.Months__c"} <= missing
    deployed.deploy(objects, OWN / "salesforce")
    assert gaps(needs, described(objects, needs)) == []
    there = {f for kind in account.metadata.types.values() for f in kind.fields}
    assert {need.field for need in netsuite_needs(tables) if custom(need.field)} <= there
