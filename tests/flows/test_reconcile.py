"""The comparison of both systems on a running pipeline."""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from typing import Any

from ops.demo import world
from ops.demo.story.people import changed
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, told


async def compared(rig: Rig, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """`accord reconcile` as people give it: exit code, what it printed, and its file."""
    file = rig.folder / "reconcile.json"
    command = [sys.executable, "-m", "ops.cli", "reconcile", *arguments, "--json", str(file), "--config", str(rig.config)]
    env = {**world.environment(), "ACCORD_RECONCILE__GRACE_S": "0", "COLUMNS": "300"}
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    assert process.stdout is not None
    text = (await process.stdout.read()).decode()
    code = await process.wait()
    return code, text, json.loads(file.read_text()) if file.exists() else {}


async def test_a_quiet_pipeline_shows_no_drift_and_an_edit_that_nobody_heard_of_is_put_back(pipeline: Rig):
    """Payments in Salesforce are polled every ten minutes: whoever alters one there is found by the comparison, and finance's amount comes back on the ordinary path."""
    buyer = await account(pipeline, "Reconciled Ltd")
    customer = await customer_of(pipeline, buyer)
    paid = await pipeline.ns.create("customerPayment", {"customer": {"id": customer}, "payment": Decimal("40.00")})

    async def there() -> Any:
        rows = (await pipeline.sf.query(f"SELECT Id, Amount__c FROM Accord_Payment__c WHERE Accord_NetSuite_Id__c = '{paid}'")).rows
        return rows[0]["Id"] if rows else None

    ident = await pipeline.until("the payment is in Salesforce", there)
    await pipeline.quiet()
    before = {s: await pipeline.last(s) for s in ("salesforce", "netsuite")}
    code, text, told_of = await compared(pipeline)
    assert (code, told_of["findings"]) == (0, []), text
    await changed(pipeline.sf, "Accord_Payment__c", ident, {"Amount__c": Decimal("4.00")})
    code, text, told_of = await compared(pipeline, "payment")
    assert (code, [(f["kind"], f["id"], f["field"], f["here"], f["ought"]) for f in told_of["findings"]]) == (
        1,
        [("foreign", ident, "amount", "4.0", "40.0")],
    ), text
    assert {**before, "salesforce": before["salesforce"] + 1} == {s: await pipeline.last(s) for s in before}, "a report writes nothing"
    code, text, _ = await compared(pipeline, "payment", "--repair")
    assert code == 0, text
    await told(pipeline, "Accord_Payment__c", ident, Amount__c=Decimal("40.00"))


async def test_an_entity_that_is_none_is_refused(pipeline: Rig):
    """A typing error must not look like an entity without drift."""
    code, text, _ = await compared(pipeline, "wine")
    assert code == 65
    assert "no entity 'wine'" in text
