"""None"""

import asyncio
from decimal import Decimal

import grpc
import pytest

from accord.errors import Fatal, Transient
from accord.salesforce import bitmap, pubsub_faults
from accord.salesforce.events import compile_schema
from accord.salesforce.pubsub import EARLIEST, ReplayExpired, Undecodable, after
from tests.accord.salesforce.pubsub_kit import collect, take
from tests.ops.sandbox.salesforce_pubsub.kit import order_with_lines
from tests.ops.sandbox.salesforce_pubsub.stand import ACCOUNTS, CHANNEL, standing


def test_the_documented_bitmap():
    """Field 22 and part 0 of field 5: `['0x400000', '5-0x01']`."""
    assert list(bitmap.decode(["0x400000", "5-0x01"])) == [(22, None), (5, 0)]


@pytest.mark.parametrize("elements", [["5-0x0180"], ["0x", "5-0x0180"], ["0x00", "5-0x0180"], ["5-0x0180", "0x0"]])
def test_a_bitmap_without_top_level_changes(elements):
    """The geocoder's event has no `0x` element, an empty or a zero one: all three mean the same."""
    assert list(bitmap.decode(elements)) == [(5, 7), (5, 8)]


def test_a_bitmap_in_lower_case():
    """Case of the digits is not promised."""
    assert list(bitmap.decode(["0x2c"])) == list(bitmap.decode(["0x2C"])) == [(2, None), (3, None), (5, None)]


def test_every_code_of_the_table_has_a_consequence():
    """gRPC's status is not actionable; a code that isn't in the table is retried rather than taken for the end."""
    for code, answer in pubsub_faults.TABLE.items():
        metadata = grpc.aio.Metadata(("error-code", pubsub_faults.PREFIX + code))
        error = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, grpc.aio.Metadata(), metadata, details="said so")
        told = pubsub_faults.consequence(error, "test")
        expected = {"fatal": Fatal, "expired": ReplayExpired}.get(answer.verdict, Transient)
        assert (type(told), code in str(told)) == (expected, True)
    unknown = grpc.aio.Metadata(("error-code", pubsub_faults.PREFIX + "brand.new"))
    assert isinstance(pubsub_faults.consequence(grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, grpc.aio.Metadata(), unknown), "x"), Transient)


def test_values_come_out_as_rest_writes_them(tmp_path):
    """Flat address names, exact money, dates and names of people: one mapping serves events and rows."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            account = stand.org.create("Account", {"Name": "Acme", "BillingStreet": "1 Main St", "Accord_Credit_Limit__c": "191.94"})
            stand.org.create("Contact", {"FirstName": "Ann", "LastName": "Lee", "AccountId": account})
            order_with_lines(stand.org, 1)
            events, _ = await take(client, CHANNEL, EARLIEST, 4)
            first, contact = events[0], events[1]
            order = next(event for event in events if event.entity == "Order")
            assert (first.values["BillingStreet"], first.values["Accord_Credit_Limit__c"]) == ("1 Main St", Decimal("191.94"))
            assert (contact.values["FirstName"], contact.values["LastName"]) == ("Ann", "Lee")
            assert order.values["EffectiveDate"] == "2026-11-23"
            rest = stand.org.query(f"SELECT LastModifiedDate FROM Account WHERE Id = '{account}'")[0]["LastModifiedDate"]
            assert first.values["LastModifiedDate"] == rest
            assert (first.changed, first.change_type, first.record_ids) == ((), "CREATE", (account,))
            await client.close()

    asyncio.run(run())


def test_a_new_record_tells_what_it_was_left_empty_in(tmp_path):
    """A field that isn't told of is unknown for ever: an edit of it could not be told from what was always there. Compound fields part by part."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            account = stand.org.create("Account", {"Name": "Acme", "BillingCity": "Graz"})
            stand.org.create("Contact", {"LastName": "Lee", "AccountId": account})
            (event, contact), _ = await take(client, CHANNEL, EARLIEST, 2)
            empty = {name for name, value in event.values.items() if value is None}
            assert {"Phone", "Accord_Credit_Limit__c", "BillingStreet", "ShippingCity"} <= empty
            assert empty.isdisjoint({"Name", "BillingCity", "ChangeEventHeader", "BillingAddress"})
            assert (contact.values["FirstName"], contact.values["LastName"]) == (None, "Lee")
            await client.close()

    asyncio.run(run())


def test_an_update_holds_what_changed_and_nothing_else(tmp_path):
    """Null for an unchanged field is no news; null for a nulled one is."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            account = stand.org.create("Account", {"Name": "Acme", "Phone": "1", "BillingStreet": "1 Main St", "BillingCity": "Graz"})
            stand.org.update("Account", account, {"Phone": None, "BillingStreet": "2 Main St"})
            events, _ = await take(client, ACCOUNTS, EARLIEST, 2)
            assert set(events[1].changed) == {"Phone", "BillingStreet", "LastModifiedDate"}
            assert events[1].nulled == ("Phone",)
            assert {name: events[1].values[name] for name in ("Phone", "BillingStreet")} == {"Phone": None, "BillingStreet": "2 Main St"}
            assert "Name" not in events[1].values
            await client.close()

    asyncio.run(run())


def test_a_hidden_field_is_not_taken_for_cleared(tmp_path):
    """A permission taken away would otherwise wipe the field in the other system."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            account = stand.org.create("Account", {"Name": "Acme", "Phone": "1"})
            stand.org.update("Account", account, {"Phone": "2"})
            stand.fault("permission_removed", times=None, object="Account", field="Phone")
            events, _ = await take(client, ACCOUNTS, EARLIEST, 2)
            assert ("Phone" in events[1].values, events[1].hidden, events[1].nulled) == (False, ("Phone",), ())
            await client.close()

    asyncio.run(run())


def test_a_difference_is_no_value(tmp_path):
    """A patch of a long text must never be written as the text."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            text = "\n".join(f"line {number} of a long description of this account" for number in range(40))
            account = stand.org.create("Account", {"Name": "A", "Description": text})
            stand.org.update("Account", account, {"Description": text.replace("line 7 ", "line seven ")})
            events, _ = await take(client, ACCOUNTS, EARLIEST, 2)
            assert (events[1].diffed, "Description" in events[1].values) == (("Description",), False)
            assert "Description" in events[1].changed
            assert events[1].hidden == ()
            await client.close()

    asyncio.run(run())


def test_each_event_is_read_with_its_own_schema(tmp_path):
    """A field added while the stream runs shifts every later position: a schema cached by topic names the wrong fields."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            account = stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            await anext(stream)
            stand.fault("schema_change")
            stand.org.update("Account", account, {"Accord_Credit_Limit__c": "5.10"})
            (event,) = (await anext(stream)).events
            assert set(event.changed) == {"Accord_Credit_Limit__c", "LastModifiedDate"}
            assert event.values["Accord_Credit_Limit__c"] == Decimal("5.1")
            await stream.aclose()
            await client.close()

    asyncio.run(run())


def test_an_event_that_does_not_fit_its_schema_is_told_and_not_lost(tmp_path):
    """What can't be decoded comes out as such, with its replay id, and the stream goes on."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stand.org.create("Account", {"Name": "B"})
            client._shapes[stand.bus.schema("Account").id] = compile_schema(stand.bus.schema("Contact").text)
            events, _ = await take(client, ACCOUNTS, EARLIEST, 2)
            assert [type(event) for event in events] == [Undecodable, Undecodable]
            assert events[0].replay_id != events[1].replay_id
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("fault", ["service_unavailable", "rst"])
def test_resuming_after_a_break_in_the_middle_of_a_batch_loses_nothing(tmp_path, fault):
    """Subscribing again after the last replay id that arrived gives the other half, and nothing twice."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            for number in range(40):
                stand.org.create("Account", {"Name": str(number)})
            stand.fault(fault)
            found = []
            with pytest.raises(Transient):
                await collect(client.subscribe(ACCOUNTS, EARLIEST), found)
            names = [event.values["Name"] for batch in found for event in batch.events]
            start = after(found[-1].latest_replay_id)
            assert 0 < len(names) < 40
            rest, _ = await take(client, ACCOUNTS, start, 40 - len(names))
            assert names + [event.values["Name"] for event in rest] == [str(number) for number in range(40)]
            await client.close()

    asyncio.run(run())
