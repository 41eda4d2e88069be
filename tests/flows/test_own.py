"""What only this customer has: fields on our records, and a whole record type, by mapping files and without code (tests/flows/own)."""

from __future__ import annotations

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path

from ops.demo.story.people import made
from ops.mapping.history import history
from ops.mapping.replay import Planned, Side, compared
from ops.wiring.mapping import entities, tables_of
from schemas.ids import to_external
from tests.flows.rig import OWN, Rig
from tests.flows.seeds import account, customer_of, told


async def test_a_field_of_ones_own_goes_both_ways(pipeline: Rig):
    """Every company has fields that no product foresaw: sales says the region, the ERP the rating, each reaches the other side."""
    ident = await account(pipeline, "Own Fields Ltd", Region__c="Cascadia")
    there = await customer_of(pipeline, ident)

    async def region() -> bool:
        return (await pipeline.ns.get("customer", there, fields=("custentity_region",))).get("custentity_region") == "Cascadia"

    await pipeline.until("the region is in NetSuite", region)
    await pipeline.ns.update("customer", there, {"custentity_rating": "A+"})
    await told(pipeline, "Account", ident, Rating_ERP__c="A+")


async def test_a_custom_object_is_a_custom_record(pipeline: Rig):
    """A record type that Accord never heard of is mirrored, refers to ours, and is kept right, by one file."""
    customer = await account(pipeline, "Warranted Ltd")
    ident = await made(pipeline.sf, "Warranty__c", {"Name": "Lamp cover", "Account__c": customer, "Months__c": Decimal(24)})
    await told(pipeline, "Warranty__c", ident, Accord_NetSuite_Id__c=bool, Label__c="Lamp cover, 24 months", Accord_Status__c="synced")
    there = str(await pipeline.ns.id_of("customrecord_warranty", to_external(f"warranty:salesforce:{ident}")))
    held = await pipeline.ns.get("customrecord_warranty", there)
    assert (held["name"], held["custrecord_warranty_months"]) == ("Lamp cover", 24)
    assert held["custrecord_warranty_customer"]["id"] == await customer_of(pipeline, customer)
    await pipeline.ns.update("customrecord_warranty", there, {"custrecord_warranty_approved": True})
    await told(pipeline, "Warranty__c", ident, Approved__c=True)


async def test_a_custom_record_is_a_custom_object(pipeline: Rig):
    """The other way too, when the mapping's expression says so."""
    await pipeline.ns.create("customrecord_warranty", {"name": "Vase cover", "custrecord_warranty_months": 6, "custrecord_warranty_approved": True})
    await pipeline.ns.create("customrecord_warranty", {"name": "Not approved", "custrecord_warranty_months": 6})

    async def look() -> list[tuple[str, str]]:
        rows = (await pipeline.sf.query("SELECT Name, Label__c FROM Warranty__c WHERE Name IN ('Vase cover', 'Not approved') AND Label__c != null")).rows
        return [(r["Name"], r["Label__c"]) for r in rows]

    assert await pipeline.until("the cover is in Salesforce", look) == [("Vase cover", "Vase cover, 6 months")]


async def test_another_mapping_is_tried_on_the_running_pipeline(pipeline: Rig, tmp_path: Path):
    """Before a file is let loose, its writes and calls are seen on the real history, while the pipeline runs and nobody notices."""
    ident = await account(pipeline, "Tried Ltd", Region__c="Sonora")
    there = await customer_of(pipeline, ident)

    async def region() -> bool:
        return (await pipeline.ns.get("customer", there, fields=("custentity_region",))).get("custentity_region") == "Sonora"

    await pipeline.until("the region is in NetSuite", region)
    shutil.copytree(OWN / "mapping", tmp_path / "new")
    (tmp_path / "new" / "customer.toml").write_text(
        '[fields]\nregion = { type = "text(20)", owner = "salesforce", salesforce = "Region__c", netsuite = "custentity_rating" }\n'
    )
    settings = [pipeline.settings, pipeline.settings.model_copy(update={"mapping_dir": tmp_path / "new"})]
    before, after = (Side(tables_of(each), entities(each)) for each in settings)

    async def tried() -> list[Planned]:
        found = compared(await asyncio.to_thread(history, pipeline.pipeline), before, after)
        return [w for w in found.added if w.key == f"customer:salesforce:{ident}" and found.calls()["netsuite"] >= 1]

    write = (await pipeline.until("both sides of the customer are in the history", tried))[0]
    assert (write.target, write.kind, write.fields["region"]) == ("netsuite", "update", "Sonora")
    assert '"custentity_rating":"Sonora"' in write.parts[0].body
