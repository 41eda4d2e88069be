"""A large backfill goes to Salesforce by bulk jobs: each row with its own outcome, nothing twice whatever is cut off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simple_salesforce.bulk2 import Operation

from accord.clock import SystemClock
from accord.salesforce import bulk
from accord.salesforce.bulk import Bulk
from sinks import clients
from tests.accord.manual_clock import ManualClock
from tests.accord.served import ServedOrg
from tests.sinks.test_sandboxes import Door, job, rows


@pytest.fixture
def door(org: ServedOrg) -> Door:
    rest = org.client()
    org.background.run(rest.token())
    return Door(org, clients.salesforce(rest, ManualClock(), bulk_from=3), rest)


def backfill(*keys: str, **more: Any) -> list[Any]:
    body = more.pop("body", None)
    return [job(key=f"customer:netsuite:{k}", target="salesforce", object="Account", body=body or {"Name": f"Bulk {k}"}, lane="backfill", **more) for k in keys]


def test_a_job_is_made_of_what_waits_in_the_backfill_lane_only(door: Door) -> None:
    """A live order in a job would wait for a minute; a job of everything would hold its records for an hour."""
    sizes = [door.target.size(lane, waiting) for lane, waiting in (("live", 50_000), ("backfill", 2), ("backfill", 5), ("backfill", 50_000))]
    assert sizes == [200, 200, 5, 10_000]


def jobs(door: Door) -> list[Any]:
    return list(door.ask(door.rest.call("GET", "jobs/ingest"))["records"])


def test_rows_of_a_job_have_the_same_outcomes_as_in_the_live_lane(door: Door) -> None:
    """JobComplete says nothing of the rows: a rejected one counted as done would never be told to anybody."""
    before = len(jobs(door))
    [made, bad, other] = door.send(*backfill("b1"), *backfill("b2", body={"Phone": "1"}), *backfill("b3"))
    assert [v.kind for v in (made, bad, other)] == ["applied", "rejected", "applied"]
    assert (bad.code, bad.field, made.created) == ("REQUIRED_FIELD_MISSING", "Name", True)
    assert len(jobs(door)) == before + 1
    [first, second, gone] = door.send(
        *backfill("b1", id=made.id, body={"Phone": "2", "Website": None}), *backfill("b3", id=other.id, body={"Phone": "3"}),
        *backfill("b9", id="001000000000999AAA", body={"Phone": "4"}),
    )  # fmt: skip
    assert [v.kind for v in (first, second, gone)] == ["applied", "applied", "gone"]
    assert [
        r["Phone"] for r in rows(door, "SELECT Phone FROM Account WHERE Accord_Key__c IN ('customer-netsuite-b1', 'customer-netsuite-b3') ORDER BY Phone")
    ] == ["2", "3"]


def test_a_key_that_is_taken_is_looked_up_and_updated(door: Door) -> None:
    """A second start of the same backfill would make every customer twice, or reject them all."""
    door.send(*backfill("c1", "c2", "c3"))
    again = door.send(*backfill("c1", "c2", "c3", body={"Name": "Renamed"}))
    assert [(v.kind, v.created) for v in again] == [("applied", False)] * 3
    assert [r["Name"] for r in rows(door, "SELECT Name FROM Account WHERE Accord_Key__c LIKE 'customer-netsuite-c%'")] == ["Renamed"] * 3


def test_a_job_whose_close_was_cut_off_is_looked_at_and_not_sent_again(door: Door) -> None:
    """The answer to "begin" is lost, the job runs: a second job would write every row again."""
    before = len(jobs(door))
    door.served.fault("reset_after_commit", match={"method": "PATCH"})
    made = door.send(*backfill("d1", "d2", "d3"))
    assert [(v.kind, v.created) for v in made] == [("applied", True)] * 3
    assert len(jobs(door)) == before + 1


def test_what_a_dead_sink_began_is_waited_for_before_anything_is_sent(door: Door) -> None:
    """A job outlives the process that began it: whoever looks too early finds nothing, and makes each record a second time."""
    org = door.served.ends.org
    door.served.background.call(setattr, org, "settings", replace(org.settings, bulk_polls=3))
    client = Bulk(door.rest, SystemClock())._client("Account")
    id_ = str(client.create_job(Operation.insert)["id"])
    client.upload_job_data(id_, "Accord_Key__c,Name\ncustomer-netsuite-e1,Bulk e1\ncustomer-netsuite-e2,Bulk e2\n")
    client.close_job(id_)
    found = door.send(*backfill("e1", "e2", "e3", doubt=True))
    door.served.background.call(setattr, org, "settings", replace(org.settings, bulk_polls=0))
    assert [v.kind for v in found] == ["unchanged", "unchanged", "applied"]
    assert len(rows(door, "SELECT Id FROM Account WHERE Accord_Key__c LIKE 'customer-netsuite-e%'")) == 3


def test_a_job_that_a_dead_sink_left_open_is_aborted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen in the middle and woken up later, its maker would close it, and old values would overwrite newer ones."""
    id_ = str(Bulk(door.rest, SystemClock())._client("Account").create_job(Operation.insert)["id"])
    door.send(*backfill("f1", "f2", "f3", doubt=True))
    assert [j["state"] for j in jobs(door) if j["id"] == id_] == ["Open"], "it may be another worker's that is being filled right now"
    monkeypatch.setattr(bulk, "OPEN_MS", -5_000)
    door.send(*backfill("f1", "f2", "f3", doubt=True))
    assert [j["state"] for j in jobs(door) if j["id"] == id_] == ["Aborted"]
