import asyncio
from decimal import Decimal

import grpc
import pytest

from accord.errors import Fatal, Transient
from accord.salesforce import bitmap, pubsub_faults
from accord.salesforce.events import compile_schema
from accord.salesforce.pubsub import EARLIEST, LATEST, ReplayExpired, Undecodable, after
from ops.sandbox.salesforce.subscription import Timing
from tests.ops.sandbox.salesforce_pubsub.stand import ACCOUNTS, CHANNEL, standing, types_of, until
from tests.ops.sandbox.salesforce_pubsub.test_server import order_with_lines


async def take(client, topic, start, count):
    """The first events, and the replay id behind the last batch."""
    found = []
    stream = client.subscribe(topic, start)
    try:
        async for batch in stream:
            found += batch.events
            if len(found) >= count:
                return found, batch.latest_replay_id
    finally:
        await stream.aclose()
    raise AssertionError("a subscription never ends by itself")


async def collect(stream, found):
    async for batch in stream:
        found.append(batch)


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
    assert isinstance(
        pubsub_faults.consequence(grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, grpc.aio.Metadata(), unknown), "x"), Transient
    )


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


def test_more_is_asked_for_before_a_batch_is_handed_out(tmp_path):
    """A consumer that works slowly on a batch finds the next ones waiting: 250 events come without a stall at 100."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            for number in range(250):
                stand.org.create("Account", {"Name": str(number)})
            events, _ = await take(client, ACCOUNTS, EARLIEST, 250)
            assert [event.values["Name"] for event in events] == [str(number) for number in range(250)]
            await client.close()

    asyncio.run(run())


class HandClock:
    """A clock that moves when told; sleepers wake when their time has come."""

    def __init__(self):
        self.time, self._sleepers = 0.0, []

    def monotonic(self):
        return self.time

    def now(self):
        raise AssertionError("the client needs no date")

    async def sleep(self, seconds):
        done = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + seconds, done))
        await done

    def advance(self, seconds):
        self.time += seconds
        for moment, done in self._sleepers:
            if moment <= self.time and not done.done():
                done.set_result(None)


def test_a_stream_that_is_alive_but_silent_is_given_up(tmp_path):
    """Streams stall without an error: with nothing for the promised time, not even a keepalive, we subscribe again."""

    async def run():
        async with standing(tmp_path) as stand:
            clock = HandClock()
            client = stand.client(clock=clock, silence_s=290.0)
            stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            await anext(stream)
            stand.fault("silent_stream")
            stand.org.create("Account", {"Name": "B"})
            waiting = asyncio.ensure_future(anext(stream))
            await until(lambda: not stand.org.faults.active())
            clock.advance(291)
            with pytest.raises(Transient) as caught:
                await waiting
            assert caught.value.code == "silent_stream"
            await client.close()

    asyncio.run(run())


def test_keepalives_hold_the_watchdog_off_and_move_the_replay_id(tmp_path):
    """A quiet topic is no dead one, and its position must not age out."""

    async def run():
        async with standing(tmp_path, timing=Timing(tick_s=0.02, keepalive_s=60.0)) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            first = await anext(stream)
            stand.org.clock.advance(61)
            quiet = await anext(stream)
            assert (quiet.events, quiet.latest_replay_id > first.latest_replay_id) == ((), True)
            await stream.aclose()
            await client.close()

    asyncio.run(run())


def test_an_expired_token_is_renewed(tmp_path):
    """The stream ends as Transient and the next subscription brings a new token; a schema fetch renews at once."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stand.org.end_session()
            with pytest.raises(Transient) as caught:
                await take(client, ACCOUNTS, EARLIEST, 1)
            assert (caught.value.code, stand.tokens.renewed) == ("service.auth.error", 0)
            stand.fault("auth_error", match={"rpc": "GetSchema"})
            events, _ = await take(client, ACCOUNTS, EARLIEST, 1)
            assert (types_of(events), stand.tokens.renewed) == (["CREATE"], 2)
            await client.close()

    asyncio.run(run())


def test_a_lost_replay_id_is_its_own_error(tmp_path):
    """Retrying the same id would loop for ever; starting at LATEST would lose three days."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            _, position = await take(client, ACCOUNTS, EARLIEST, 1)
            stand.org.clock.advance(73 * 3600)
            stand.tokens.renew(None)
            with pytest.raises(ReplayExpired):
                await take(client, ACCOUNTS, after(position), 1)
            await client.close()

    asyncio.run(run())


def test_a_missing_channel_is_fatal_and_says_what_to_do(tmp_path):
    """An org without our metadata must be told so, not retried for ever."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            with pytest.raises(Fatal, match="deploy ops/salesforce"):
                await take(client, "/data/Nothing__chn", LATEST, 1)
            await client.close()

    asyncio.run(run())


def test_a_server_that_goes_away_is_transient(tmp_path):
    """A closed port or a stopped server is retried."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            await anext(stream)
        with pytest.raises(Transient):
            await anext(stream)
        with pytest.raises(Transient):
            await take(client, ACCOUNTS, EARLIEST, 1)
        await client.close()

    asyncio.run(run())
