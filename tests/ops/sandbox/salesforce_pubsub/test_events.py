"""What the bus makes of changes: enrichment, entities, counts, and what a restart keeps."""

import asyncio

import pytest

from accord.salesforce.proto import pubsub_api_pb2 as pb
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.subscription import Timing
from tests.ops.sandbox.salesforce_pubsub.kit import header, order_with_lines
from tests.ops.sandbox.salesforce_pubsub.stand import ACCOUNTS, CHANNEL, ended, read, read_events, request, standing


def test_enrichment_splits_merged_events_under_one_replay_id(tmp_path):
    """Committing the shared id after the first part and crashing would lose the other lines."""

    async def run():
        async with standing(tmp_path) as stand:
            org = stand.org
            order, lines = order_with_lines(org, 3)
            call = stand.call()
            await call.write(request(CHANNEL, pb.EARLIEST))
            with org.transaction(org.caller()) as tx:
                for line in lines:
                    org.saver.update(tx, org.objects["OrderItem"], line, {"Description": "same"})
            found = []
            while len(found) < 3:
                for event in (await read(call)).events:
                    head, body, _ = await header(stand, event)
                    if head["entityName"] == "OrderItem" and head["changeType"] == "UPDATE":
                        found.append((event.replay_id, head["recordIds"], body["OrderId"], body["Description"]))
            assert len({replay_id for replay_id, *_ in found}) == 1
            assert [(ids, parent, text) for _, ids, parent, text in found] == [([line], order, "same") for line in lines]
            plain = stand.call()
            await plain.write(request("/data/OrderItemChangeEvent", pb.EARLIEST))
            heads = [(await header(stand, event))[0] for event in await read_events(plain, 2)]
            assert heads[-1]["recordIds"] == lines

    asyncio.run(run())


def test_five_entities_and_no_more():
    """An org without the add-on may select five objects; a sixth is refused, not ignored."""
    from random import Random

    from ops.sandbox.clock import SandboxClock
    from ops.sandbox.faults import Switchboard
    from ops.sandbox.salesforce.org import Org

    six = ("Account", "Contact", "Order", "OrderItem", "Quote", "Case")
    with pytest.raises(ValueError, match="may select 5"):
        Org(None, clock=SandboxClock(), faults=Switchboard(Random(1)), settings=Settings(cdc_entities=six))


def test_an_event_leaves_within_milliseconds(tmp_path):
    """The stream wakes on the commit, not on a timer: with a tick of ten seconds an event still comes at once."""

    async def run():
        async with standing(tmp_path, timing=Timing(tick_s=10.0)) as stand:
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            stand.org.create("Account", {"Name": "first"})
            await read(call)
            loop = asyncio.get_running_loop()
            began = loop.time()
            stand.org.create("Account", {"Name": "second"})
            await read(call)
            assert loop.time() - began < 1.0

    asyncio.run(run())


def test_the_days_deliveries_are_counted(tmp_path):
    """The allocation is shared by all subscribers: two consumers of one event use two."""

    async def run():
        async with standing(tmp_path, daily_deliveries=3) as stand:
            stand.org.create("Account", {"Name": "1"})
            stand.org.create("Account", {"Name": "2"})
            first, second = stand.call(), stand.call()
            await first.write(request(ACCOUNTS, pb.EARLIEST))
            await read_events(first, 2)
            await second.write(request(ACCOUNTS, pb.EARLIEST))
            assert (await ended(second))[1] == "subscription.limit.exceeded"
            stand.org.clock.advance(25 * 3600)
            again = stand.call()
            stand.tokens.renew(None)
            again = stand.call()
            await again.write(request(ACCOUNTS, pb.EARLIEST))
            assert len(await read_events(again, 2)) == 2

    asyncio.run(run())


def test_a_restart_keeps_replay_ids_and_schema_ids(tmp_path):
    """A position stored before the sandbox was restarted resumes behind the same event, and old schema ids can still be read."""

    async def run():
        async with standing(tmp_path, directory=tmp_path) as stand:
            stand.org.create("Account", {"Name": "before"})
            call = stand.call()
            await call.write(request(CHANNEL, pb.EARLIEST))
            (event,) = await read_events(call, 1)
            stand.org.create("Account", {"Name": "unseen"})
        async with standing(tmp_path, directory=tmp_path) as stand:
            info = await stand.stub.GetSchema(pb.SchemaRequest(schema_id=event.event.schema_id), metadata=stand.metadata())
            assert info.schema_id == event.event.schema_id
            call = stand.call()
            await call.write(request(CHANNEL, pb.CUSTOM, event.replay_id))
            (following,) = await read_events(call, 1)
            assert (await header(stand, following))[1]["Name"] == "unseen"

    asyncio.run(run())
