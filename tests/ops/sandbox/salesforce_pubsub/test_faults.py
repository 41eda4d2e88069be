import asyncio
import contextlib

import grpc
import pytest

from accord.salesforce.proto import pubsub_api_pb2 as pb
from ops.sandbox.salesforce.subscription import Timing
from tests.ops.sandbox.salesforce_pubsub.kit import header
from tests.ops.sandbox.salesforce_pubsub.stand import ACCOUNTS, ended, read, read_events, request, standing

STATUS = grpc.StatusCode


async def heads(stand, count, topic=ACCOUNTS):
    """(changeType, recordIds, Name) of the first events of a topic."""
    call = stand.call()
    await call.write(request(topic, pb.EARLIEST))
    found = []
    for event in await read_events(call, count):
        head, body, _ = await header(stand, event)
        found.append((head["changeType"], head["recordIds"], body["Name"]))
    return found


def test_gap(tmp_path):
    """The next event of the object becomes a gap without a body, and stays one in a replay."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.fault("gap", match={"object": "Account", "change": "CREATE"})
            ids = [stand.org.create("Account", {"Name": name}) for name in ("A", "B")]
            expected = [("GAP_CREATE", [ids[0]], None), ("CREATE", [ids[1]], "B")]
            assert await heads(stand, 2) == expected
            assert await heads(stand, 2) == expected

    asyncio.run(run())


def test_overflow(tmp_path):
    """What a transaction has too much is one GAP_OVERFLOW of each object, without ids."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.fault("overflow", after=1)
            org = stand.org
            with org.transaction(org.caller()) as tx:
                for name in ("A", "B", "C"):
                    org.saver.create(tx, org.objects["Account"], {"Name": name})
            found = await heads(stand, 2)
            assert [(change, name) for change, _, name in found] == [("CREATE", "A"), ("GAP_OVERFLOW", None)]
            assert found[1][1] == []

    asyncio.run(run())


def test_schema_change(tmp_path):
    """From one event on positions are shifted and the schema id is another; events before keep theirs."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.org.create("Account", {"Name": "A"})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            (first,) = await read_events(call, 1)
            stand.fault("schema_change", match={"object": "Account"})
            stand.org.create("Account", {"Name": "B"})
            (second,) = await read_events(call, 1)
            assert first.event.schema_id != second.event.schema_id
            (_, before, _), (_, after, _) = await header(stand, first), await header(stand, second)
            assert (before["Name"], after["Name"], "Drift_1__c" in before, "Drift_1__c" in after) == ("A", "B", False, True)

    asyncio.run(run())


@pytest.mark.parametrize("name", ["replay_expired", "replay_corrupt"])
def test_a_replay_id_is_refused(tmp_path, name):
    """Expired and corrupt are one code: the answer can't tell them apart."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.org.create("Account", {"Name": "A"})
            stand.fault(name)
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            (event,) = await read_events(call, 1)
            for expected in ((STATUS.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted"), None):
                resumed = stand.call()
                await resumed.write(request(ACCOUNTS, pb.CUSTOM, event.replay_id))
                if expected:
                    assert await ended(resumed) == expected
                else:
                    stand.org.create("Account", {"Name": "B"})
                    assert len(await read_events(resumed, 1)) == 1

    asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "expected"),
    [("service_unavailable", (STATUS.INTERNAL, "service.unavailable")), ("rst", (STATUS.UNAVAILABLE, ""))],
)
def test_a_stream_breaks_in_the_middle_of_a_batch(tmp_path, name, expected):
    """Half a batch arrives: a consumer that had stored the whole batch's id would lose the other half."""

    async def run():
        async with standing(tmp_path) as stand:
            for number in range(10):
                stand.org.create("Account", {"Name": str(number)})
            stand.fault(name)
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            half = await read(call)
            assert len(half.events) == 5
            assert half.latest_replay_id == half.events[-1].replay_id
            assert await ended(call) == expected

    asyncio.run(run())


def test_duplicate_delivery(tmp_path):
    """At least once: the same event, id and all, comes twice."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.fault("duplicate_delivery")
            stand.org.create("Account", {"Name": "A"})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            first, second = await read_events(call, 2)
            assert first == second

    asyncio.run(run())


def test_silent_stream_and_keepalive_off(tmp_path):
    """The stream stays open and nothing comes, neither events nor keepalives; a left-out keepalive is only late."""

    async def run():
        async with standing(tmp_path, timing=Timing(keepalive_s=30.0, tick_s=0.02)) as stand:
            stand.org.create("Account", {"Name": "A"})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            await read_events(call, 1)
            stand.fault("keepalive_off")
            stand.org.clock.advance(31)
            while stand.org.faults.active():
                await asyncio.sleep(0.01)
            stand.org.clock.advance(31)
            assert not (await read(call)).events
            stand.fault("silent_stream")
            stand.org.create("Account", {"Name": "B"})
            pending = asyncio.ensure_future(call.read())
            while stand.org.faults.active():
                await asyncio.sleep(0.01)
            stand.org.clock.advance(3600)
            done, _ = await asyncio.wait({pending}, timeout=0.3)
            assert not done
            pending.cancel()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "params", "expected"),
    [
        ("delivery_limit", {}, (STATUS.RESOURCE_EXHAUSTED, "subscription.limit.exceeded")),
        ("stream_error", {"code": "subscription.fetch.replay.repeated"}, (STATUS.INTERNAL, "subscription.fetch.replay.repeated")),
        ("auth_error", {}, (STATUS.UNAUTHENTICATED, "service.auth.error")),
        ("rpc_error", {"code": "concurrent.client.limit.exceeded"}, (STATUS.INTERNAL, "concurrent.client.limit.exceeded")),
    ],
)
def test_errors_by_code(tmp_path, fault, params, expected):
    """Any code of the vendor's table can be had on request."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.org.create("Account", {"Name": "A"})
            stand.fault(fault, **params)
            call = stand.call()
            with contextlib.suppress(grpc.aio.AioRpcError):  # a call that is refused at once may have ended before the request is written
                await call.write(request(ACCOUNTS, pb.EARLIEST))
            assert await ended(call) == expected

    asyncio.run(run())


def test_a_permission_taken_away_hides_the_value_and_not_the_bit(tmp_path):
    """The field is null in every event although the bitmap names it: that null is no fact."""

    async def run():
        async with standing(tmp_path) as stand:
            account = stand.org.create("Account", {"Name": "A", "Phone": "1"})
            stand.org.update("Account", account, {"Phone": "2"})
            stand.fault("permission_removed", times=None, object="Account", field="Phone")
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            _, updated = await read_events(call, 2)
            head, body, schema = await header(stand, updated)
            phone = [field["name"] for field in schema["fields"]].index("Phone")
            assert (int(head["changedFields"][0], 16) >> phone & 1, body["Phone"], head["nulledFields"]) == (1, None, [])

    asyncio.run(run())


def test_long_texts_travel_as_differences(tmp_path):
    """A consumer that took the difference for the value would write a patch into a description."""

    async def run():
        async with standing(tmp_path) as stand:
            text = "\n".join(f"line {number} of a long description of this account" for number in range(40))
            account = stand.org.create("Account", {"Name": "A", "Description": text})
            stand.org.update("Account", account, {"Description": text.replace("line 7 ", "line seven ")})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            _, updated = await read_events(call, 2)
            head, body, schema = await header(stand, updated)
            place = [field["name"] for field in schema["fields"]].index("Description")
            assert [int(bits, 16) for bits in head["diffFields"]] == [1 << place]
            assert body["Description"].startswith("--- \n+++ ")

    asyncio.run(run())
