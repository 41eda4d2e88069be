"""Children that go with their record although Salesforce leaves them."""

from __future__ import annotations

import asyncio

import pytest

from accord.errors import Transient
from sinks.refs import Body
from sinks.salesforce import Salesforce
from sinks.target import Job, Verdict
from tests.sinks.builders import a_write
from tests.sinks.fake_salesforce import FakeOrg

CHILD = "Accord_Application__c"


def delete(org: FakeOrg) -> Verdict:
    write = a_write("payment:netsuite:7", target="salesforce", object="Accord_Payment__c", kind="delete", id="a01", body={})
    children = tuple(Body(CHILD, "", f"payment_application-netsuite-7-{n}", {}, {}) for n in (1, 2))
    job = Job(write, (Body("Accord_Payment__c", "a01", "payment-netsuite-7", {}, {}), *children), "a01")
    return asyncio.run(_applied(org, job))


async def _applied(org: FakeOrg, job: Job) -> Verdict:
    (verdict,) = await Salesforce({"live": org}).apply([job])
    return verdict


@pytest.fixture
def org() -> FakeOrg:
    made = FakeOrg()
    made.put("Accord_Payment__c", "a01", Accord_Key__c="payment-netsuite-7")
    made.put(CHILD, "a11", Accord_Key__c="payment_application-netsuite-7-1")
    made.put(CHILD, "a12", Accord_Key__c="payment_application-netsuite-8-1")
    return made


def test_applications_go_with_their_payment(org: FakeOrg):
    """A payment that was taken back must not go on paying an invoice; another's applications stay."""
    assert delete(org).kind == "applied"
    assert (set(org.rows["Accord_Payment__c"]), set(org.rows[CHILD])) == (set(), {"a12"})
    assert delete(org).kind == "gone", "a repeat finds nothing left"


def test_a_record_stays_until_its_children_are_gone(org: FakeOrg):
    """Else nobody would ever look for them again."""
    org.faults["delete", CHILD] = [Transient("locked", code="UNABLE_TO_LOCK_ROW")]
    assert delete(org).kind == "retry"
    assert set(org.rows["Accord_Payment__c"]) == {"a01"}
