"""What the source of change events is tested on: reads, one event, and a runner that keeps what was committed."""

import asyncio
import json

from accord.clock import SystemClock
from accord.errors import Transient
from accord.reads import SalesforceRead
from accord.salesforce.events import ChangeEvent
from producers import cdc_changes
from producers.cdc_changes import Meaning
from producers.cdc_position import read
from producers.salesforce_cdc import SalesforceCdc
from tests.ops.sandbox.salesforce_pubsub.stand import CHANNEL, DEADLINE_S

READS = [
    SalesforceRead("customer", "Account", "cdc", ("Name", "Phone", "Description", "BillingStreet")),
    SalesforceRead("contact", "Contact", "cdc", ("LastName",)),
    SalesforceRead("order", "Order", "document", ("Status",)),
    SalesforceRead("order", "OrderItem", "document", ("Quantity",), hint=("order", "OrderId")),
]
MEANING = Meaning(cdc_changes.by_object(READS), since=1_000, margin_ms=5_000)
EVENT = ChangeEvent(
    replay_id=b"\0" * 9 + b"\1",
    event_id="e1",
    entity="Account",
    record_ids=("001A",),
    change_type="UPDATE",
    origin="",
    transaction_key="tx",
    sequence=1,
    commit_ms=2_000_000,
    commit_number=12,
    user="005A",
    changed=("Phone", "Fax"),
    nulled=("Fax",),
    diffed=(),
    hidden=(),
    values={"Phone": "1", "Fax": None},
)


def meant(event):
    found = list(cdc_changes.changes(event, MEANING)) if isinstance(event, ChangeEvent) else []
    return found, list(cdc_changes.requests(event, MEANING))


class Runner:
    """What producers.runner does, without Kafka: keeps what was committed, comes back after Transient."""

    def __init__(self, stand, **options):
        self.source = SalesforceCdc(stand.client(), CHANNEL, READS, SystemClock(), **options)
        self.changes, self.requests, self.position, self.transients = [], [], None, 0

    async def until(self, enough):
        """Run until `enough()` after a committed page, then crash: nothing after that page happens."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                stream = self.source.pages(self.position)
                try:
                    async for page in stream:
                        self.changes += page.changes
                        self.requests += page.requests
                        self.position = page.position or self.position
                        if enough():
                            return
                except Transient:
                    self.transients += 1
                finally:
                    await stream.aclose()

    async def started(self, stand):
        """Run until the position holds a replay id, so that nothing later can be missed."""
        stand.org.create("Account", {"Name": "first"})

        async def nudge():
            while True:
                await asyncio.sleep(0.02)
                stand.org.create("Account", {"Name": "nudge"})

        nudging = asyncio.ensure_future(nudge())
        try:
            await self.until(lambda: self.position and read(self.position).replay_id)
        finally:
            nudging.cancel()
        self.changes.clear()
        self.requests.clear()

    def names(self):
        return [json.loads(change.body).get("Name") for change in self.changes if change.kind == "create"]


async def _create_until(stand, runner):
    while not runner.changes:
        stand.org.create("Account", {"Name": "later"})
        await asyncio.sleep(0.02)
