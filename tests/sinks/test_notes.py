"""Notes on open Cases: each event once, whatever is repeated or cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from accord.errors import Rejected, Transient
from schemas.events import Write
from sinks.refs import Body
from sinks.salesforce import Salesforce
from sinks.target import Job, Verdict
from tests.sinks.builders import a_write
from tests.sinks.fake_salesforce import FakeOrg

KEY = "order_event:netsuite:55-shipped"
MARK = "[Accord order_event-netsuite-55-shipped]"
TEXT = "Fulfilment IF7 is shipped. 1Z1"


def org_with_cases() -> FakeOrg:
    org = FakeOrg()
    org.put("Order", "801A", AccountId="001A")
    org.put("Case", "500open", Accord_Order__c="801A", AccountId="001A", IsClosed=False)
    org.put("Case", "500closed", Accord_Order__c="801A", AccountId="001A", IsClosed=True)
    org.put("Case", "500other", Accord_Order__c="801B", AccountId="001A", IsClosed=False)
    return org


def event(lane: str = "live", match: str = "order", id_: str = "") -> Job:
    note = json.dumps({"match": match, "order": "Order__c", "text": "Text__c"})
    fields = {"Order__c": "801A", "Text__c": TEXT}
    write: Write = a_write(KEY, target="salesforce", object="Accord_Order_Event__c", body=fields, lane=lane, options={"case_note": note})
    return Job(write, (Body("Accord_Order_Event__c", id_, "order_event-netsuite-55-shipped", fields, {}),), id_)


def send(org: FakeOrg, job: Job, *, doubt: bool = False) -> Verdict:
    target = Salesforce(dict.fromkeys(("live", "backfill"), org))
    (verdict,) = asyncio.run(_applied(target, Job(job.write, job.parts, job.id, doubt)))
    return verdict


async def _applied(target: Salesforce, job: Job) -> Sequence[Verdict]:
    return await target.apply([job])


def notes(org: FakeOrg) -> dict[str, str]:
    rows = list(org.rows.get("CaseComment", {}).values())
    assert len({r["ParentId"] for r in rows}) == len(rows), "a Case has the note twice"
    return {r["ParentId"]: r["CommentBody"] for r in rows}


def test_an_open_case_of_the_order_hears_of_an_event():
    """Whoever works for the customer must not call the warehouse; closed Cases and other orders' hear nothing, and no customer sees it."""
    org = org_with_cases()
    assert (send(org, event())).kind == "applied"
    assert notes(org) == {"500open": f"{MARK}\n{TEXT}"}
    assert all(r["IsPublished"] is False for r in org.rows["CaseComment"].values())


def test_cases_of_the_account_hear_where_the_mapping_says_so():
    """Not every desk names the order on its Cases."""
    org = org_with_cases()
    send(org, event(match="account"))
    assert set(notes(org)) == {"500open", "500other"}


def test_a_note_is_written_once_when_the_answer_is_lost():
    """A line that goes dead after the note landed, or a sink that is killed there, must not tell the Case twice."""
    org = org_with_cases()
    org.cut_after = True
    assert (send(org, event())).kind == "retry"
    assert set(notes(org)) == {"500open"}
    assert (send(org, event(), doubt=True)).kind == "applied"
    assert (send(org, event(), doubt=True)).kind == "unchanged"
    assert send(org, event()).kind == "applied", "a replay from before the event was known"
    assert set(notes(org)) == {"500open"}


def test_an_event_waits_for_its_note():
    """An event that is there has been told: so nothing is forgotten when the note can't be written now."""
    org = org_with_cases()
    org.faults["create", "CaseComment"] = [Transient("locked", code="UNABLE_TO_LOCK_ROW"), Rejected("no", code="INSUFFICIENT_ACCESS")]
    assert (send(org, event())).kind == "retry"
    refused = send(org, event())
    assert (refused.kind, refused.code) == ("rejected", "INSUFFICIENT_ACCESS")
    assert "Accord_Order_Event__c" not in org.rows


@pytest.mark.parametrize("job", [event(lane="backfill"), event(id_="a0x1")], ids=["history", "a change of an event"])
def test_history_is_no_news(job: Job):
    """A first load of ten years must not fill today's Cases."""
    org = org_with_cases()
    org.put("Accord_Order_Event__c", "a0x1", Text__c="")
    send(org, job)
    assert notes(org) == {}
