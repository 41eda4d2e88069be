"""One bad record, or one right taken away, while the pipeline runs: it is said where and what, nothing else stops, nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

from confluent_kafka import Producer

from accord.kafka.consumer import read_to_end
from ops.demo.story.people import changed
from schemas.events import ReadRequest
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, told

TOPIC = "change.salesforce.account"


async def test_a_malformed_event_goes_to_the_dead_letters_and_stops_nothing(pipeline: Rig):
    """Garbage from a foreign producer: kept whole with topic, offset and reason, and the records behind it in the same partition arrive."""
    put(pipeline, b"not avro at all", partition=0)
    letter = await dead(pipeline, b"not avro at all")
    assert (letter.topic, letter.partition, letter.stage) == (pipeline.pipeline.topics.name(TOPIC), 0, "resolve")
    assert letter.error
    await passes(pipeline, "After Garbage")


async def test_an_event_of_an_unknown_schema_goes_to_the_dead_letters_and_stops_nothing(pipeline: Rig):
    """A schema id that the registry doesn't know: the message names the id."""
    value = b"\x00" + (987_654).to_bytes(4, "big") + b"payload"
    put(pipeline, value, partition=1)
    letter = await dead(pipeline, value)
    assert "987654" in letter.error
    await passes(pipeline, "After Unknown Schema")


async def test_a_record_without_a_required_field_comes_back_with_field_and_reason(pipeline: Rig):
    """NetSuite refuses a customer without a subsidiary: the seller reads it on the Account, mends it, and it goes by itself."""
    ident = await account(pipeline, "No Subsidiary Ltd", Accord_Subsidiary__c=None)
    seen = await told(pipeline, "Account", ident, Accord_Status__c="rejected", Accord_Code__c=bool, Accord_Message__c=bool)
    assert "subsidiary" in seen["Accord_Message__c"].lower()
    await passes(pipeline, "Beside No Subsidiary")
    await changed(pipeline.sf, "Account", ident, {"Accord_Subsidiary__c": "us"})
    await customer_of(pipeline, ident)
    await told(pipeline, "Account", ident, Accord_Status__c="synced", Accord_Code__c=None, Accord_Message__c=None)


async def test_an_older_restlet_is_refused_and_nothing_is_lost(pipeline: Rig):
    """An admin deployed an old package: the producers say which version they found and need; after the right one is back all goes on."""
    ident = await account(pipeline, "Old Script Ltd")
    customer = await customer_of(pipeline, ident)
    await pipeline.fault("netsuite", "restlet_old_version", params={"version": "0.0.1"})
    await said(pipeline, "answers version 0.0.1", "deploy ops/netsuite again")
    await pipeline.ns.update("customer", customer, {"creditLimit": 4321})
    await pipeline.clear()
    await told(pipeline, "Account", ident, Accord_Credit_Limit__c=lambda found: found is not None and int(found) == 4321)


async def test_a_right_taken_away_is_told_and_nothing_is_lost(pipeline: Rig):
    """The role lost its right on contacts: the message names the object and what to assign; what was saved meanwhile arrives afterwards."""
    parent = await account(pipeline, "Rights Ltd")
    await customer_of(pipeline, parent)
    await pipeline.fault("netsuite", "permission_removed", match={"type": "customer"})
    ident = await account(pipeline, "Saved While Hidden")
    await said(pipeline, "customer")
    await pipeline.clear()
    await customer_of(pipeline, ident)
    await told(pipeline, "Account", ident, Accord_Status__c="synced")


async def test_a_field_hidden_in_salesforce_is_told_and_nulls_nothing(pipeline: Rig):
    """An admin took one field out of the permission set: its value is unknown, not empty, so NetSuite keeps it; said once, with what to assign."""
    ident = await account(pipeline, "Hidden Phone Ltd", Phone="+1 503 555 0150")
    customer = await customer_of(pipeline, ident)
    await pipeline.fault("salesforce", "permission_removed", params={"object": "Account", "field": "Phone"})
    await changed(pipeline.sf, "Account", ident, {"Name": "Hidden Phone LLC"})
    pipeline.pipeline.ask([ReadRequest("customer", "salesforce", "Account", ident, "person")])
    await said(pipeline, "Phone", "Accord_Integration")
    found = await pipeline.ns.get("customer", customer)
    assert ("0150" in found["phone"], found["isInactive"]) == (True, False)
    await pipeline.clear()

    async def renamed() -> bool:
        found = await pipeline.ns.get("customer", customer)
        return found["companyName"] == "Hidden Phone LLC" and "0150" in found["phone"]

    await pipeline.until("the name has come, the phone has stayed", renamed)


async def passes(rig: Rig, name: str) -> None:
    """Accounts of every partition still become customers."""
    for ident in [await account(rig, f"{name} {n}") for n in range(6)]:
        await customer_of(rig, ident)


def put(rig: Rig, value: bytes, partition: int) -> None:
    producer = Producer({"bootstrap.servers": rig.settings.kafka.bootstrap})
    producer.produce(rig.pipeline.topics.name(TOPIC), value, b"customer:salesforce:001Hs00000BAD00IAA", partition=partition)
    assert producer.flush(20) == 0


async def dead(rig: Rig, value: bytes) -> Any:
    """The dead letter that holds exactly this value."""

    def look() -> Any:
        pipe = rig.pipeline
        letters = [pipe.codec.decode(r.value) for r in read_to_end(pipe.bootstrap, pipe.topics.name("deadletter"), extra=pipe.extra) if r.value]
        return next((letter for letter in letters if letter.value == value), None)

    return await rig.until("a dead letter", lambda: asyncio.to_thread(look))


async def said(rig: Rig, *words: str) -> None:
    """A role's log has a line at level critical, error or warning with all of these words, since the test began."""

    async def look() -> bool:
        lines = [line for log in (rig.settings.run.state_dir / "logs").glob("*.log") for line in log.read_text(errors="replace").splitlines()]
        return any(all(word in line for word in words) and '"level": "' in line and '"level": "info"' not in line for line in lines)

    await rig.until(f"a message with {', '.join(words)}", look, 60)
